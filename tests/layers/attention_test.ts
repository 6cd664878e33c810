import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { InputError } from "../../core/errors.ts";
import { Buffers } from "../../core/graph/buffers.ts";
import { Recording } from "../../core/graph/recording.ts";
import { type Layer, Tape } from "../../core/graph/tape.ts";
import { pad } from "../../core/gpu/tensor.ts";
import { Vector } from "../../core/gpu/vector.ts";
import { attention } from "../../core/layers/attention.ts";
import { dense } from "../../core/layers/dense.ts";
import { embedding, positions } from "../../core/layers/embedding.ts";
import { patches, stepMean } from "../../core/layers/patches.ts";
import { sequential } from "../../core/layers/sequential.ts";
import { seedKey } from "../../core/random.ts";
import { type Bench, draw, gpuTest } from "../gpu/fixture.ts";

interface Sizes {
  replicas: number;
  steps: number;
  batch: number;
  inputs: number;
}

/** What a layer makes of x [R, T, B, inputs], with drawn parameters that all replicas share. */
async function outputs(
  bench: Bench,
  layer: Layer,
  { steps, inputs, ...extent }: Sizes,
  x: Float32Array,
): Promise<Float32Array> {
  const { gpu } = bench, tape = new Tape(inputs, steps);
  const output = layer(tape, tape.input);
  const buffers = bench.take(new Buffers(gpu, tape, extent));
  const parameters = bench.take(new Vector(gpu, "test", tape.layout, extent.replicas));
  const theta = tape.layout.tensors.map(({ rows, columns }, t) => draw(rows * columns, t));
  for (let r = 0; r < extent.replicas; r++) parameters.write(r, theta);
  const seeds = bench.buffer(Uint32Array.from(Array(extent.replicas).fill(seedKey(1)).flat()));
  const given = buffers.data(tape.input);
  gpu.write(given.buffer, pad(given, x));
  const options = { parameters, seeds, isTraining: true, leavesOutput: true };
  bench.run((plan) => new Recording(tape, output, buffers, options).forward(plan));
  return await bench.paddedValues(buffers.data(output));
}

/** Two heads of three units, from three inputs. */
const causal = sequential(dense({ units: 18 }), attention({ heads: 2, isCausal: true }));

gpuTest("causal attention: a later step changes no bit of an earlier output", async (bench) => {
  const sizes = { replicas: 1, steps: 129, batch: 3, inputs: 3 }, changed = 65;
  const x = draw(129 * 9, 1), start = 9 * changed;
  const y = await outputs(bench, causal, sizes, x);
  const other = await outputs(bench, causal, sizes, x.map((v, i) => i < start ? v : 100 * v + 1));
  const before = 3 * 6 * changed;
  assertEquals(other.subarray(0, before), y.subarray(0, before));
  for (let at = before; at < y.length; at += 6) assertNotEquals(other[at], y[at]);
  const all = sequential(dense({ units: 18 }), attention({ heads: 2 }));
  assertNotEquals((await outputs(bench, all, sizes, x))[0], y[0]);
});

gpuTest("what is not finite stays within its case and replica", async (bench) => {
  const sizes = { replicas: 3, steps: 5, batch: 3, inputs: 3 };
  const x = draw(3 * 5 * 9, 2), bad = x.with(5 * 9 + 2 * 9 + 3, NaN); // r = 1, t = 2, case 1
  const y = await outputs(bench, causal, sizes, x);
  const other = await outputs(bench, causal, sizes, bad);
  const ofCase = (i: number) => Math.floor(i / 90) === 1 && Math.floor(i / 6) % 3 === 1;
  const isBehind = (i: number) => Math.floor(i / 18) % 5 >= 2;
  y.forEach((value, i) => {
    if (!ofCase(i)) assertEquals(other[i], value);
    else if (isBehind(i)) assertEquals(other[i], NaN);
  });
});

gpuTest("a number that is no token makes NaN where it stands", async (bench) => {
  const sizes = { replicas: 1, steps: 7, batch: 1, inputs: 1 };
  const tokens = Float32Array.of(0, 1, 2, 3, -1, 1.5, NaN);
  const y = await outputs(bench, embedding({ vocabulary: 3, units: 2 }), sizes, tokens);
  assertEquals([...y].map(Number.isNaN), [...Array(6).fill(false), ...Array(8).fill(true)]);
});

Deno.test("attention, embeddings and positions refuse what they cannot read", () => {
  const on = (layer: Layer, inputs: number, steps?: number) => () => {
    const tape = new Tape(inputs, steps);
    layer(tape, tape.input);
  };
  const cases: [() => unknown, string][] = [
    [() => attention({ heads: 0 }), "a whole number of heads above 0, not 0"],
    [on(attention({ heads: 2 }), 6), "attention reads sequences"],
    [
      on(attention({ heads: 4 }), 18, 3),
      "3 times a multiple of 4 units, not 18: put dense({ units: 24 })",
    ],
    [() => embedding({ vocabulary: 0, units: 1 }), "from 1 to 2^24, not 0"],
    [() => embedding({ vocabulary: 5, units: 0.5 }), "embedding({ units: 100 })"],
    [on(embedding({ vocabulary: 5, units: 2 }), 3, 4), "one token a step"],
    [
      on(sequential(dense({ units: 1 }), embedding({ vocabulary: 5, units: 2 })), 3, 4),
      "one token",
    ],
    [
      () => patches({ image: [1, 4, 6], size: 3 }),
      "3 x 3 pixels do not make up images of 1 x 4 x 6",
    ],
    [() => patches({ image: [1, 4, 4], size: 0 }), "0 x 0 pixels do not make up"],
    [on(patches({ image: [2, 4, 4], size: 2 }), 16), "cases of 32 units, not 16"],
    [on(patches({ image: [1, 4, 4], size: 2 }), 16, 3), "not sequences of 16"],
    [on(stepMean(), 3), "the mean over steps is that of sequences"],
    [on(positions(), 3), "positions are those of the steps of sequences"],
  ];
  for (const [build, says] of cases) assertThrows(build, InputError, says);
});
