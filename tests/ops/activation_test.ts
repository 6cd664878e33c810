import { assertEquals, assertLessOrEqual } from "@std/assert";
import {
  type Activation,
  activationConstants,
  activations,
  activationSource,
} from "../../core/ops/activation.ts";
import { type Bench, draw, gpuTest } from "../gpu/fixture.ts";
import { activate, slope } from "../../core/reference/activation.ts";
import { activationError, slopeError } from "../../core/reference/tolerance.ts";

const kernelSource = `
  @group(0) @binding(0) var<storage, read> values: array<vec4f>;
  @group(0) @binding(1) var<storage, read_write> activated: array<vec4f>;
  @group(0) @binding(2) var<storage, read_write> slopes: array<vec4f>;
  @compute @workgroup_size(1)
  fn main(@builtin(global_invocation_id) id: vec3u) {
    activated[id.x] = activate(values[id.x]);
    slopes[id.x] = slope(values[id.x]);
  }`;

/** f(v) and f'(y) at y = v, for a number of values that is a multiple of four. */
async function onGPU(bench: Bench, kind: Activation, values: Float32Array<ArrayBuffer>) {
  const [activated, slopes] = [0, 1].map(() => bench.buffer(new Float32Array(values.length)));
  const kernel = bench.gpu.kernel("activation", [activationSource, kernelSource], {
    ...activationConstants(kind),
  });
  bench.run((plan) =>
    plan.dispatch(kernel, { values: bench.buffer(values), activated, slopes }, {
      groups: [values.length / 4, 1, 1],
      iterations: 0,
    })
  );
  return { activated: await bench.floats(activated), slopes: await bench.floats(slopes) };
}

/** Where the formulas change, where units saturate, where float32 over- and underflows. */
const edges = [0, 1e-30, 1e-8, 1e-3, 0.1, 0.3, 0.6249, 0.625, 0.6251, 1, 2, 5, 9, 10, 17, 20, 44]
  .concat([45, 80, 87, 88, 88.72, 88.73, 89, 100, 104, 1e4, 1e30, 3e38])
  .flatMap((z) => [z, -z]);

for (const kind of activations) {
  gpuTest(`activate() of ${kind} units is accurate from 0 to the largest z`, async (bench) => {
    const z = Float32Array.from([...edges, ...draw(999, 1).map((x) => 10 * x), 7, 8, 9]);
    const { activated } = await onGPU(bench, kind, z);
    activate(kind, Float64Array.from(z)).forEach((y, i) =>
      assertLessOrEqual(Math.abs(activated[i] - y), activationError(kind, z[i]), `z = ${z[i]}`)
    );
  });

  gpuTest(`activate() of ${kind} units takes infinity and lets NaN through`, async (bench) => {
    const z = Float32Array.of(Infinity, -Infinity, NaN, 0);
    const { activated } = await onGPU(bench, kind, z);
    assertEquals([...activated], [...activate(kind, Float64Array.from(z))]);
  });

  gpuTest(`slope() of ${kind} units is f'(z) from y = f(z)`, async (bench) => {
    const y = Float32Array.from(
      activate(kind, Float64Array.from([...edges, ...draw(998, 2).map((x) => 5 * x)])),
    );
    const { slopes } = await onGPU(bench, kind, y);
    slope(kind, Float64Array.from(y)).forEach((exact, i) =>
      assertLessOrEqual(Math.abs(slopes[i] - exact), slopeError(kind, y[i]), `y = ${y[i]}`)
    );
  });
}
