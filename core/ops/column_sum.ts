import source from "../../shaders/column_sum.wgsl" with { type: "text" };
import { padded, rowsOf, type Tensor } from "../gpu/tensor.ts";
import type { Plan } from "../gpu/plan.ts";

/** Records out[r][j] = sum over i of a[r][i][j], i in order: a [R, M, N], out [R, 1, N]. */
export function columnSum(plan: Plan, a: Tensor, out: Tensor): void {
  if (a.columns !== out.columns || out.rows !== 1) {
    throw new RangeError(`${a.columns} columns do not sum to [${out.rows}, ${out.columns}]`);
  }
  const workgroup = plan.gpu.isSoftware ? 8 : 64;
  const kernel = plan.gpu.kernel("column_sum", [source], {
    WORKGROUP: workgroup,
  });
  const columns = a.stride / 4;
  const place = ({ offset, stride, replicaStride }: Tensor) =>
    [offset, stride, replicaStride, 0].map((floats) => floats / 4);
  plan.dispatch(kernel, {
    shape: { rows: padded(rowsOf(a)), columns, a: place(a), out: place(out) },
    a: a.buffer,
    out: out.buffer,
  }, {
    groups: [Math.ceil(columns / workgroup), 1, a.replicas],
    iterations: padded(rowsOf(a)) / 8,
  });
}
