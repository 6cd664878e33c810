import { assertEquals, assertGreater, assertLess, assertRejects, assertThrows } from "@std/assert";
import { InputError } from "../../core/errors.ts";
import type { Layer } from "../../core/graph/tape.ts";
import { glorot } from "../../core/init/glorot.ts";
import { dense } from "../../core/layers/dense.ts";
import { layerNorm } from "../../core/layers/layer_norm.ts";
import { recurrent } from "../../core/layers/recurrent.ts";
import { sequential } from "../../core/layers/sequential.ts";
import { adamW } from "../../core/optim/adamw.ts";
import { sgd } from "../../core/optim/sgd.ts";
import { networkState } from "../../core/train/network.ts";
import { Trainer } from "../../core/train/trainer.ts";
import { markedTask } from "../../models/problems/sequence_tasks.ts";
import { sequenceNetwork } from "../../models/sequence_network.ts";
import { draw, gpuTest } from "../gpu/fixture.ts";
import { assertFootprint } from "./footprint.ts";

const task = markedTask({ problem: "add", length: 10 });
const layers = sequential(
  recurrent({ units: 16 }),
  layerNorm(),
  recurrent({ units: 8, activation: "sigmoid" }),
  dense({ units: 1 }),
);

gpuTest("sequenceNetwork() learns by layers upon layers", async (bench) => {
  const model = sequenceNetwork({ task, layers });
  const trainer = bench.take(
    await Trainer.open(bench.gpu, {
      model,
      replicas: [1, 2].map((seed) => (
        { seed, optimizer: adamW({ learningRate: 0.01 }), initializer: glorot() }
      )),
      batchSize: 20,
    }),
  );
  const losses = async () => (await trainer.evaluate("test", 200)).map(({ loss }) => loss);
  const before = await losses();
  for await (const _ of trainer.run({ updates: 100, evalCases: 0 }));
  const after = await losses();
  after.forEach((loss, r) => assertLess(loss, before[r] / 2));
});

gpuTest(
  "sequenceNetwork() may end in recurrent units, whose states are the outputs",
  async (bench) => {
    const last = recurrent({ units: 1 });
    const theta = [[0.5, -0.25], [0.75], [0.125]];
    const losses = await Promise.all(([
      [last, theta],
      [sequential(last, dense({ units: 1 })), [...theta, [1], [0]]],
    ] as const).map(async ([layers, theta]) => {
      const model = sequenceNetwork({ task, layers });
      const optimizer = sgd({ learningRate: 0.25 });
      const trainer = bench.take(
        await Trainer.open(bench.gpu, {
          model,
          replicas: [{ seed: 1, optimizer, initializer: glorot() }],
          batchSize: 9,
          from: networkState(model.layout, [theta]),
        }),
      );
      return await trainer.evaluate("test", 20);
    }));
    assertGreater(losses[0][0].loss, 0);
    assertEquals(losses[0], losses[1]);
  },
);

gpuTest("SequenceModel.predict() is that of one sequence at a time, in blocks", async ({ gpu }) => {
  const model = sequenceNetwork({ task, layers });
  const theta = model.initialValues(1, glorot());
  const [{ steps }, n] = [task, 515];
  const inputs = draw(steps * n * 2, 5);
  const all = await model.predict(gpu, theta, inputs);
  assertEquals(all.length, steps * n);
  const of = (values: Float32Array, i: number, width: number) =>
    Float32Array.from(
      { length: steps * width },
      (_, k) => values[(Math.floor(k / width) * n + i) * width + k % width],
    );
  for (const i of [0, 511, 512, 514]) {
    assertEquals(await model.predict(gpu, theta, of(inputs, i, 2)), of(all, i, 1));
  }
  await assertRejects(
    () => model.predict(gpu, theta, inputs.subarray(1)),
    InputError,
    "11329 values are no whole number of cases of 11 x 2",
  );
});

gpuTest("SequenceModel.footprint() is what build() takes", ({ gpu }) => {
  const model = sequenceNetwork({ task, layers });
  assertFootprint(gpu, model, 33);
});

Deno.test("sequenceNetwork() has no two tensors of one name", () => {
  assertEquals(sequenceNetwork({ task, layers }).layout.tensors.map(({ name }) => name), [
    ...["input weights", "recurrent weights", "hidden biases", "gains 3", "shifts 3"],
    ...["input weights 4", "recurrent weights 4", "hidden biases 4", "weights 6", "biases 6"],
  ]);
});

Deno.test("sequenceNetwork() refuses layers that do not end in the task's outputs", () => {
  const refused: [Layer, string][] = [
    [dense({ units: 3 }), "end in 3 linear units and the task has 1 linear outputs: end in dense("],
    [dense({ units: 1, activation: "tanh" }), "end in 1 tanh units"],
    [
      (tape, x) => {
        recurrent({ units: 3 })(tape, x);
        return dense({ units: 1 })(tape, x);
      },
      "what recurrent of 3 units makes, 3 units, is read by nobody",
    ],
  ];
  for (const [layers, message] of refused) {
    assertThrows(() => sequenceNetwork({ task, layers }), InputError, message);
  }
  assertThrows(() => recurrent({ units: -1 }), InputError, "a recurrent layer has a whole number");
});
