import { assertEquals, assertLessOrEqual } from "@std/assert";
import { sparse } from "../../core/init/sparse.ts";
import { activations } from "../../core/ops/activation.ts";
import { Vector } from "../../core/gpu/vector.ts";
import { seedKey } from "../../core/random.ts";
import { paperProblems } from "../../models/problems/paper.ts";
import { type Bench, draw, gpuTest } from "../gpu/fixture.ts";
import { type Layer, lossAndGradient } from "../../core/reference/network.ts";
import { gradientTolerance, relativeDifference } from "../../core/reference/tolerance.ts";
import { Problem, type ProblemOptions, tensorsOf } from "./problem.ts";

/** Where the gradient is taken: sparse weights, and biases that are not all the same. */
function parametersOf(problem: Problem, seed: number, fanIn: number): Layer[] {
  return problem.start(seed, sparse({ fanIn })).map(({ weights, biases }, i) => ({
    weights,
    biases: Float64Array.from(draw(biases.length, 100 * seed + i)),
  }));
}

/** R batches and where in the epochs they are cut. */
interface Run {
  replicas: number;
  batch: number;
  update: number;
  /** Incoming connections of a unit. */
  fanIn: number;
}

/** The gradients on the GPU, replica r being of seed r + 1, and the mean losses. */
async function gradients(
  bench: Bench,
  problem: Problem,
  { replicas, batch, update, fanIn }: Run,
) {
  const { gpu } = bench;
  const { model } = problem;
  const [parameters, gradient] = ["parameters", "gradient"]
    .map((label) => bench.take(new Vector(gpu, label, model.layout, replicas)));
  const seeds = Array.from({ length: replicas }, (_, r) => r + 1);
  seeds.forEach((seed, r) => parameters.write(r, tensorsOf(parametersOf(problem, seed, fanIn))));
  const graph = bench.take(model.build(gpu, { replicas, batch }));
  const caseLoss = bench.buffer(new Float32Array(replicas * batch));
  const first = update * batch;
  const keys = bench.buffer(Uint32Array.from(seeds.flatMap(seedKey)));
  bench.run((plan) => {
    graph.recordCases(plan, { seeds: keys });
    graph.recordGradient(plan, { parameters, gradient, seeds: keys, caseLoss });
  }, {
    position: first % model.cases.train,
    epoch: Math.floor(first / model.cases.train),
  });
  const [losses, contents, ...tensors] = await Promise.all([
    bench.floats(caseLoss),
    bench.floats(gradient.buffer),
    ...seeds.map((_, r) => gradient.read(r)),
  ]);
  // The padding is zero, so that the padding of the parameters stays zero.
  const clean = bench.take(new Vector(gpu, "clean", model.layout, replicas));
  tensors.forEach((values, r) => clean.write(r, values));
  assertEquals(contents, await bench.floats(clean.buffer));
  return seeds.map((seed, r) => ({
    seed,
    tensors: tensors[r],
    loss: losses.subarray(r * batch, (r + 1) * batch).reduce((a, b) => a + b) / batch,
  }));
}

/** Checks every tensor of every replica. */
async function checkGradients(
  bench: Bench,
  options: ProblemOptions,
  run: Run,
  reference = lossAndGradient,
) {
  const problem = new Problem(bench, options);
  const { network, model: { layout } } = problem;
  for (const { seed, tensors, loss } of await gradients(bench, problem, run)) {
    const batch = problem.batch(seed, run.update, run.batch);
    const exact = reference(network, parametersOf(problem, seed, run.fanIn), batch, batch);
    tensorsOf(exact.gradient).forEach((wanted, t) =>
      assertLessOrEqual(
        relativeDifference(tensors[t], wanted),
        gradientTolerance,
        `${options.layers.join("-")}, seed ${seed}: ${layout.tensors[t].name}`,
      )
    );
    assertLessOrEqual(relativeDifference([loss], [exact.loss]), gradientTolerance);
  }
}

const lossesAndUnits = [
  { loss: "cross-entropy", outputUnit: "sigmoid" },
  { loss: "squared-error", outputUnit: "sigmoid" },
  { loss: "squared-error", outputUnit: "linear" },
] as const;

for (const activation of activations) {
  for (const { loss, outputUnit } of lossesAndUnits) {
    const units = `${activation} units and ${loss} of ${outputUnit} ones`;
    gpuTest(`Autoencoder.recordGradient() with ${units}`, async (bench) => {
      const checks = [[3, 1], [17, 9, 3], [129, 7, 5, 2], [8, 17, 8]].flatMap((layers) => {
        const options = { layers, activation, outputUnit, loss, cases: 23 };
        // Few connections, since the slope y (1 - y) of a saturated unit has no digits left.
        return [
          checkGradients(bench, options, { replicas: 3, batch: 5, update: 4, fanIn: 4 }),
          checkGradients(bench, options, { replicas: 1, batch: 17, update: 0, fanIn: 4 }),
        ];
      });
      await Promise.all(checks);
    });
  }
}

gpuTest("Autoencoder.recordGradient() adds l2 W to the gradient of W", (bench) => {
  const l2 = 0.125;
  // Known to the reference as the gradient of l2/2 |W|^2, which no loss holds.
  const decayed: typeof lossAndGradient = (network, parameters, batch, targets) => {
    const { loss, gradient } = lossAndGradient(network, parameters, batch, targets);
    gradient.forEach(({ weights }, i) =>
      weights.forEach((_, k) => weights[k] += l2 * parameters[i].weights[k])
    );
    return { loss, gradient };
  };
  return checkGradients(
    bench,
    { layers: [17, 9, 1], l2, cases: 23 },
    { replicas: 3, batch: 5, update: 4, fanIn: 4 },
    decayed,
  );
});

/** A reference that takes seconds, computed once for both ways of reading operands. */
function once(): typeof lossAndGradient {
  const known = new Map<number, ReturnType<typeof lossAndGradient>>();
  return (network, parameters, ...data) => {
    const [fingerprint] = parameters[0].biases; // another one for every seed
    const result = known.get(fingerprint) ?? lossAndGradient(network, parameters, ...data);
    known.set(fingerprint, result);
    return result;
  };
}

// At small batches: the reference of Faces multiplies 7.5 million weights three times a case.
for (
  const [name, replicas, batch] of [
    ["curves", 1, 20],
    ["curves", 3, 7],
    ["mnist", 1, 20],
    ["mnist", 3, 7],
    ["faces", 1, 4],
  ] as const
) {
  const reference = once();
  gpuTest(
    `Autoencoder.recordGradient() of the paper's network for ${name}, R = ${replicas}`,
    (bench) =>
      checkGradients(
        bench,
        { ...paperProblems[name], cases: batch },
        { replicas, batch, update: 0, fanIn: 15 },
        reference,
      ),
  );
}
