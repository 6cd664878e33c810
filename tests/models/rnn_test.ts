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
import { SequenceData } from "../../models/problems/sequence_data.ts";
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
  ];
  for (const [options, message] of bad) {
    const given = { ...shape, ...options } as ConstructorParameters<typeof SequenceData>[1];
    assertThrows(() => new SequenceData(gpu, given), InputError, message);
  }
});
