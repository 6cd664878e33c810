import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertLessOrEqual,
  assertNotEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { examples } from "../../core/data/examples.ts";
import { InputError } from "../../core/errors.ts";
import { squaredError } from "../../core/graph/losses.ts";
import { network } from "../../core/graph/network.ts";
import type { Layer } from "../../core/graph/tape.ts";
import { echoState } from "../../core/init/echo_state.ts";
import { glorot } from "../../core/init/glorot.ts";
import { dense } from "../../core/layers/dense.ts";
import { layerNorm } from "../../core/layers/layer_norm.ts";
import { sequential } from "../../core/layers/sequential.ts";
import {
  hessianFree,
  hessianFreeDagger,
  type HessianFreeOptions,
} from "../../core/optim/hessian_free.ts";
import { lookahead } from "../../core/optim/lookahead.ts";
import { classicalMomentum } from "../../core/optim/classical_momentum.ts";
import { markedTask } from "../../models/problems/sequence_tasks.ts";
import { quadratic } from "../../models/quadratic.ts";
import { rnn } from "../../models/rnn.ts";
import type { Optimizer } from "../../core/optim/family.ts";
import { dot } from "../../core/reference/conjugate_gradient.ts";
import { type HessianFreeSettings, hessianFreeUpdate } from "../../core/reference/hessian_free.ts";
import { orthonormal, Quadratic } from "../../core/reference/quadratic.ts";
import { unitRoundoff } from "../../core/reference/tolerance.ts";
import type { Initializer } from "../../core/init/initializer.ts";
import type { Replica, Trainer } from "../../core/train/trainer.ts";
import type { TrainerState } from "../../core/train/state.ts";
import { type Bench, draw, gpuTest } from "../gpu/fixture.ts";
import {
  type Batches,
  cases,
  largestEigenvalue,
  ofWeights,
  parameterCount,
  problemOf,
  smallAutoencoder,
} from "./hessian_free_problem.ts";
import { open, replica, tensorsOf } from "../train/training.ts";

/** Opens a trainer of the small autoencoder. */
function openSmall(bench: Bench, optimizers: readonly Optimizer[], from?: TrainerState) {
  return open(bench, {
    model: smallAutoencoder(bench),
    replicas: optimizers.map((optimizer, r) => replica(r + 1, optimizer, glorot())),
    batchSize: cases,
    ...from && { from },
  });
}

async function train(trainer: Trainer, updates: number): Promise<Record<string, number>[]> {
  let scalars: Record<string, number>[] = [];
  for await (const { replicas } of trainer.run({ updates, evalCases: 0 })) {
    scalars = replicas.map((of) => of.scalars);
  }
  return scalars;
}

/** theta, the last iterate and lambda of a replica, in float64. */
function stateOf({ layout, replicas }: TrainerState, r: number) {
  const { parameters, states, measured } = replicas[r];
  const flat = (vector: Float32Array) =>
    Float64Array.from(tensorsOf(layout, vector).flatMap((tensor) => [...tensor]));
  return {
    theta: flat(parameters),
    velocity: flat(states.velocity.values),
    lambda: measured.lambda,
  };
}

interface Variation {
  optimizer: (options: HessianFreeOptions) => Optimizer;
  options: HessianFreeOptions;
  /** Of the network, whose weights alone it reaches. */
  l2?: number;
  batches: Batches;
}

const published = { gradientCases: cases, curvatureCases: 13, blockCases: 5 };
const minibatch = { gradientCases: 13, curvatureCases: 13, blockCases: 1000 };

const variations: Record<string, Variation> = {
  "as published, in blocks": {
    optimizer: hessianFree,
    options: { cgSteps: 12 },
    batches: published,
  },
  "with weight decay, in one block": {
    optimizer: hessianFree,
    options: { cgSteps: 5, l2OfAll: 0.1, hotStartGuard: 0, dampedRho: 1 },
    batches: { gradientCases: cases, curvatureCases: 7, blockCases: 1000 },
  },
  "with weight decay of weights, without preconditioner": {
    optimizer: hessianFree,
    options: {
      ...{ cgSteps: 6, l2OfAll: 0.1, precondition: 0 },
      groups: [{ match: ({ isBias }) => isBias === true, settings: { l2OfAll: 0 } }],
    },
    batches: { gradientCases: 20, curvatureCases: 9, blockCases: 8 },
  },
  "with the weight decay of its network": {
    ...{ optimizer: hessianFree, options: { cgSteps: 6 }, l2: 0.1 },
    batches: { gradientCases: 20, curvatureCases: 9, blockCases: 8 },
  },
  "on minibatches": {
    optimizer: hessianFreeDagger,
    options: { cgSteps: 4, stepSize: 0.5 },
    batches: minibatch,
  },
};

for (const [name, { optimizer: make, options, l2 = 0, batches }] of Object.entries(variations)) {
  gpuTest(`an update of Hessian-free ${name} is that of float64`, async (bench) => {
    const lambda = 1;
    const optimizer = make({ lambda, ...options, ...batches });
    const { settings } = optimizer;
    const given = Object.fromEntries(
      Object.entries(settings).map(([name, value]) => [
        name,
        /^(backtrack|lineSearch|hotStartGuard|dampedRho)$/.test(name) ? value === 1 : value,
      ]),
    ) as unknown as HessianFreeSettings;
    const trainer = await open(bench, {
      model: smallAutoencoder(bench, { l2 }),
      replicas: [1, 2, 3].map((seed) => replica(seed, optimizer, glorot())),
      batchSize: cases,
    });
    for (let update = 0; update < 4; update++) {
      const before = await trainer.save();
      const scalars = await train(trainer, update + 1);
      const after = await trainer.save();
      for (const r of [0, 1, 2]) {
        const { squares, ...problem } = problemOf({ seed: r + 1, update, batches });
        const start = { ...stateOf(before, r), ...update === 0 && { lambda } };
        const wanted = hessianFreeUpdate(
          {
            ...problem,
            ...settings.precondition === 1 && { squares: squares! },
            ...(options.groups || l2 > 0) && { decayed: ofWeights },
          },
          start,
          { ...given, l2: Number(settings.l2OfAll) + l2 },
        );
        const label = `network ${r}, update ${update + 1}`;
        // See conjugate_gradient_test.ts; sums are over parameters and cases.
        const condition = 1 +
          largestEigenvalue((v) => problem.product(start.theta, v)) / start.lambda;
        const terms = parameterCount + cases;
        const size = Math.sqrt(dot(wanted.velocity, wanted.velocity));
        const bound = condition * unitRoundoff * (wanted.cgSteps + 1) * (terms + 2) * size;
        const found = stateOf(after, r);
        assertEquals(scalars[r].cg_steps, wanted.cgSteps, label);
        assertAlmostEquals(scalars[r].step, wanted.step, 1e-6, label);
        assertLessOrEqual(distance(found.velocity, wanted.velocity), bound, `velocity of ${label}`);
        assertLessOrEqual(distance(found.theta, wanted.theta), bound, `theta of ${label}`);
        assertAlmostEquals(scalars[r].rho, wanted.rho, 1e-3, `rho of ${label}`);
        // No rho of these is so near a border that rounding decides.
        for (const border of [1 / 4, 3 / 4]) assert(Math.abs(wanted.rho - border) > 1e-3, label);
        assertAlmostEquals(found.lambda, wanted.lambda, 1e-6 * wanted.lambda, `lambda of ${label}`);
      }
    }
  });
}

/** HF without what is not part of the quadratic model. */
const bare: HessianFreeOptions = {
  ...{ lambda: 1e-8, precondition: 0, backtrack: 0, lineSearch: 0, hotStartGuard: 0, tolerance: 0 },
};

const bowl = new Quadratic({
  spectrum: [0.5, 1, 2, 4, 8],
  slopes: [1, -1, 2, -2, 1],
  rotation: orthonormal([1, 2, 3, 4, 5]),
});

/** Trains on the bowl; after each update x, and the gradient before it. */
async function descend(bench: Bench, options: HessianFreeOptions, updates: number) {
  const optimizer = hessianFree({ ...bare, ...options });
  const trainer = await open(bench, {
    model: quadratic([bowl]),
    replicas: [replica(1, optimizer, glorot())],
    batchSize: 1,
  });
  const points = [Float64Array.from((await trainer.theta())[0])];
  for await (const _ of trainer.run({ updates, every: 1, evalCases: 0 })) {
    points.push(Float64Array.from((await trainer.theta())[0]));
  }
  return points;
}

const times = (x: Float64Array) => bowl.gradient(x).map((g, i) => g - bowl.linear[i]);

gpuTest(
  "with one step of conjugate gradient Hessian-free is NAG, for ten updates",
  async (bench) => {
    const mu = 0.9;
    const points = await descend(bench, { cgSteps: 1, decay: mu }, 10);
    let [theta, v] = [points[0], points[0].map(() => 0)];
    for (let t = 1; t <= 10; t++) {
      const g = bowl.gradient(theta.map((theta, i) => theta + mu * v[i]));
      const epsilon = dot(g, g) / dot(g, times(g));
      v = v.map((v, i) => mu * v - epsilon * g[i]);
      theta = theta.map((theta, i) => theta + v[i]);
      // Each update rounds some ten sums of five products, of numbers as large as theta or g / 0.5.
      const size = Math.hypot(...theta) + Math.hypot(...points[0]) + 2 * Math.hypot(...g);
      const bound = 16 * t * 5 * 10 * unitRoundoff * size;
      assertLessOrEqual(distance(points[t], theta), bound, `update ${t}`);
    }
  },
);

gpuTest("without hot start one step is steepest descent with the exact rate", async (bench) => {
  const [before, after] = await descend(bench, { cgSteps: 1, decay: 0 }, 1);
  const g = bowl.gradient(before);
  const epsilon = dot(g, g) / dot(g, times(g));
  const wanted = before.map((x, i) => x - epsilon * g[i]);
  assertLessOrEqual(distance(after, wanted), 160 * unitRoundoff * Math.hypot(...wanted));
});

gpuTest("with as many steps as numbers a quadratic is solved in an update", async (bench) => {
  const [start, after] = await descend(bench, { cgSteps: 5 }, 1);
  const minimum = bowl.fromEigen(Float64Array.of(-1 / 0.5, 1, -1, 0.5, -1 / 8));
  // The condition is 16: see conjugate_gradient_test.ts.
  const bound = 16 * unitRoundoff * 6 * 7 * (Math.hypot(...start) + Math.hypot(...minimum));
  assertLessOrEqual(distance(after, minimum), bound);
});

gpuTest("on a quadratic rho is 1, and lambda falls by a third", async (bench) => {
  const optimizer = hessianFree({ lambda: 3, precondition: 0, cgSteps: 2 });
  const trainer = await open(bench, {
    model: quadratic([bowl]),
    replicas: [replica(1, optimizer, glorot())],
    batchSize: 1,
  });
  const [{ rho, lambda }] = await train(trainer, 1);
  assertAlmostEquals(rho, 1, 1e-5);
  assertAlmostEquals(lambda, 2, 4 * unitRoundoff);
});

gpuTest("lambda begins anew where another one is set", async (bench) => {
  const optimizer = hessianFree({ lambda: 3, precondition: 0, cgSteps: 2 });
  const trainer = await open(bench, {
    model: quadratic([bowl]),
    replicas: [replica(1, optimizer, glorot())],
    batchSize: 1,
  });
  await train(trainer, 1);
  await trainer.set(0, { lambda: 30 });
  const [{ lambda }] = await train(trainer, 2);
  assertAlmostEquals(lambda, 20, 20 * 4 * unitRoundoff);
});

const mixed = [
  hessianFree({ cgSteps: 3, decay: 0.5, lambda: 1 }),
  hessianFree({ cgSteps: 11, lambda: 10, l2OfAll: 0.01 }),
  hessianFree({ cgSteps: 1, lambda: 0.1, backtrack: 0, lineSearch: 0, precondition: 0 }),
  hessianFree({ cgSteps: 7, lambda: 1 }),
];

/** Begins with a weight that is no number. */
const broken: Initializer = (layer) => {
  const { weights, biases } = glorot()(layer);
  return { weights: weights.map((w, i) => i === 0 ? NaN : w), biases };
};

gpuTest("a replica of Hessian-free has the bits that it has alone", async (bench) => {
  const replicas = mixed.map((optimizer, r) =>
    replica(r + 1, optimizer, r === 3 ? broken : glorot())
  );
  const bitsOf = async (replicas: readonly Replica[]) => {
    const trainer = await open(bench, {
      model: smallAutoencoder(bench),
      replicas,
      batchSize: cases,
    });
    await train(trainer, 3);
    return (await trainer.save()).replicas;
  };
  const together = await bitsOf(replicas);
  for (const r of replicas.keys()) {
    assertEquals((await bitsOf([replicas[r]]))[0], together[r], `replica ${r}`);
  }
  assertEquals(together.map(({ divergedAt }) => divergedAt), [...Array(3).fill(undefined), 1]);
});

gpuTest("Hessian-free trains recurrent networks, each as alone", async (bench) => {
  const optimizers = [0.03, 0.3].map((structuralDamping) =>
    hessianFree({
      ...{ structuralDamping, lambda: 0.01, precondition: 0, dampedRho: 1, cgSteps: 8 },
      ...{ gradientCases: 40, curvatureCases: 20, blockCases: 12 },
    })
  );
  const trained = async (optimizers: readonly Optimizer[]) => {
    const trainer = await open(bench, {
      model: rnn({ task: markedTask({ problem: "add", length: 10 }), hidden: 9 }),
      replicas: optimizers.map((optimizer) => replica(1, optimizer, echoState({ fanIn: 9 }))),
      batchSize: 10,
    });
    await train(trainer, 3);
    return await trainer.save();
  };
  const state = await trained(optimizers);
  for (const r of [0, 1]) {
    const alone = await trained([optimizers[r]]);
    assertEquals(alone.replicas[0], state.replicas[r]);
  }
  assertNotEquals(state.replicas[0].parameters, state.replicas[1].parameters);
});

gpuTest(
  "Hessian-free goes on from a state to the bit, and elsewhere from its velocity",
  async (bench) => {
    const optimizers = mixed.slice(0, 3);
    const whole = await openSmall(bench, optimizers);
    await train(whole, 2);
    const state = await whole.save();
    await train(whole, 4);
    const rest = await openSmall(bench, optimizers, state);
    await train(rest, 4);
    assertEquals(await rest.save(), await whole.save());
    const momentum = optimizers.map(() => classicalMomentum({ learningRate: 0.1, momentum: 0.9 }));
    const [changed, { replicas }] = [await openSmall(bench, momentum, state), state];
    assertEquals((await changed.save()).replicas[0].states.velocity, replicas[0].states.velocity);
    assertEquals(await changed.theta(0), tensorsOf(state.layout, replicas[0].parameters));
  },
);

gpuTest(
  "sizes may change from update to update, and fix the bits by blocks alone",
  async (bench) => {
    const grows = (t: number) => t < 2 ? 13 : cases;
    const steps = { cgSteps: (t: number) => 2 + t, lambda: 1, curvatureCases: 13 };
    const thetaOf = async (options: HessianFreeOptions) => {
      const trainer = await openSmall(bench, [hessianFree({ ...steps, ...options })]);
      await train(trainer, 4);
      return await trainer.theta(0);
    };
    const grown = await thetaOf({ gradientCases: grows });
    const again = await thetaOf({ gradientCases: grows });
    assertEquals(grown, again);
    assertNotEquals(grown, await thetaOf({ gradientCases: 13 }));
    assertNotEquals(grown, await thetaOf({ gradientCases: grows, blockCases: 5 }));
  },
);

gpuTest("Hessian-free refuses what it cannot train, in a line, before it trains", async (bench) => {
  const refused = async (message: string, optimizers: () => Optimizer[]) => {
    const { allocatedBytes } = bench.gpu;
    const model = smallAutoencoder(bench);
    const held = bench.gpu.allocatedBytes - allocatedBytes;
    const error = await assertRejects(async () =>
      await open(bench, {
        model,
        replicas: optimizers().map((optimizer) => replica(1, optimizer, glorot())),
        batchSize: cases,
      }), InputError);
    assertStringIncludes(error.message, message);
    assertEquals(error.message.includes("\n"), false);
    await bench.gpu.settle();
    assertEquals(bench.gpu.allocatedBytes, allocatedBytes + held, message);
  };
  const one = (options: HessianFreeOptions) => () => [hessianFree(options)];
  await refused("the cg steps must be a whole number at least 1", one({ cgSteps: 0 }));
  await refused("the lambda must be above 0, not 0", one({ lambda: 0 }));
  await refused("the decay must be at least 0 and at most 1, not 1.5", one({ decay: 1.5 }));
  await refused("must be at most the 37 training cases, not 38", one({ gradientCases: 38 }));
  await refused(
    "curvatureCases must be at most the 20 cases of the gradient, not 21",
    one({ gradientCases: 20, curvatureCases: 21 }),
  );
  await refused("structural damping is that of recurrent layers", one({ structuralDamping: 1 }));
  await refused(
    "networks of one trainer share their cases",
    () => [hessianFree({ curvatureCases: 9 }), hessianFree({ curvatureCases: 8 })],
  );
  await refused(
    "hf drives its own updates and cm does not take them",
    () => [hessianFree(), classicalMomentum({ learningRate: 0.1, momentum: 0.9 })],
  );
  const groups = [{ match: () => true, settings: { decay: 0 } }];
  await refused("groups may differ in l2OfAll, not in decay", one({ groups }));
  assertThrows(() => lookahead(hessianFree()), InputError, "hf, which drives its own updates");
});

gpuTest(
  "a layer that lacks a rule of second order is refused when a trainer is opened",
  async (bench) => {
    const still: Layer = (tape, x) => {
      const y = tape.value(x.columns);
      return tape.record({ name: "still", reads: [x], writes: y, forward() {}, backward() {} });
    };
    const inputs = { data: draw(24, 1), width: 3 };
    const opened = (layer: Layer, options: HessianFreeOptions) =>
      open(bench, {
        model: network({
          source: examples({ train: { inputs } }),
          layers: sequential(layer, dense({ units: 3 })),
          loss: squaredError,
        }),
        replicas: [replica(1, hessianFree(options), glorot())],
        batchSize: 8,
      });
    const refused = async (layer: Layer, options: HessianFreeOptions, message: string) => {
      const error = await assertRejects(() => opened(layer, options), InputError);
      assertStringIncludes(error.message, message);
    };
    const behind = sequential(dense({ units: 2 }), still);
    await refused(behind, { precondition: 0 }, "the layer still has no tangent, which a method of");
    // What no parameter moves has no need of one.
    await opened(still, { precondition: 0 });
    await refused(layerNorm(), {}, "layer norm of 3 units has no squares of gradients");
    await opened(layerNorm(), { precondition: 0 });
  },
);

function distance(a: Float64Array, b: Float64Array): number {
  return Math.hypot(...a.map((a, i) => a - b[i]));
}
