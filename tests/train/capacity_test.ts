import {
  assertEquals,
  assertGreater,
  assertGreaterOrEqual,
  assertLessOrEqual,
  assertThrows,
} from "@std/assert";
import { InputError } from "../../core/errors.ts";
import { curvatureBytes, replicaBytes, replicasThatFit } from "../../core/train/capacity.ts";
import { Curvature } from "../../core/train/curvature.ts";
import { curvatureMatrices } from "../../core/train/curvature_matrix.ts";
import { lanczos } from "../../core/train/lanczos.ts";
import { VectorLayout } from "../../core/gpu/vector.ts";
import { sparse } from "../../core/init/sparse.ts";
import { adamW } from "../../core/optim/adamw.ts";
import type { Family, Optimizer } from "../../core/optim/family.ts";
import { hessianFree } from "../../core/optim/hessian_free.ts";
import { nesterov } from "../../core/optim/nesterov.ts";
import { sgd, sgdFamily } from "../../core/optim/sgd.ts";
import { autoencoder } from "../../models/autoencoder.ts";
import { gpuTest } from "../gpu/fixture.ts";
import { Problem } from "../models/problem.ts";
import { history, open, replica } from "./training.ts";

gpuTest("replicasThatFit() fills a budget", (bench) => {
  const { gpu } = bench;
  const { model } = new Problem(bench, { layers: [129, 17, 3], cases: 40 });
  const batchSize = 40;
  const one = 3 * 4 * model.layout.length + model.footprint(batchSize).total;
  const each = gpu.operands === "textures" ? 2 * one : one;
  for (const replicas of [1, 7, 54]) {
    const fit = (budget: number) => replicasThatFit(gpu, model, { batchSize, budget });
    assertEquals(fit(replicas * each), replicas);
    if (replicas > 1) assertEquals(fit(replicas * each - 1), replicas - 1);
    assertEquals(fit((replicas + 1) * each - 1), replicas);
  }
});

gpuTest("curvatureBytes() are what a curvature takes, and little more", async (bench) => {
  const { gpu } = bench, replicas = 9;
  const { model } = new Problem(bench, { layers: [129, 17, 3], cases: 40 });
  const seeds = Array.from({ length: replicas }, (_, r) => r + 1);
  const networks = seeds.map((seed) => ({ seed, theta: model.initialValues(seed, sparse()) }));
  for (const [cases, blockCases] of [[40, 40], [20, 8], [16, 8]]) {
    const each = curvatureBytes(gpu, model, { cases, blockCases, steps: 20 });
    for (const matrix of curvatureMatrices) {
      const before = gpu.allocatedBytes;
      let most = 0;
      const allocate = gpu.allocate;
      gpu.allocate = (...args) => {
        const buffer = allocate.apply(gpu, args);
        most = Math.max(most, gpu.allocatedBytes - before);
        return buffer;
      };
      const options = { matrix, model, replicas: networks, cases, blockCases };
      const curvature = await Curvature.open(gpu, options);
      await lanczos(curvature);
      gpu.allocate = allocate;
      most = Math.max(most, gpu.allocatedBytes - before);
      curvature.free();
      // Besides there is a step table, and buffers are rounded up.
      assertLessOrEqual(most, replicas * each + 2 ** 20);
      assertGreater(most, 0.7 * replicas * each);
    }
  }
});

/** A family with these states, which nothing is trained by. */
function keeping(states: Family["states"]): Optimizer {
  return { ...sgd({ learningRate: 1 }), family: { ...sgdFamily, states } };
}

/** A square for each tensor, as large as its rows ask for. */
const squares = ({ tensors }: VectorLayout) =>
  new VectorLayout(tensors.map(({ name, rows }) => ({ name, rows, columns: rows })));

gpuTest("replicasThatFit() has room for the states of its optimizers", (bench) => {
  const { gpu } = bench;
  const { model } = new Problem(bench, { layers: [129, 17, 3], cases: 40 });
  const batchSize = 40;
  const vector = 4 * model.layout.length;
  const four = keeping({
    mean: "zeros",
    square: "zeros",
    average: "parameters",
    shape: { layout: squares, initial: "zeros" },
  });
  const [plain, nag] = [
    sgd({ learningRate: 1 }),
    nesterov({ learningRate: 1, momentum: 0.9 }),
  ];
  const fourth = 4 * squares(model.layout).length;
  for (
    const [optimizers, bytes] of [
      [undefined, vector],
      [[nag], vector],
      [[nag, plain, nag], vector],
      [[plain], 0],
      [[], 0],
      [[adamW()], 2 * vector],
      [[four], 3 * vector + fourth],
      [[plain, four, nag], 3 * vector + fourth],
    ] as const
  ) {
    const one = 2 * vector + bytes + model.footprint(batchSize).total;
    const each = gpu.operands === "textures" ? 2 * one : one;
    for (const replicas of [2, 54]) {
      const fit = (budget: number) =>
        replicasThatFit(gpu, model, { batchSize, budget, ...optimizers && { optimizers } });
      assertEquals(fit(replicas * each), replicas);
      assertEquals(fit(replicas * each - 1), replicas - 1);
    }
  }
  // A state may be the largest buffer.
  const fit = replicasThatFit(gpu, model, { batchSize, optimizers: [four] });
  const most = gpu.device.limits.maxComputeWorkgroupsPerDimension;
  assertGreater(fourth, Math.max(vector, model.footprint(batchSize).largest));
  assertEquals(fit, Math.min(most, Math.floor(gpu.maxBinding / fourth)));
});

gpuTest("replicasThatFit() counts what a trainer takes of states", async (bench) => {
  const { gpu } = bench;
  const { model } = new Problem(bench, { layers: [257, 65, 3], cases: 40 });
  const vector = 4 * model.layout.length;
  const taken = async (optimizer: Optimizer, replicas: number) => {
    const before = gpu.allocatedBytes;
    let tables = 0;
    const allocate = gpu.allocate.bind(gpu);
    gpu.allocate = (label, size, usage) => {
      if (label === "step table") tables += size;
      return allocate(label, size, usage);
    };
    const trainer = await open(bench, {
      model,
      batchSize: 40,
      replicas: Array.from({ length: replicas }, (_, r) => replica(r, optimizer)),
    });
    // What mirrors of the vectors there will be is known once it has trained and evaluated.
    await history(trainer, { updates: 1 });
    gpu.allocate = allocate;
    return gpu.allocatedBytes - before - tables;
  };
  const replicas = 16;
  const none = await taken(sgd({ learningRate: 0.1 }), replicas);
  const one = await taken(nesterov({ learningRate: 0.1, momentum: 0.9 }), replicas);
  const two = await taken(adamW(), replicas);
  const copies = gpu.operands === "textures" ? 2 : 1;
  // Besides, constants, and rows of mirrors that are not filled.
  const close = (bytes: number, wanted: number) =>
    assertLessOrEqual(Math.abs(bytes / replicas - wanted), 0.03 * vector);
  close(one - none, copies * vector);
  assertLessOrEqual((two - none) / replicas, (copies * 2 + 0.03) * vector);
  assertGreater((two - none) / replicas, (2 - 0.03) * vector);
});

gpuTest("replicasThatFit() keeps every buffer within what the adapter binds", (bench) => {
  const { gpu } = bench;
  const { model } = new Problem(bench, { layers: [784, 129, 3], cases: 400 });
  for (const batchSize of [1, 400]) {
    const fit = replicasThatFit(gpu, model, { batchSize });
    const largest = Math.max(4 * model.layout.length, model.footprint(batchSize).largest);
    assertLessOrEqual(fit * largest, gpu.maxBinding);
    const most = gpu.device.limits.maxComputeWorkgroupsPerDimension;
    assertEquals((fit + 1) * largest > gpu.maxBinding || fit === most, true);
  }
});

gpuTest("replicasThatFit() refuses a network that does not fit alone", (bench) => {
  const { gpu } = bench;
  const problem = new Problem(bench, { layers: [129, 17, 3], cases: 40 });
  assertThrows(
    () => replicasThatFit(gpu, problem.model, { batchSize: 40, budget: 1000 }),
    InputError,
    "use smaller layers or a smaller batch",
  );
  const train = problem.data;
  const units = Math.ceil(gpu.maxBinding / 4 / 129) + 1;
  const vast = autoencoder({ layers: [129, units], train });
  assertThrows(() => replicasThatFit(gpu, vast, { batchSize: 1 }), InputError, "one network needs");
});

gpuTest("replicasThatFit() has room for the batches of Hessian-free", async (bench) => {
  const { gpu } = bench;
  const { model } = new Problem(bench, { layers: [129, 17, 3], cases: 40 });
  for (
    const options of [
      { gradientCases: 40, curvatureCases: 40, blockCases: 16 },
      { gradientCases: 33, curvatureCases: 9, blockCases: 1000, precondition: 0 },
    ]
  ) {
    const optimizer = hessianFree({ ...options, cgSteps: 10 });
    const taken = async (replicas: number) => {
      const before = gpu.allocatedBytes;
      const networks = Array.from({ length: replicas }, (_, r) => replica(r, optimizer));
      await open(bench, { model, replicas: networks, batchSize: 8 });
      return gpu.allocatedBytes - before;
    };
    const each = (await taken(33) - await taken(1)) / 32;
    const { total } = replicaBytes(gpu, model, { batchSize: 8, optimizers: [optimizer] });
    // Besides, each has numbers whose count grows with nothing: scalars, decisions, sums of pieces.
    // Not every buffer is mirrored.
    assertGreaterOrEqual(each, gpu.operands === "textures" ? total / 2 : total);
    assertLessOrEqual(each, total + 8192);
  }
});
