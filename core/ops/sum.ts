import source from "../../shaders/sum.wgsl" with { type: "text" };
import { padded, rowsOf, type Tensor } from "../gpu/tensor.ts";
import type { Plan } from "../gpu/plan.ts";
import { spread } from "./axpy.ts";
import {
  checkEpilogue,
  type Epilogue,
  epilogueBindings,
  epilogueConstants,
  epilogueSources,
  epilogueValue,
  place,
  shapeText,
} from "./epilogue.ts";

/** The sum to record; see {@linkcode sum}. */
export interface Sum extends Epilogue {
  /** [R, M, N], in a buffer other than `out`. Left out, what is in `out` is taken by `adds`. */
  a?: Tensor;
  /** [R, M, N]. */
  out: Tensor;
}

/**
 * Records out = then(a + times plus), or the same with the former out added: a product's words
 * without the product. A residual is { a: x, plus: y, out }, an activation { a, then: { activate } }.
 */
export function sum(plan: Plan, job: Sum): void {
  const { a, out, adds } = job;
  checkEpilogue(job, out);
  if (a ? rowsOf(a) !== rowsOf(out) || a.columns !== out.columns : !adds) {
    throw new RangeError(`${a ? shapeText(a) : "nothing"} does not sum to ${shapeText(out)}`);
  }
  const [activation, epilogue] = epilogueSources;
  const workgroup = plan.gpu.isSoftware ? 8 : 64;
  const kernel = plan.gpu.kernel("sum", [activation, epilogue, source], {
    WORKGROUP: workgroup,
    OPERAND: a !== undefined,
    ...epilogueConstants(job),
  });
  const [rows, columns] = [padded(rowsOf(out)), out.stride / 4];
  plan.dispatch(kernel, {
    job: { rows, columns, a: place(a), epilogue: epilogueValue(job, out) },
    out: out.buffer,
    ...(a && { a: a.buffer }),
    ...epilogueBindings(job),
  }, {
    groups: spread(plan.gpu, Math.ceil(rows * columns / workgroup), out.replicas),
    iterations: 0,
  });
}
