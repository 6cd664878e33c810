import { assertEquals, assertNotEquals } from "@std/assert";
import { lanes, treeSumSource } from "../../core/ops/tree_sum.ts";
import { draw, gpuTest } from "../gpu/fixture.ts";

/** The sum of each row of `lanes` values, as every lane gets it. */
const kernelSource = `
  @group(0) @binding(0) var<storage, read> values: array<f32>;
  @group(0) @binding(1) var<storage, read_write> sums: array<f32>;
  @compute @workgroup_size(\${LANES})
  fn main(
    @builtin(global_invocation_id) id: vec3u,
    @builtin(local_invocation_index) lane: u32,
  ) {
    sums[id.x] = tree_sum(values[id.x], lane);
  }`;

/** The binary tree that shaders/common/tree_sum.wgsl describes, rounded at every node. */
function treeSum(values: Float32Array): number {
  if (values.length === 1) return values[0];
  const half = values.length / 2;
  return treeSum(values.slice(0, half).map((value, i) => value + values[half + i]));
}

gpuTest(
  "tree_sum() adds a workgroup's values in its fixed order, for every lane",
  async (bench) => {
    const rows = 5;
    const values = draw(rows * lanes, 1);
    const sums = bench.buffer(new Float32Array(values.length));
    const kernel = bench.gpu.kernel("sum", [treeSumSource, kernelSource], { LANES: lanes });
    bench.run((plan) =>
      plan.dispatch(kernel, { values: bench.buffer(values), sums }, {
        groups: [rows, 1, 1],
        iterations: 8,
      })
    );
    const sumsBy = (add: (row: Float32Array) => number) =>
      values.map((_, i) => add(values.subarray(i - i % lanes, i - i % lanes + lanes)));
    const wanted = sumsBy(treeSum);
    assertEquals(await bench.floats(sums), wanted);
    // Another order has other bits, so that this test can tell.
    assertNotEquals(wanted, sumsBy((row) => row.reduce((a, b) => Math.fround(a + b))));
  },
);
