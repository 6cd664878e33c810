import {
  assertEquals,
  assertLess,
  assertLessOrEqual,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { InputError } from "../../core/errors.ts";
import { echoState } from "../../core/init/echo_state.ts";
import { nesterov } from "../../core/optim/nesterov.ts";
import { Trainer } from "../../core/train/trainer.ts";
import { rnn, runRnn } from "../../models/rnn.ts";
import {
  SequenceData,
  type SequenceSet,
  type Series,
} from "../../models/problems/sequence_data.ts";
import { markedTask, memorizationTask } from "../../models/problems/sequence_tasks.ts";
import { draw, gpuTest } from "../gpu/fixture.ts";
import { rnnForward } from "../../core/reference/rnn.ts";
import { gradientTolerance, relativeDifference } from "../../core/reference/tolerance.ts";
import { parametersOf } from "./rnn_bench.ts";

Deno.test("rnn() starts with output biases that centre the targets", () => {
  const initializer = echoState({ fanIn: 3 });
  const marked = rnn({ hidden: 4, task: markedTask({ problem: "mul", length: 10 }) });
  const [inputs, recurrent, hidden, outputs, biases] = marked.initialValues(1, initializer);
  assertEquals([inputs, recurrent, hidden, outputs].map(({ length }) => length), [8, 16, 4, 4]);
  assertEquals(Array.from(biases), [0.25]);
  const task = memorizationTask({ symbols: 2, items: 5, length: 10 });
  const frequencies = Array.from(task.outputBiases, Math.exp);
  // Five recalls of two symbols in twenty steps; two roundings of a logarithm and a power.
  frequencies.forEach((value, i) =>
    assertLessOrEqual(Math.abs(value - [0.125, 0.125, 0.75][i]), 4 * 2 ** -52)
  );
  assertEquals(rnn({ task }).layout.parameterCount, 4 * 100 + 100 * 100 + 100 + 3 * 100 + 3);
});

Deno.test("rnn() refuses a number of hidden units that is none", () => {
  const task = markedTask({ problem: "add", length: 10 });
  for (const hidden of [0, -1, 2.5, NaN]) {
    assertThrows(() => rnn({ hidden, task }), InputError, "hidden units must be a whole number");
  }
});

gpuTest("runRnn() gives the outputs of the reference", async ({ gpu }) => {
  const shape = { inputs: 3, hidden: 10, outputs: 2, loss: "squared-error" } as const;
  const theta = parametersOf(shape, 0);
  const inputs = draw(7 * 5 * 3, 1);
  const outputs = await runRnn(gpu, { theta, inputs, batch: 5 });
  const exact = rnnForward(shape, theta, {
    inputs: Float64Array.from(inputs),
    lengths: Array(5).fill(7),
  });
  assertLessOrEqual(relativeDifference(outputs, exact.outputs), gradientTolerance);
  await assertRejects(() => runRnn(gpu, { theta, inputs, batch: 4 }), InputError, "[T, 4, 3]");
});

gpuTest("SequenceData is learned from, and tested on", async (bench) => {
  const [steps, cases] = [6, 24];
  const set = (stream: number) => {
    const inputs = draw(steps * cases, stream);
    // The last input but one, which the network must carry for a step.
    return { inputs, targets: inputs.slice((steps - 2) * cases, (steps - 1) * cases) };
  };
  const task = bench.take(
    new SequenceData(bench.gpu, { inputs: 1, outputs: 1, steps, train: set(1), test: set(2) }),
  );
  assertEquals([task.targets, task.cases], ["last", { train: cases, test: cases }]);
  const trainer = bench.take(
    await Trainer.open(bench.gpu, {
      model: rnn({ hidden: 16, task }),
      replicas: [{
        seed: 1,
        optimizer: nesterov({ learningRate: 0.01, momentum: 0.9 }),
        initializer: echoState({ spectralRadius: 0.5, inputScale: 0.5 }),
      }],
      batchSize: 8,
    }),
  );
  const [{ loss: before }] = await trainer.evaluate("test");
  for await (const _ of trainer.run({ updates: 150, evalCases: 0 }));
  const [{ loss: after }] = await trainer.evaluate("test");
  assertLess(after, before / 10);
  // The loss of the model is that of its outputs.
  const { inputs, targets } = set(2);
  const outputs = await runRnn(bench.gpu, { theta: await trainer.theta(), inputs, batch: cases });
  const errors = targets.map((target, i) => (outputs[(steps - 1) * cases + i] - target) ** 2);
  const mean = errors.reduce((a, b) => a + b) / cases;
  assertLessOrEqual(Math.abs(after - mean), gradientTolerance * mean);
});

gpuTest("SequenceData of a series is that of its windows, to the bit", async (bench) => {
  const [steps, rows, width] = [5, 17, 3], windows = rows - steps;
  const series = draw(rows * width, 7);
  /** Step t of window i is row t + i. */
  const rowsFrom = (first: number) =>
    new Float32Array(steps * windows * width).map((_, at) => {
      const [t, i] = [Math.floor(at / width / windows), Math.floor(at / width) % windows];
      return series[(first + t + i) * width + at % width];
    });
  const copied = { inputs: rowsFrom(0), targets: rowsFrom(1) };
  const options = { inputs: width, outputs: width, steps, loss: "mean-squared-error" } as const;
  const unitErrors = [{ name: "third", unit: 2 }, { name: "first", unit: 0 }];
  const trained = async (set: SequenceSet | Series) => {
    const task = bench.take(
      new SequenceData(bench.gpu, { ...options, unitErrors, train: set, test: set }),
    );
    assertEquals(task.cases, { train: windows, test: windows });
    const trainer = bench.take(
      await Trainer.open(bench.gpu, {
        model: rnn({ hidden: 7, task }),
        replicas: [1, 2, 3].map((seed) => ({
          seed,
          optimizer: nesterov({ learningRate: 0.1, momentum: 0.9 }),
          initializer: echoState({ fanIn: 3, inputScale: 0.5 }),
        })),
        batchSize: 5,
      }),
    );
    for await (const _ of trainer.run({ updates: 9, evalCases: 0 }));
    const figures = [await trainer.evaluate("train", 4), await trainer.evaluate("test")];
    return { figures, theta: await trainer.theta(2) };
  };
  const { figures: [part, all], theta } = await trained({ series });
  assertEquals(await trained(copied), { figures: [part, all], theta });
  // Each error is that of its unit, averaged over steps and windows.
  const outputs = await runRnn(bench.gpu, { theta, inputs: copied.inputs, batch: windows });
  const errors = [0, 1, 2].map((unit) => {
    const own = outputs.map((z, i) => z - copied.targets[i]).filter((_, i) => i % width === unit);
    return own.reduce((sum, error) => sum + error ** 2, 0) / own.length;
  });
  const wanted = {
    loss: (errors[0] + errors[1] + errors[2]) / 3,
    third: errors[2],
    first: errors[0],
  };
  assertEquals(Object.keys(all[2]), Object.keys(wanted));
  for (const [name, value] of Object.entries(wanted)) {
    assertLessOrEqual(Math.abs(all[2][name] - value), gradientTolerance * value, name);
  }
});

gpuTest("SequenceData refuses values that make no sequences", (bench) => {
  const { gpu } = bench;
  const floats = (length: number) => new Float32Array(length);
  const shape = { inputs: 2, outputs: 1, steps: 3 };
  const good = { inputs: floats(12), targets: floats(2) };
  const bad: [object, string][] = [
    [{ train: { inputs: floats(13), targets: floats(2) } }, "13 inputs are no whole number"],
    [{ train: { inputs: floats(0), targets: floats(0) } }, "0 inputs are no whole number"],
    [{ train: { inputs: floats(12), targets: floats(3) } }, "2 sequences need 2 targets"],
    [{ train: good, test: { ...good, targets: floats(6) } }, "targets at the same steps"],
    [{ train: good, steps: 0 }, "number of steps must be"],
    [{ train: good, outputBiases: [1, 2] }, "2 output biases were given for 1"],
    [{ train: good, outputBiases: [NaN] }, "biases must be finite numbers, not NaN"],
    [{ train: good, outputs: NaN }, "number of outputs must be a whole number above 0, not NaN"],
    [{ train: good, outputs: -1 }, "number of outputs must be a whole number above 0, not -1"],
    [{ train: good, tolerance: NaN }, "a finite number of at least 0, not NaN"],
    [{ train: good, tolerance: -1 }, "a finite number of at least 0, not -1"],
    [{ train: good, loss: "mse" }, "cross-entropy or mean-cross-entropy, not mse"],
    [{ train: { ...good, inputs: new Float64Array(12) } }, "must be a Float32Array each"],
    [{ train: { ...good, targets: [0, 0] } }, "must be a Float32Array each"],
    [{ train: { series: [1, 2] } }, "a series must be a Float32Array"],
    [{ train: { series: floats(12) } }, "give outputs: 2, not 1"],
    [{ train: { series: floats(6) }, outputs: 2 }, "6 values are no 4 rows of 2 or more"],
    [{ train: { series: floats(9) }, outputs: 2 }, "9 values are no 4 rows of 2 or more"],
    [{ train: good, unitErrors: [{ name: "a", unit: 1 }] }, "is of unit 1: it may be 0 to 0"],
    [{ train: good, unitErrors: [{ name: "loss", unit: 0 }] }, "two figures are called loss"],
  ];
  for (const [options, message] of bad) {
    const given = { ...shape, ...options } as ConstructorParameters<typeof SequenceData>[1];
    assertThrows(() => new SequenceData(gpu, given), InputError, message);
  }
});

Deno.test("tasks refuse another problem, and what is no number of test cases", () => {
  assertThrows(
    // deno-lint-ignore no-explicit-any -- as JavaScript may
    () => markedTask({ problem: "xor" as any, length: 10 }),
    InputError,
    "the problem must be add or mul, not xor",
  );
  for (const testCases of [-1, 1.5, NaN, Infinity]) {
    const message = `test cases must be a whole number of at least 0, not ${testCases}`;
    const marked = { problem: "add", length: 10, testCases } as const;
    assertThrows(() => markedTask(marked), InputError, message);
    const memorized = { symbols: 2, items: 5, length: 10, testCases };
    assertThrows(() => memorizationTask(memorized), InputError, message);
  }
});

Deno.test("rnn() refuses another time loop, and no task", () => {
  const task = markedTask({ problem: "add", length: 10 });
  // deno-lint-ignore no-explicit-any -- as JavaScript may
  const made = (options: any) => () => rnn({ hidden: 4, task, ...options });
  assertThrows(
    made({ timeLoop: "loop" }),
    InputError,
    "the time loop must be kernel or dispatch, not loop",
  );
  assertThrows(made({ task: undefined }), InputError, "needs a task, not undefined");
  assertThrows(made({ task: "add" }), InputError, "needs a task, not add");
});

gpuTest("runRnn() refuses what is no theta, and no number of sequences", async ({ gpu }) => {
  const [inputs, batch] = [[1, 2, 3], 1];
  const theta = [[1], [1], [0], [1], [0]]; // one unit of each kind
  const refused: [Parameters<typeof runRnn>[1], string][] = [
    [{ theta: [], inputs, batch }, "theta of no values is none of a recurrent network"],
    [{ theta: theta.slice(1), inputs, batch }, "theta of 1, 1, 1, 1 values is none"],
    [{ theta: [[1], [1, 2], [0], [1], [0]], inputs, batch }, "theta of 1, 2, 1, 1, 1 values"],
    [{ theta: [[1], [1], [], [1], [0]], inputs, batch }, "theta of 1, 1, 0, 1, 1 values"],
    [{ theta, inputs, batch: 0.5 }, "sequences must be a whole number above 0, not 0.5"],
    [{ theta, inputs, batch: 0 }, "sequences must be a whole number above 0, not 0"],
  ];
  for (const [run, message] of refused) {
    await assertRejects(() => runRnn(gpu, run), InputError, message);
  }
});
