import { assertEquals, assertLessOrEqual, assertRejects, assertThrows } from "@std/assert";
import { GPUFault, InputError } from "../../core/errors.ts";
import { MIRROR_ROW } from "../../core/gpu/memory.ts";
import { MAX_ITERATIONS, Plan } from "../../core/gpu/plan.ts";
import { type Bench, gpuTest } from "./fixture.ts";

const single = { groups: [1, 1, 1], iterations: 0 } as const;

/** to[i] = from[i] + 1. */
const successor = `
  @group(0) @binding(0) var<storage, read> from_values: array<u32>;
  @group(0) @binding(1) var<storage, read_write> to_values: array<u32>;
  @compute @workgroup_size(4)
  fn main(@builtin(global_invocation_id) id: vec3u) { to_values[id.x] = from_values[id.x] + 1; }`;

gpuTest("Plan.dispatch() refuses bindings that the shader does not declare", (bench) => {
  const { gpu } = bench;
  const kernel = gpu.kernel("successor", [successor]);
  const plan = new Plan(gpu);
  const buffer = bench.buffer(new Uint32Array(4));
  const declared = "successor binds from_values, to_values; it was given ";
  for (
    const [given, bindings] of [
      ["from_values", { from_values: buffer }],
      ["from_values, to_value", { from_values: buffer, to_value: buffer }],
      ["a, from_values, to_values", { a: buffer, from_values: buffer, to_values: buffer }],
    ] as const
  ) assertThrows(() => plan.dispatch(kernel, bindings, single), Error, declared + given);
  assertEquals(plan.length, 0);
});

gpuTest("Plan.dispatch() refuses more workgroups than the adapter allows", (bench) => {
  const { gpu } = bench;
  const kernel = gpu.kernel("successor", [successor]);
  const buffer = bench.buffer(new Uint32Array(4));
  const bindings = { from_values: buffer, to_values: buffer };
  const most = gpu.device.limits.maxComputeWorkgroupsPerDimension;
  for (const groups of [[most + 1, 1, 1], [1, most + 1, 1], [1, 1, most + 1]] as const) {
    assertThrows(
      () => new Plan(gpu).dispatch(kernel, bindings, { groups, iterations: 0 }),
      InputError,
      `${groups.join(" x ")} workgroups; this adapter allows ${most}`,
    );
  }
  new Plan(gpu).dispatch(kernel, bindings, { groups: [most, 1, 1], iterations: 0 });
});

gpuTest("Plan.dispatch() refuses loops past what every adapter runs to the end", (bench) => {
  const { gpu } = bench;
  const kernel = gpu.kernel("successor", [successor]);
  const buffer = bench.buffer(new Uint32Array(4));
  const bindings = { from_values: buffer, to_values: buffer };
  const groups = [1, 1, 1] as const;
  new Plan(gpu).dispatch(kernel, bindings, { groups, iterations: 65_535 });
  assertThrows(
    () => new Plan(gpu).dispatch(kernel, bindings, { groups, iterations: 65_536 }),
    InputError,
    "successor would loop 65536 times in one invocation, of at most 65535",
  );
});

/** How often the body of a loop ran, within an outer loop, of outer x inner times. */
async function bodiesRun(bench: Bench, outer: number, inner: number): Promise<number> {
  const kernel = bench.gpu.kernel("count", [`
    @group(0) @binding(0) var<uniform> times: vec4u;
    @group(0) @binding(1) var<storage, read_write> out: array<u32>;
    @compute @workgroup_size(1)
    fn main() {
      var count = 0u;
      for (var i = 0u; i < times.x; i++) {
        for (var j = 0u; j < times.y; j++) {
          count += 1 + out[1 + (i ^ j) % 2]; // adds zero, which no compiler knows
        }
      }
      out[0] = count;
    }`]);
  const out = bench.buffer(new Uint32Array(4));
  const times = [outer, inner, 0, 0];
  bench.run((plan) => plan.dispatch(kernel, { times, out }, single));
  return (await bench.integers(out))[0];
}

gpuTest("MAX_ITERATIONS holds what the test that ends a loop takes as well", async (bench) => {
  // One loop may use the cap up; nested, each inner loop costs one more, and so does each turn
  // around it.
  assertEquals(await bodiesRun(bench, 1, MAX_ITERATIONS), MAX_ITERATIONS);
  assertEquals(255 * (255 + 2), MAX_ITERATIONS);
  assertEquals(await bodiesRun(bench, 255, 255), 255 * 255);
  // Past it lavapipe falls short without a word; a GPU in hardware does not.
  const past = await bodiesRun(bench, 2, MAX_ITERATIONS);
  if (bench.gpu.isSoftware) assertLessOrEqual(past, 2 * MAX_ITERATIONS);
  else assertEquals(past, 2 * MAX_ITERATIONS);
});

gpuTest("Plan replays its dispatches in order, whole or in parts", async (bench) => {
  const { gpu } = bench;
  const kernel = gpu.kernel("successor", [successor]);
  const [a, b] = [Uint32Array.of(1, 2, 3, 4), new Uint32Array(4)].map((data) => bench.buffer(data));
  const plan = bench.run((plan) => {
    plan.dispatch(kernel, { from_values: a, to_values: b }, single);
    plan.dispatch(kernel, { from_values: b, to_values: a }, single);
  });
  assertEquals(await bench.integers(a), Uint32Array.of(3, 4, 5, 6));
  const encoder = gpu.device.createCommandEncoder();
  plan.encode(encoder, { to: 1 });
  gpu.device.queue.submit([encoder.finish()]);
  assertEquals(await bench.integers(a), Uint32Array.of(3, 4, 5, 6));
  assertEquals(await bench.integers(b), Uint32Array.of(4, 5, 6, 7));
  const rest = gpu.device.createCommandEncoder();
  plan.encode(rest, { from: 1 });
  gpu.device.queue.submit([rest.finish()]);
  assertEquals(await bench.integers(a), Uint32Array.of(5, 6, 7, 8));
});

gpuTest("Plan gives each dispatch the uniforms it was recorded with", async (bench) => {
  const kernel = bench.gpu.kernel("put", [`
    @group(0) @binding(0) var<uniform> at: vec4u;
    @group(0) @binding(1) var<storage, read_write> out: array<u32>;
    @compute @workgroup_size(1) fn main() { out[at.x] = at.y; }`]);
  const out = bench.buffer(new Uint32Array(4));
  bench.run((plan) => {
    for (let i = 0; i < 4; i++) {
      plan.dispatch(kernel, { at: [i, 10 + i, 0, 0], out }, single);
    }
  });
  assertEquals(await bench.integers(out), Uint32Array.of(10, 11, 12, 13));
});

gpuTest("Plan brings mirrors up to date wherever their buffers were written", async (bench) => {
  const { gpu } = bench;
  const kernel = gpu.kernel("add texture", [`
    @group(0) @binding(0) var image: texture_storage_2d<rgba32float, read>;
    @group(0) @binding(1) var<storage, read_write> out: array<vec4f>;
    @compute @workgroup_size(1)
    fn main() { out[0] = 2 * textureLoad(image, vec2u(0)) + textureLoad(image, vec2u(1, 0)); }`]);
  const [a, b] = [1, 0].map((first) => {
    const values = new Float32Array(MIRROR_ROW / 4);
    values[0] = first;
    values[4] = 1;
    return bench.buffer(values);
  });
  const record = (plan: Plan) => {
    plan.dispatch(kernel, { image: a, out: b }, single); // b = 2 a + 1
    plan.dispatch(kernel, { image: b, out: a }, single); // a = 2 b + 1
    plan.dispatch(kernel, { image: a, out: b }, single);
    plan.dispatch(kernel, { image: a, out: b }, single);
  };
  const plan = bench.run(record);
  assertEquals((await bench.floats(a))[0], 7);
  assertEquals((await bench.floats(b))[0], 15);
  gpu.write(a, Float32Array.of(2)); // behind the plan's back: a replay must not trust its mirrors
  plan.submit();
  assertEquals((await bench.floats(a))[0], 11);
  assertEquals((await bench.floats(b))[0], 23);
});

gpuTest("Plan.seal() takes all that a plan takes", async (bench) => {
  const { gpu } = bench;
  const kernel = gpu.kernel("successor", [successor]);
  const [a, b] = [0, 1].map(() => bench.buffer(new Uint32Array(4)));
  const plan = bench.run((plan) => {
    plan.dispatch(kernel, { from_values: a, to_values: b }, single);
  });
  const { allocations, allocatedBytes } = gpu;
  for (let i = 0; i < 100; i++) plan.submit();
  await gpu.settle();
  assertEquals([gpu.allocations, gpu.allocatedBytes], [allocations, allocatedBytes]);
});

gpuTest("Plan with a defective shader raises one GPUFault at the next settle", async (bench) => {
  const { gpu } = bench;
  const kernel = gpu.kernel("bent", [
    successor.replace("from_values[id.x] + 1", "from_values[id.x] + 1.5"),
  ]);
  const buffer = bench.buffer(new Uint32Array(4));
  bench.run((plan) => plan.dispatch(kernel, { from_values: buffer, to_values: buffer }, single));
  await assertRejects(() => gpu.settle(), GPUFault, "bent: ");
  await gpu.settle();
});
