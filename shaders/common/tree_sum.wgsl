// The sum of one value an invocation over a workgroup of ${LANES}, as a binary tree: an order fixed
// by LANES alone. All invocations call it, and all get the sum.

var<workgroup> tree: array<f32, ${LANES}>;

fn tree_sum(value: f32, lane: u32) -> f32 {
  tree[lane] = value;
  for (var half = ${LANES}u / 2; half > 0; half /= 2) {
    workgroupBarrier();
    if lane < half {
      tree[lane] += tree[lane + half];
    }
  }
  workgroupBarrier();
  return tree[0];
}
