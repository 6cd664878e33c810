import { assertAlmostEquals, assertGreater, assertLess, assertLessOrEqual } from "@std/assert";
import { classicalMomentum } from "../../core/optim/classical_momentum.ts";
import { nesterov } from "../../core/optim/nesterov.ts";
import { sgd } from "../../core/optim/sgd.ts";
import { paperMomentum } from "../../core/optim/schedule.ts";
import { sparse } from "../../core/init/sparse.ts";
import { networkState } from "../../core/train/network.ts";
import { Dataset } from "../../core/data/dataset.ts";
import { autoencoder } from "../../models/autoencoder.ts";
import { gpuTest } from "../gpu/fixture.ts";
import { layersOf, Problem, type ProblemOptions, tensorsOf } from "../models/problem.ts";
import {
  forwardError,
  meanCrossEntropyError,
  meanSquaredErrorError,
} from "../../core/reference/forward_error.ts";
import { flatten, lossAndGradient, unflatten } from "../../core/reference/network.ts";
import { type Method, TwoBuffer } from "../../core/reference/optimizers.ts";
import { oracle } from "../../core/reference/oracle.ts";
import { gradientTolerance } from "../../core/reference/tolerance.ts";
import { open, pointsOf, replica } from "./training.ts";

const norm = (vector: Float64Array) => Math.hypot(...vector);
const minus = (a: Float64Array, b: Float64Array) => a.map((value, i) => value - b[i]);

const updates = 50;
const cases = 23;
const learningRate = (step: number) => 0.04 / (1 + step / 30) + (step % 3) / 100;
const momentum = paperMomentum({ cap: 0.99, period: 10 }); // rises with the last update too
const seed = 3;

/** Theta after the updates as the paper writes them, in float64, and where it started. */
function reference(problem: Problem, batchSize: number, method: Method) {
  const { network } = problem;
  const start = flatten(problem.start(seed, sparse({ fanIn: 4 })));
  const optimizer = new TwoBuffer(method, start);
  for (let step = 0; step < updates; step++) {
    const batch = problem.batch(seed, step, batchSize);
    const gradientAt = (point: Float64Array) =>
      flatten(lossAndGradient(network, unflatten(network, point), batch, batch).gradient);
    optimizer.step(gradientAt, learningRate(step), momentum(step));
  }
  return { start, theta: optimizer.theta };
}

const logistic: ProblemOptions = { layers: [17, 9, 3], cases };
const tanh: ProblemOptions = {
  layers: [5, 8, 1],
  cases,
  activation: "tanh",
  outputUnit: "linear",
  loss: "squared-error",
};

for (
  const [what, options, batchSize] of [
    ["logistic units, batches across epochs", logistic, 5],
    ["logistic units, batches of one case", logistic, 1],
    ["tanh units, batches of all cases", tanh, cases],
  ] as const
) {
  gpuTest(`Trainer follows SGD, CM and NAG in two buffers: ${what}`, async (bench) => {
    const problem = new Problem(bench, options);
    const trainer = await open(bench, {
      model: problem.model,
      batchSize,
      replicas: [
        replica(seed, sgd({ learningRate })),
        replica(seed, classicalMomentum({ learningRate, momentum })),
        replica(seed, nesterov({ learningRate, momentum })),
      ],
    });
    for await (const _ of trainer.run({ updates, evalCases: 0 }));
    for (const [r, method] of (["SGD", "CM", "NAG"] as const).entries()) {
      const { start, theta } = reference(problem, batchSize, method);
      const displacement = norm(minus(theta, start));
      const reached = flatten(layersOf(await trainer.theta(r)));
      assertLessOrEqual(norm(minus(reached, theta)) / displacement, gradientTolerance, method);
      // The parameters are phi: that of NAG is far from theta by this measure.
      const phi = flatten(layersOf((await pointsOf(trainer))[r]));
      const lead = norm(minus(phi, theta)) / displacement;
      if (method === "NAG") assertGreater(lead, 100 * gradientTolerance);
      else assertLessOrEqual(lead, gradientTolerance);
    }
  });
}

/**
 * What the oracle's loss or its squared error may be off at `point`: by the error of the forward
 * pass in float32, and by the slope there times the share of the displacement from the start that
 * updates may be off.
 */
function allowance(point: Float64Array, figure: "cross-entropy" | "squared-error"): number {
  const { network, batch, cases, parameters } = oracle;
  const layers = unflatten(network, point);
  const { gradient } = lossAndGradient({ ...network, loss: figure }, layers, batch, batch);
  const drift = gradientTolerance * norm(minus(point, flatten(parameters)));
  const forward = forwardError(network, layers, batch);
  const mean = figure === "cross-entropy" ? meanCrossEntropyError : meanSquaredErrorError;
  return norm(flatten(gradient)) * drift + mean(forward, batch, cases);
}

/** The points at which the oracle's gradients are taken, and theta after the last of them. */
function oraclePoints(): Float64Array[] {
  const { network, batch, parameters, learningRate, momenta, losses } = oracle;
  const optimizer = new TwoBuffer("NAG", flatten(parameters));
  const points = losses.map((_, t) => {
    let taken = optimizer.theta;
    optimizer.step(
      (point) => {
        taken = point;
        const layers = unflatten(network, point);
        return flatten(lossAndGradient(network, layers, batch, batch).gradient);
      },
      learningRate,
      momenta[t],
    );
    return taken;
  });
  return [...points, optimizer.theta];
}

gpuTest("Trainer matches the frozen losses of the oracle", async (bench) => {
  const { network, cases, batch, learningRate, schedule, losses } = oracle;
  const width = network.sizes[0];
  const train = bench.take(new Dataset(bench.gpu, Float32Array.from(batch), { width }));
  const momentum = paperMomentum({ cap: schedule.limit, period: schedule.period });
  const model = autoencoder({ layers: network.sizes.slice(0, 3), train });
  const trainer = await open(bench, {
    model,
    batchSize: cases,
    replicas: [replica(1, nesterov({ learningRate, momentum }))],
    from: networkState(model.layout, [tensorsOf(oracle.parameters)]),
  });
  const points = oraclePoints();
  let squaredError = NaN;
  for await (const { update, replicas: [report] } of trainer.run({ updates: 10, every: 1 })) {
    const most = allowance(points[update - 1], "cross-entropy");
    assertAlmostEquals(report.trainLoss, losses[update - 1], most, `update ${update}`);
    squaredError = report.figures.squaredError;
  }
  const most = allowance(points[10], "squared-error");
  assertAlmostEquals(squaredError, oracle.finalSquaredError, most);
  // Two decimal digits less than the losses change by, or the test would say little.
  assertLess(allowance(points[9], "cross-entropy"), 0.01 * Math.abs(losses[9] - losses[8]));
});
