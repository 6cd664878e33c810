import {
  assertAlmostEquals,
  assertEquals,
  assertLess,
  assertNotEquals,
  assertRejects,
  assertThrows,
} from "@std/assert";
import {
  adamW,
  batchNorm,
  Curvature,
  decodeCheckpoint,
  dense,
  encodeCheckpoint,
  examples,
  exportNetwork,
  glorot,
  hessianFree,
  importNetwork,
  InputError,
  lookahead,
  nesterov,
  network,
  networkState,
  type Optimizer,
  replicaBytes,
  scheduleFreeSGD,
  sequential,
  squaredError,
  type Trainer,
  type TrainerOptions,
  VectorLayout,
} from "../../mod.ts";
import { dense as exactDense } from "../../core/reference/layers.ts";
import { elementwise } from "../../core/optim/elementwise.ts";
import { optimizerOf } from "../../core/optim/optimizer.ts";
import { unitRoundoff } from "../../core/reference/tolerance.ts";
import { type Bench, draw, gpuTest } from "../gpu/fixture.ts";
import { centred } from "./centred.ts";
import { bitsOf, open, replica } from "./training.ts";

const [cases, width, units] = [24, 5, 17];
const keep = 0.875;
const inputs = { data: draw(cases * width, 1).map((x) => x + 2), width };
const targets = { data: draw(cases, 2), width: 1 };
const nag = nesterov({ learningRate: 0.02, momentum: 0.9 });
const adam = adamW({ learningRate: 0.01 });

/** Two centred layers: one of the inputs, which nothing moves, and one of units that are trained. */
function modelOf(last = 1) {
  return network({
    source: examples({ train: { inputs, targets }, test: { inputs, targets } }),
    layers: sequential(centred(keep), dense({ units }), centred(keep), dense({ units: last })),
    loss: squaredError,
  });
}

const model = modelOf();
const names = ["running mean 0", "running mean 2"];

function opened(bench: Bench, options: Partial<TrainerOptions> & { optimizers?: Optimizer[] }) {
  const { optimizers = [nag], ...others } = options;
  const replicas = optimizers.map((optimizer, r) => replica(r + 1, optimizer, glorot()));
  return open(bench, { model, replicas, batchSize: cases, ...others });
}

async function upTo(trainer: Trainer, updates: number): Promise<void> {
  for await (const _ of trainer.run({ updates, evalCases: 0 }));
}

/** Mean by column. */
function means(values: ArrayLike<number>, columns: number): number[] {
  const rows = values.length / columns;
  return Array.from({ length: columns }, (_, j) => {
    let sum = 0;
    for (let i = 0; i < rows; i++) sum += values[i * columns + j];
    return sum / rows;
  });
}

/** The units of the first dense layer, of inputs less some means. */
function unitsOf(theta: readonly ArrayLike<number>[], less: readonly number[]): Float64Array {
  const x = Float64Array.from(inputs.data, (value, i) => value - less[i % width]);
  return exactDense(units).at(x, cases, theta.slice(0, 2).map((of) => Float64Array.from(of))).y;
}

function near(actual: ArrayLike<number>, wanted: readonly number[]): void {
  assertEquals(actual.length, wanted.length);
  wanted.forEach((value, i) => assertAlmostEquals(actual[i], value, 1e-5));
}

gpuTest(
  "statistics are taken once an update at its gradient, and read by evaluations",
  async (bench) => {
    // Of all cases at once, whose mean is the same whatever their order.
    const optimizers = [nag, adam, nesterov({ learningRate: 0.03, momentum: 0.5 })];
    const trainer = await opened(bench, { optimizers });
    const batch = means(inputs.data, width);
    const first = await trainer.theta(2);
    assertEquals(first.slice(4).map((values) => [...values]), [
      Array(5).fill(0),
      Array(17).fill(0),
    ]);
    for (let update = 1; update <= 3; update++) {
      const before = (await Promise.all([0, 1, 2].map((r) => trainer.theta(r)))).map((theta) =>
        theta[5]
      );
      const points = (await trainer.save()).replicas.map(({ parameters }) => parameters);
      await upTo(trainer, update);
      // An evaluation takes none, however often it runs.
      for (const split of ["train", "test"] as const) await trainer.evaluate(split);
      for (const r of [0, 1, 2]) {
        const theta = await trainer.theta(r);
        assertEquals(theta.length, 6);
        near(theta[4], batch.map((mean) => (1 - keep ** update) * mean));
        const { tensors: [weights, biases] } = model.layout;
        const point = [weights, biases].map(({ rows, columns, stride, offset }) =>
          Float64Array.from(
            { length: rows * columns },
            (_, i) => points[r][offset + Math.floor(i / columns) * stride + i % columns],
          )
        );
        const made = means(unitsOf(point, batch), units);
        near(theta[5], made.map((mean, j) => keep * before[r][j] + (1 - keep) * mean));
      }
    }
  },
);

gpuTest(
  "predict() and evaluations use the running means, the gradient those of its cases",
  async (bench) => {
    const trainer = await opened(bench, { optimizers: [nag, adam] });
    await upTo(trainer, 5);
    const figures = await trainer.evaluate("train");
    for (const r of [0, 1]) {
      const theta = await trainer.theta(r);
      const outputs = (less: [readonly number[], readonly number[]]) => {
        const y = unitsOf(theta, less[0]).map((value, i) => value - less[1][i % units]);
        return exactDense(1).at(y, cases, theta.slice(2, 4).map((of) => Float64Array.from(of))).y;
      };
      const wanted = outputs([[...theta[4]], [...theta[5]]]);
      near(await model.predict(bench.gpu, theta, inputs.data), [...wanted]);
      const loss = (y: Float64Array) =>
        y.reduce((sum, value, i) => sum + (value - targets.data[i]) ** 2, 0) / cases;
      assertAlmostEquals(figures[r].loss, loss(wanted), 1e-5);
      // While training the means are those of the minibatch.
      const batch = means(inputs.data, width);
      const trained = outputs([batch, means(unitsOf(theta, batch), units)]);
      assertNotEquals(loss(trained).toFixed(2), loss(wanted).toFixed(2));
    }
  },
);

gpuTest(
  "networks with statistics are the same alone, beside others, and resumed from a file",
  async (bench) => {
    const batchSize = 7;
    const optimizers = [nag, adam, nag];
    const together = await opened(bench, { optimizers, batchSize });
    await upTo(together, 6);
    const bytes = await encodeCheckpoint(await together.save(), { note: "six" });
    await upTo(together, 13);
    const { state, metadata } = await decodeCheckpoint(bytes, model.layout);
    assertEquals(metadata, { note: "six" });
    const resumed = await opened(bench, { optimizers, batchSize, from: state });
    await upTo(resumed, 13);
    const wanted = await bitsOf(together);
    assertEquals(await bitsOf(resumed), wanted);
    assertEquals(await resumed.evaluate("test"), await together.evaluate("test"));
    const alone = await open(bench, { model, replicas: [replica(3, nag, glorot())], batchSize });
    await upTo(alone, 13);
    assertEquals(await bitsOf(alone), [wanted[2]]);
    assertNotEquals(wanted[0], wanted[2]);
  },
);

gpuTest(
  "statistics go with their network when states are picked, under another family too",
  async (bench) => {
    const trunk = await opened(bench, { optimizers: [nag, adam], batchSize: 7 });
    await upTo(trunk, 4);
    const state = await trunk.save();
    const [a, b] = state.replicas;
    const ofStatistics = async (trainer: Trainer, r: number) => (await trainer.theta(r)).slice(4);
    const [ofA, ofB] = [await ofStatistics(trunk, 0), await ofStatistics(trunk, 1)];
    assertNotEquals(ofA, ofB);
    const branches = await opened(bench, {
      ...{ optimizers: [nag, adam, nag], batchSize: 7, beginStates: true },
      from: { ...state, replicas: [b, a, a] },
    });
    const found = await Promise.all([0, 1, 2].map((r) => ofStatistics(branches, r)));
    assertEquals(found, [ofB, ofA, ofA]);
  },
);

gpuTest("Hessian-free takes statistics once an update too, of one block", async (bench) => {
  const optimizers = [hessianFree({ cgSteps: 5, lambda: 1, precondition: 0 })];
  const trainer = await opened(bench, { optimizers });
  const [first] = await trainer.evaluate("train");
  const before = await trainer.theta();
  await upTo(trainer, 1);
  const after = await trainer.theta();
  const batch = means(inputs.data, width);
  near(after[4], batch.map((mean) => (1 - keep) * mean));
  near(after[5], means(unitsOf(before, batch), units).map((mean) => (1 - keep) * mean));
  await upTo(trainer, 30);
  const [last] = await trainer.evaluate("train");
  assertLess(last.loss, first.loss / 2);
  await assertRejects(
    () => opened(bench, { optimizers: [hessianFree({ cgSteps: 5, blockCases: 23 })] }),
    InputError,
    "24 cases come in blocks of 23: allow blocks of 24 cases",
  );
});

gpuTest("curvature is that of networks in training, and takes no statistics", async (bench) => {
  const model = network({
    source: examples({ train: { inputs, targets } }),
    layers: sequential(centred(keep), dense({ units: 1 })),
    loss: squaredError,
  });
  const trainer = await opened(bench, { model });
  await upTo(trainer, 2);
  const theta = await trainer.theta();
  const batch = means(inputs.data, width);
  const x = inputs.data.map((value, i) => value - batch[i % width]);
  const [v, bias] = [draw(width, 3), 0.5];
  const moved = Array.from(
    { length: cases },
    (_, i) => v.reduce((sum, value, j) => sum + value * x[i * width + j], bias),
  );
  const wanted = v.map((_, j) =>
    2 * moved.reduce((sum, dz, i) => sum + dz * x[i * width + j], 0) / cases
  );
  for (const matrix of ["gauss-newton", "hessian"] as const) {
    const curvature = bench.take(await Curvature.of(trainer, { matrix, cases }));
    curvature.direction.write(0, [v, [bias]]);
    await curvature.multiply();
    const [weights, biases] = await curvature.product.read(0);
    // Chains of so many roundings of sums whose terms add up to less than 10; differences of them, as
    // the loss is quadratic, are exact but for these over the step of 0.003.
    const roundings = unitRoundoff * (cases + width + 8) * 10;
    const most = matrix === "hessian" ? roundings / 0.003 : roundings;
    wanted.forEach((value, j) => assertAlmostEquals(weights[j], value, most));
    assertAlmostEquals(biases[0], 2 * bias, most);
  }
  assertEquals(await trainer.theta(), theta);
  await assertRejects(
    () => Curvature.of(trainer, { matrix: "hessian", cases, blockCases: 5 }),
    InputError,
    "24 cases come in blocks of 5",
  );
});

gpuTest("exported networks hold their statistics, and begin with them", async (bench) => {
  const trainer = await opened(bench, { batchSize: 7 });
  await upTo(trainer, 3);
  const theta = await trainer.theta();
  const bytes = exportNetwork(model.layout, theta);
  const read = importNetwork(model.layout, bytes);
  assertEquals(read.theta, theta);
  assertEquals(model.layout.theta.slice(4).map(({ name }) => name), names);
  const predicted = await model.predict(bench.gpu, read.theta, inputs.data);
  assertEquals(predicted, await model.predict(bench.gpu, theta, inputs.data));
  const begun = await opened(bench, { from: networkState(model.layout, [read.theta]) });
  assertEquals(await begun.evaluate("test"), await trainer.evaluate("test"));
  const without = new VectorLayout(model.layout.tensors);
  assertThrows(() => importNetwork(without, bytes), InputError, 'no "running mean 0", only');
  assertThrows(
    () => importNetwork(model.layout, exportNetwork(without, theta)),
    InputError,
    "running mean 0",
  );
  assertThrows(() => networkState(model.layout, [theta.slice(0, 4)]), RangeError, "running mean 0");
});

gpuTest("statistics that do not fit are refused", async (bench) => {
  const trainer = await opened(bench, {});
  const state = await trainer.save();
  const [{ statistics: _, ...bare }] = state.replicas;
  const refused = (from: typeof state, message: string) =>
    assertRejects(() => opened(bench, { from }), InputError, message);
  await refused({ ...state, replicas: [bare] }, "the statistics of a state must be");
  const layout = new VectorLayout(state.layout.tensors);
  await refused(
    { ...state, layout },
    'no further tensor where this network has "running mean 0" of 1 x 5',
  );
  const plain = network({
    source: examples({ train: { inputs, targets } }),
    layers: sequential(dense({ units }), dense({ units: 1 })),
    loss: squaredError,
  });
  await assertRejects(
    () => opened(bench, { model: plain, from: state }),
    InputError,
    'has "running mean 0" of 1 x 5 where this network has no further tensor',
  );
  await assertRejects(
    () => encodeCheckpoint(state, { statistics: "mine" }),
    RangeError,
    '"statistics" of its own',
  );
  const family = elementwise({
    name: "own",
    states: { statistics: "zeros" },
    body: "statistics += gradient; parameters -= statistics;",
  });
  assertThrows(() => optimizerOf(family, {}), InputError, '"parameters" and "statistics"');
});

Deno.test("two statistics of one name are refused, and one called as a tensor is", () => {
  const layers = (names: [string, string]) =>
    sequential(dense({ units }), (tape, x) => {
      for (const name of names) tape.statistic({ name, rows: 1, columns: 1 }, [0]);
      return x;
    }, dense({ units: 1 }));
  const build = (names: [string, string]) =>
    network({
      source: examples({ train: { inputs, targets } }),
      layers: layers(names),
      loss: squaredError,
    });
  assertEquals(build(["a", "b"]).layout.statistics?.tensors.map(({ name }) => name), ["a", "b"]);
  assertThrows(() => build(["a", "a"]), InputError, "two tensors are called a");
  assertThrows(() => build(["a", "weights 1"]), InputError, "two tensors are called weights 1");
});

gpuTest("replicaBytes() counts statistics", ({ gpu }) => {
  const { layout: { length, statistics } } = model;
  const copies = gpu.operands === "textures" ? 2 : 1;
  const vectors = 3 * length + statistics!.length;
  assertEquals(
    replicaBytes(gpu, model, { batchSize: 7 }).total,
    copies * (4 * vectors + model.footprint(7).total),
  );
});

gpuTest("statistics of networks whose theta is an average are taken anew at it", async (bench) => {
  const free = scheduleFreeSGD({ learningRate: 0.2 });
  const optimizers = [nag, free, lookahead(nesterov({ learningRate: 0.02, momentum: 0.9 }))];
  const trainer = await opened(bench, { optimizers });
  await upTo(trainer, 4);
  const batch = means(inputs.data, width);
  const before = await trainer.save();
  for (const r of [0, 1, 2]) {
    const theta = await trainer.theta(r);
    // Those of training are on their way yet.
    near(theta[4], batch.map((mean) => (r === 0 ? 1 - keep ** 4 : 1) * mean));
    const made = means(unitsOf(theta, batch), units);
    if (r > 0) near(theta[5], made);
    else assertNotEquals(theta[5][0].toFixed(4), made[0].toFixed(4));
  }
  const figures = await trainer.evaluate("test");
  const predicted = await model.predict(bench.gpu, await trainer.theta(1), inputs.data);
  const loss = predicted.reduce((sum, y, i) => sum + (y - targets.data[i]) ** 2, 0) / cases;
  assertAlmostEquals(figures[1].loss, loss, 1e-5);
  // Neither an evaluation nor a look moves those of training, or anything else.
  assertEquals(await trainer.save(), before);
  const alone = await open(bench, {
    model,
    replicas: [replica(2, free, glorot())],
    batchSize: cases,
  });
  await upTo(alone, 4);
  assertEquals(await alone.theta(), await trainer.theta(1));
  assertEquals(await alone.evaluate("test"), [figures[1]]);
});

gpuTest("a batch norm trains, resumes to the bit, and equals itself alone", async (bench) => {
  const model = network({
    source: examples({ train: { inputs, targets }, test: { inputs, targets } }),
    layers: sequential(batchNorm(), dense({ units }), batchNorm(), dense({ units: 1 })),
    loss: squaredError,
  });
  const optimizers = [nag, scheduleFreeSGD({ learningRate: 0.2 })];
  const options = { model, optimizers, batchSize: 7 };
  const trainer = await opened(bench, options);
  const [{ loss: first }] = await trainer.evaluate("train");
  await upTo(trainer, 5);
  const { state } = await decodeCheckpoint(
    await encodeCheckpoint(await trainer.save()),
    model.layout,
  );
  await upTo(trainer, 40);
  const resumed = await opened(bench, { ...options, from: state });
  await upTo(resumed, 40);
  assertEquals(await bitsOf(resumed), await bitsOf(trainer));
  assertEquals(await resumed.theta(1), await trainer.theta(1));
  const alone = await open(bench, { model, replicas: [replica(1, nag, glorot())], batchSize: 7 });
  await upTo(alone, 40);
  assertEquals(await alone.theta(), await trainer.theta());
  assertLess((await trainer.evaluate("train"))[0].loss, first / 2);
});
