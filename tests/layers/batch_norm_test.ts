// What a batch norm keeps, and makes of it in an evaluation; its rules are in the table of layers_test.ts.

import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../core/errors.ts";
import { Buffers } from "../../core/graph/buffers.ts";
import { Recording, type RecordingOptions } from "../../core/graph/recording.ts";
import { Tape } from "../../core/graph/tape.ts";
import { Plan } from "../../core/gpu/plan.ts";
import { pad } from "../../core/gpu/tensor.ts";
import { Vector } from "../../core/gpu/vector.ts";
import { batchNorm } from "../../core/layers/batch_norm.ts";
import { maxPool } from "../../core/layers/pool.ts";
import { sequential } from "../../core/layers/sequential.ts";
import { type Bench, draw, gpuTest } from "../gpu/fixture.ts";

/** Three channels of four places. */
const image = [3, 2, 2] as const;
const [channels, places] = [3, 4];

/** A batch norm of images, and what it was given and keeps. */
function opened(bench: Bench, { replicas, batch }: { replicas: number; batch: number }) {
  const { gpu } = bench;
  const tape = new Tape(channels * places);
  // A pool of single pixels tells that units are images.
  const y = sequential(maxPool({ image, size: 1 }), batchNorm())(tape, tape.input);
  const buffers = bench.take(new Buffers(gpu, tape, { replicas, batch }));
  const parameters = bench.take(new Vector(gpu, "test", tape.layout, replicas));
  const statistics = bench.take(new Vector(gpu, "test", tape.layout.statistics!, replicas));
  const [theta, kept] = [draw(2 * channels, 5), draw(2 * channels, 6).map((x) => x + 2)];
  for (let r = 0; r < replicas; r++) {
    parameters.write(r, [theta.subarray(0, channels), theta.subarray(channels)]);
    statistics.write(r, [kept.subarray(0, channels), kept.subarray(channels)]);
  }
  const record = (plan: Plan, options: Partial<RecordingOptions>) =>
    new Recording(tape, y, buffers, {
      ...{ parameters, statistics, seeds: undefined as never, isTraining: true },
      ...{ leavesOutput: true, ...options },
    }).forward(plan);
  return {
    ...{ record, theta, kept, statistics },
    give: (x: Float32Array) => {
      const given = buffers.data(tape.input);
      gpu.write(given.buffer, pad(given, x));
    },
    made: () => bench.values(buffers.data(y)),
  };
}

/** Mean and variance, as n / (n - 1) of it, of a channel. */
function moments(x: Float32Array, channel: number): [number, number] {
  const own = [...x].filter((_, at) => Math.floor(at / places) % channels === channel);
  const mean = own.reduce((sum, value) => sum + value) / own.length;
  return [mean, own.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (own.length - 1)];
}

gpuTest(
  "batchNorm() moves its running moments towards those of a minibatch, or takes them",
  async (bench) => {
    for (const [replicas, batch] of [[1, 1], [3, 9]]) {
      const { record, give, statistics, kept } = opened(bench, { replicas, batch });
      const size = batch * channels * places;
      const x = draw(replicas * size, 7).map((value, at) => 2 * value + at % 5);
      give(x);
      const check = async (share: number, former: ArrayLike<number>) => {
        for (let r = 0; r < replicas; r++) {
          const read = await statistics.read(r);
          for (let channel = 0; channel < channels; channel++) {
            moments(x.subarray(r * size, (r + 1) * size), channel).forEach((moment, m) =>
              assertAlmostEquals(
                read[m][channel],
                (1 - share) * former[m * channels + channel] + share * moment,
                1e-5,
              )
            );
          }
        }
      };
      // Passes that only read leave them alone.
      bench.run((plan) => record(plan, {}));
      bench.run((plan) => record(plan, { isTraining: false }));
      await check(0, kept);
      bench.run((plan) => record(plan, { takesStatistics: true }));
      await check(0.1, kept);
      bench.run((plan) => record(plan, { statisticsShare: 1 }));
      await check(1, new Float32Array(2 * channels));
    }
  },
);

gpuTest("batchNorm() is evaluated by its running moments, case by case", async (bench) => {
  for (const [replicas, batch] of [[1, 1], [3, 9]]) {
    const { record, give, made, theta, kept } = opened(bench, { replicas, batch });
    const x = draw(replicas * batch * channels * places, 8);
    x[0] = NaN;
    give(x);
    bench.run((plan) => record(plan, { isTraining: false }));
    const y = await made();
    x.forEach((value, at) => {
      const channel = Math.floor(at / places) % channels;
      const u = (value - kept[channel]) / Math.sqrt(kept[channels + channel] + 1e-5);
      const wanted = theta[channel] * u + theta[channels + channel];
      if (at === 0) assertEquals(y[0], NaN);
      else assertAlmostEquals(y[at], wanted, 1e-5);
    });
  }
});

gpuTest(
  "batchNorm() in training: what is not finite stays in its channel and its network",
  async (bench) => {
    const [replicas, batch] = [2, 3];
    const { record, give, made } = opened(bench, { replicas, batch });
    const x = draw(replicas * batch * channels * places, 9);
    x[places] = Infinity;
    give(x);
    bench.run((plan) => record(plan, {}));
    const y = await made();
    y.forEach((value, at) => {
      const isOf = at < y.length / 2 && Math.floor(at / places) % channels === 1;
      assertEquals(Number.isFinite(value), !isOf, `value ${at}`);
    });
  },
);

gpuTest("batchNorm() refuses to train on one value a unit, and evaluates it", (bench) => {
  const tape = new Tape(3);
  const y = batchNorm()(tape, tape.input);
  const buffers = bench.take(new Buffers(bench.gpu, tape, { replicas: 1, batch: 1 }));
  const [parameters, statistics] = [tape.layout, tape.layout.statistics!]
    .map((layout) => bench.take(new Vector(bench.gpu, "test", layout, 1)));
  const options = { parameters, statistics, seeds: undefined as never, leavesOutput: true };
  const forward = (isTraining: boolean) =>
    new Recording(tape, y, buffers, { ...options, isTraining }).forward(new Plan(bench.gpu));
  forward(false);
  assertThrows(
    () => forward(true),
    InputError,
    "a batch norm of 3 units takes means over a minibatch, and of one value there is none: train on " +
      "minibatches of 2 cases or more",
  );
});
