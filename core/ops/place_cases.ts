import source from "../../shaders/place_cases.wgsl" with { type: "text" };
import type { Plan } from "../gpu/plan.ts";
import { stepSource } from "./texts.ts";

/**
 * Records list[r][p + i] = values[r][i] for the position p of the step in force, or its slot, where
 * the list has such a place: the figures of a minibatch into those of all cases.
 */
export function placeCases(
  plan: Plan,
  { values, list, by = "position" }: {
    values: GPUBuffer;
    list: GPUBuffer;
    by?: "position" | "slot";
  },
  { batch, cases, replicas }: { batch: number; cases: number; replicas: number },
): void {
  const workgroup = 64;
  const kernel = plan.gpu.kernel("place_cases", [stepSource, source], {
    WORKGROUP: workgroup,
    SLOT: by === "slot",
  });
  plan.dispatch(kernel, { shape: { batch, cases }, values, list }, {
    groups: [Math.ceil(batch / workgroup), 1, replicas],
    iterations: 0,
  });
}
