import curvatureSource from "../../shaders/unit_curvature.wgsl" with { type: "text" };
import source from "../../shaders/unit_loss.wgsl" with { type: "text" };
import { InputError } from "../errors.ts";
import { padded, type Tensor } from "../gpu/tensor.ts";
import type { Plan } from "../gpu/plan.ts";
import { activationConstants, activationSource } from "./activation.ts";
import { spread } from "./axpy.ts";
import {
  checkRows,
  lossInputsSource,
  type LossOut,
  type LossRows,
  type OutputRows,
  rowsBindings,
  rowsShape,
} from "./loss_rows.ts";
import { placed } from "./defect.ts";
import { lanes, treeSumSource } from "./tree_sum.ts";

/** WGSL of a loss that is a sum over units; see {@linkcode unitLoss}. */
export interface UnitLoss {
  /** What profiles and messages call it. */
  readonly name: string;
  /** What a unit adds to the loss of its case, from z, y = f(z) and wanted: a vec4f. */
  readonly value: string;
  /** Its derivative by z, from the same. */
  readonly slope: string;
  /** Its second derivative by z times `tangent`, or what stands for it: from z, y and tangent. */
  readonly curvature?: string;
}

/**
 * Records caseLoss[r][i] = the sum over units of `value`, and delta = slope / B, the derivative by z
 * of the loss averaged over cases; both times the weights of the cases.
 */
export function unitLoss(plan: Plan, loss: UnitLoss, rows: LossRows, out: LossOut): void {
  const { z, unit, targets, weights } = rows;
  const { caseLoss, delta } = out;
  checkRows(rows, [targets, delta]);
  checkRows(rows, [weights], [1]);
  const kernel = plan.gpu.kernel(
    loss.name,
    [activationSource, treeSumSource, lossInputsSource, source],
    {
      ...activationConstants(unit),
      LANES: lanes,
      DELTA: delta !== undefined,
      WEIGHTS: weights !== undefined,
      VALUE: loss.value,
      SLOPE: loss.slope,
    },
    async (defect) => {
      const isSlope = defect.line > lineOf(defect.text, "fn nagare_slope");
      const [text, called] = isSlope ? [loss.slope, "slope"] : [loss.value, "value"];
      return new InputError(`${loss.name}: ${await placed(plan.gpu.device, defect, text, called)}`);
    },
  );
  plan.dispatch(kernel, {
    nagare_shape: rowsShape(rows),
    ...rowsBindings(rows),
    target_values: targets.buffer,
    case_loss: caseLoss,
    ...(delta && { delta: delta.buffer }),
  }, { groups: [padded(z.rows), 1, z.replicas], iterations: Math.ceil(z.stride / 4 / lanes) + 8 });
}

/** Records out = curvature / B for a tangent of z, times the weights of the cases. */
export function unitCurvature(
  plan: Plan,
  { name, curvature = "" }: UnitLoss,
  { tangent, ...rows }: OutputRows & { tangent: Tensor },
  out: Tensor,
): void {
  const { z, unit, weights } = rows;
  checkRows(rows, [tangent, out]);
  checkRows(rows, [weights], [1]);
  const workgroup = plan.gpu.isSoftware ? 8 : 64;
  const kernel = plan.gpu.kernel(
    `${name} curvature`,
    [activationSource, curvatureSource],
    {
      ...activationConstants(unit),
      WORKGROUP: workgroup,
      WEIGHTS: weights !== undefined,
      CURVATURE: curvature,
    },
    async (defect) =>
      new InputError(
        `${name}: ${await placed(plan.gpu.device, defect, curvature, "curvature")}`,
      ),
  );
  plan.dispatch(kernel, {
    nagare_shape: rowsShape(rows),
    ...rowsBindings(rows),
    tangents: tangent.buffer,
    out: out.buffer,
  }, {
    groups: spread(plan.gpu, Math.ceil(padded(z.rows) * z.stride / 4 / workgroup), z.replicas),
    iterations: 0,
  });
}

/** The line of a text, from 1 on, on which words stand first. */
function lineOf(text: string, words: string): number {
  return text.slice(0, text.indexOf(words)).split("\n").length;
}
