import { assert, assertEquals, assertGreater, assertLess, assertThrows } from "@std/assert";
import {
  longestLength,
  type MarkedOptions,
  markedSequence,
  memorizationSequence,
  type Sequence,
} from "../../core/data/sequences.ts";
import { InputError } from "../../core/errors.ts";
import { allocateTensor, padded } from "../../core/gpu/tensor.ts";
import type { Plan } from "../../core/gpu/plan.ts";
import type { SequenceBuffers } from "../../core/data/fresh_sequences.ts";
import { Purpose, seedKey } from "../../core/random.ts";
import {
  markedTask,
  memorizationTask,
  type SequenceTask,
} from "../../models/problems/sequence_tasks.ts";
import { type Bench, gpuTest } from "../gpu/fixture.ts";

const replicas = 2, rows = 5, position = 700;

/** The minibatch that a task makes on the GPU, sequence by sequence. */
async function made(
  bench: Bench,
  task: SequenceTask,
  record: (plan: Plan, buffers: SequenceBuffers, seeds: GPUBuffer) => void,
): Promise<Sequence[]> {
  const { gpu } = bench;
  const take = (steps: number, columns: number) => {
    const all = allocateTensor(gpu, "test", { replicas, steps, rows, columns });
    bench.take({ free: () => gpu.free(all.buffer) });
    return all;
  };
  const buffers = {
    inputs: take(task.steps, task.inputs),
    targets: take(task.targets === "last" ? 1 : task.steps, task.outputs),
    lengths: bench.buffer(new Uint32Array(replicas * padded(rows)).fill(task.steps)),
  };
  const seeds = bench.buffer(Uint32Array.from([...seedKey(1), ...seedKey(2 ** 40 + 2)]));
  bench.run((plan) => record(plan, buffers, seeds), { position });
  const lengths = await bench.integers(buffers.lengths);
  const [inputs, targets] = [
    await bench.values(buffers.inputs),
    await bench.values(buffers.targets),
  ];
  const pick = (values: Float32Array, steps: number, width: number, r: number, row: number) =>
    Float32Array.from(
      { length: steps * width },
      (_, i) => values[((r * steps + Math.floor(i / width)) * rows + row) * width + i % width],
    );
  return Array.from({ length: replicas * rows }, (_, i) => {
    const [r, row] = [Math.floor(i / rows), i % rows];
    return {
      length: lengths[r * padded(rows) + row],
      inputs: pick(inputs, task.steps, task.inputs, r, row),
      targets: pick(targets, buffers.targets.steps, task.outputs, r, row),
    };
  });
}

/** The sequences of the same stream by the reference. */
function expected(
  sequence: (stream: { seed: number; purpose: Purpose; number: number }) => Sequence,
  purpose: Purpose,
  seeds = [1, 2 ** 40 + 2],
) {
  return seeds.flatMap((seed) =>
    Array.from({ length: rows }, (_, row) => sequence({ seed, purpose, number: position + row }))
  );
}

for (const problem of ["add", "mul"] as const) {
  for (const [centre, cue, length] of [[true, false, 80], [false, true, 13]] as const) {
    const options: MarkedOptions = { problem, length, centre, cue };
    gpuTest(`markedSequences() makes the bits of its twin: ${problem} ${length}`, async (bench) => {
      const task = markedTask(options);
      const batch = await made(
        bench,
        task,
        (plan, buffers, seeds) => task.record(plan, buffers, seeds, "minibatch"),
      );
      assertEquals(batch, expected((stream) => markedSequence(options, stream), Purpose.sequence));
    });
  }
}

gpuTest("markedSequences() tests on a stream of its own", async (bench) => {
  const options: MarkedOptions = { problem: "add", length: 10, centre: true, cue: false };
  const task = markedTask(options);
  const cases = { split: "test", cases: 10_000 } as const;
  const batch = await made(
    bench,
    task,
    (plan, buffers, seeds) => task.record(plan, buffers, seeds, cases),
  );
  assertEquals(batch, expected((stream) => markedSequence(options, stream), Purpose.testSequence));
});

for (const [symbols, items, length, centre] of [[2, 5, 20, true], [5, 10, 1, false]] as const) {
  const options = { symbols, items, length, centre };
  gpuTest(
    `memorizationSequences() makes the bits of its twin: ${items} of ${symbols}`,
    async (bench) => {
      const task = memorizationTask(options);
      const batch = await made(
        bench,
        task,
        (plan, buffers, seeds) => task.record(plan, buffers, seeds, "minibatch"),
      );
      assertEquals(
        batch,
        expected((stream) => memorizationSequence(options, stream), Purpose.sequence),
      );
    },
  );
}

const count = 4000;
const numbers = Array.from({ length: count }, (_, number) => number);

Deno.test("markedSequence() draws lengths, marks and targets as the paper says", () => {
  const options: MarkedOptions = { problem: "add", length: 40, centre: false, cue: false };
  const lengths = new Map<number, number>();
  for (const number of numbers) {
    const { length, inputs, targets } = markedSequence(options, {
      seed: 3,
      purpose: Purpose.sequence,
      number,
    });
    lengths.set(length, (lengths.get(length) ?? 0) + 1);
    const marks = Array.from({ length }, (_, t) => t).filter((t) => inputs[2 * t + 1] === 1);
    assertEquals(marks.length, 2);
    const [first, second] = marks;
    assertLess(first, Math.floor(length / 10));
    assert(second >= Math.floor(length / 10) && second < Math.floor(length / 2));
    assertEquals(targets[0], (inputs[2 * first] + inputs[2 * second]) / 2);
    assertEquals(inputs.length, 2 * longestLength(40));
    assert(inputs.subarray(2 * length).every((value) => value === 0));
  }
  assertEquals([...lengths.keys()].toSorted(), [40, 41, 42, 43, 44]);
  // Five standard deviations of a count with probability 1/5.
  for (const times of lengths.values()) {
    assertLess(Math.abs(times - count / 5), 5 * Math.sqrt(count / 5 * 4 / 5));
  }
});

Deno.test("memorizationSequence() asks for the symbols after the trigger", () => {
  const options = { symbols: 3, items: 2, length: 4, centre: false };
  const { inputs, targets, length } = memorizationSequence(options, {
    seed: 3,
    purpose: Purpose.sequence,
    number: 0,
  });
  const hot = (values: Float32Array, width: number) =>
    Array.from(
      { length },
      (_, t) => values.subarray(t * width, (t + 1) * width).indexOf(1),
    );
  const [a, b] = hot(inputs, 5);
  assertEquals(hot(inputs, 5), [a, b, 3, 3, 3, 4, 3, 3]);
  assertEquals(hot(targets, 4), [3, 3, 3, 3, 3, 3, a, b]);
  assertEquals(inputs.reduce((sum, value) => sum + value), length);
});

Deno.test("centred inputs have mean zero", () => {
  const options = { symbols: 2, items: 5, length: 20, centre: true };
  const { inputs } = memorizationSequence(options, {
    seed: 1,
    purpose: Purpose.sequence,
    number: 0,
  });
  const blanks = Array.from({ length: 30 }, (_, t) => inputs[4 * t + 2]);
  // Thirty float32 roundings of numbers below 1.
  assertLess(Math.abs(blanks.reduce((a, b) => a + b)), 30 * 2 ** -24);
  const means = [0, 1].map((column) => {
    let sum = 0, steps = 0;
    for (const number of numbers) {
      const marked: MarkedOptions = { problem: "mul", length: 40, centre: true, cue: false };
      const sequence = markedSequence(marked, { seed: 1, purpose: Purpose.sequence, number });
      for (let t = 0; t < sequence.length; t++) sum += sequence.inputs[2 * t + column];
      steps += sequence.length;
    }
    return { mean: sum / steps, steps };
  });
  // Five standard errors: values of variance 1/12; two marks in 40 to 44 steps, whose share of all
  // steps scatters as the length does, by less than its variance of 2.
  assertLess(Math.abs(means[0].mean), 5 * Math.sqrt(1 / 12 / means[0].steps));
  assertLess(Math.abs(means[1].mean), 5 * 2 / 42 ** 2 * Math.sqrt(2 / count));
});

/** The zero-one loss of a constant output over test sequences of the reference. */
Deno.test("biasesBaseline is the zero-one loss of a constant output", () => {
  for (
    const [problem, mean, published] of [["add", 0.5, 0.846], ["mul", 0.25, undefined]] as const
  ) {
    const { biasesBaseline } = markedTask({ problem, length: 10 });
    const options: MarkedOptions = { problem, length: 10, centre: true, cue: false };
    const wrong = numbers.filter((number) => {
      const { targets } = markedSequence(options, {
        seed: 9,
        purpose: Purpose.testSequence,
        number,
      });
      return Math.abs(targets[0] - mean) > 0.04;
    }).length / count;
    const p = biasesBaseline!;
    assertLess(Math.abs(wrong - p), 5 * Math.sqrt(p * (1 - p) / count)); // standard errors
    if (published !== undefined) assertLess(Math.abs(p - published), 5e-4);
  }
  assertEquals(memorizationTask({ symbols: 2, items: 5, length: 200 }).biasesBaseline, 2.5);
  assertEquals(memorizationTask({ symbols: 5, items: 10, length: 80 }).biasesBaseline, 8);
});

Deno.test("tasks refuse lengths and numbers that make no problem", () => {
  for (const length of [9, 0, -1, 10.5, NaN, Infinity]) {
    assertThrows(() => markedTask({ problem: "add", length }), InputError, "whole number from 10");
  }
  const good = { symbols: 2, items: 5, length: 1 };
  for (const bad of [{ symbols: 1 }, { items: 0 }, { length: 0 }, { items: 2.5 }]) {
    assertThrows(() => memorizationTask({ ...good, ...bad }), InputError, "must be a whole number");
  }
  assertGreater(memorizationTask(good).steps, 0);
});
