import source from "../../shaders/gram_schmidt.wgsl" with { type: "text" };
import type { Plan } from "../gpu/plan.ts";
import type { Vector, VectorLayout } from "../gpu/vector.ts";
import { lanes, treeSumSource } from "./tree_sum.ts";

/** Iterations of one dispatch, some below `MAX_ITERATIONS`: more columns take more dispatches. */
const MOST = 60_000;

/** What to make orthonormal; see {@linkcode gramSchmidt}. */
export interface GramSchmidt {
  /** Matrices [rows, columns], one after another. */
  x: Vector;
  /** Of the same layout, in a buffer of its own. */
  out: Vector;
  /** What is taken for a matrix of zeros: one vector of that layout for all replicas. */
  instead?: GPUBuffer;
}

/**
 * Records out = the columns of each matrix of x, made orthonormal in order by modified Gram-Schmidt,
 * twice: once loses orthogonality where columns are nearly parallel. A column that lies in the span
 * of those before it, to 1e-6 of its length, becomes zero.
 *
 * Columns of any length will do, also such whose squares are no float32.
 */
export function gramSchmidt(plan: Plan, { x, out, instead }: GramSchmidt): void {
  const { tensors, length } = x.layout;
  const kernel = plan.gpu.kernel("gram_schmidt", [treeSumSource, source], {
    LANES: lanes,
    TENSORS: tensors.length,
    INSTEAD: instead !== undefined,
  });
  const places = tensors.map((
    { offset, rows, columns, stride },
  ) => [offset, rows, columns, stride]);
  const most = Math.max(...tensors.map(({ columns }) => columns));
  for (let first = 0, end = 0; first < most; first = end) {
    let iterations = before(x.layout, instead !== undefined);
    do iterations += ofColumn(x.layout, end++); while (
      end < most && iterations + ofColumn(x.layout, end) <= MOST
    );
    plan.dispatch(kernel, {
      gram_schmidt: { length, first, end, places },
      x: x.buffer,
      out: out.buffer,
      ...instead && { instead },
    }, { groups: [tensors.length, 1, x.replicas], iterations });
  }
}

/** Iterations of a sum or a largest value over a workgroup. */
const TREE = Math.log2(lanes) + 1;

/** Iterations before the first column. */
function before({ tensors }: VectorLayout, looks: boolean): number {
  if (!looks) return 0;
  return TREE +
    Math.max(...tensors.map(({ rows, stride }) => Math.ceil(rows * stride / lanes) + 1));
}

/** Iterations for column `j` of the tallest matrix, with one for the loop over the columns. */
function ofColumn({ tensors }: VectorLayout, j: number): number {
  const walk = Math.ceil(Math.max(...tensors.map(({ rows }) => rows)) / lanes) + 1;
  return 4 * walk + 3 * TREE + 2 + 2 * j * (2 * walk + TREE + 2);
}
