import source from "../../shaders/error_rate.wgsl" with { type: "text" };
import type { Plan } from "../gpu/plan.ts";
import { checkRows, lossInputsSource, type LossRows, rowsShape } from "./loss_rows.ts";
import { finiteSource } from "./texts.ts";

/**
 * Records wrong[r][i] = 1 where the largest output of a case is that of another class than the one
 * wanted, else 0. The targets are the numbers of the classes [R, B, 1], or probabilities [R, B, N];
 * one unit tells class 1 from class 0 by the sign of z.
 */
export function errorRate(plan: Plan, rows: LossRows, wrong: GPUBuffer): void {
  const { z, targets } = rows;
  checkRows(rows, [targets], [1, z.columns]);
  const workgroup = plan.gpu.isSoftware ? 8 : 64;
  const labels = targets.columns === 1 && z.columns > 1;
  const kernel = plan.gpu.kernel("error_rate", [finiteSource, lossInputsSource, source], {
    WORKGROUP: workgroup,
    LABELS: labels,
    PROBABILITIES: !labels,
  });
  plan.dispatch(kernel, {
    shape: rowsShape(rows),
    z: z.buffer,
    target_values: targets.buffer,
    wrong,
  }, { groups: [Math.ceil(z.rows / workgroup), 1, z.replicas], iterations: z.columns });
}
