import { assertEquals, assertLessOrEqual, assertNotEquals, assertRejects } from "@std/assert";
import { InputError } from "../../core/errors.ts";
import { echoState } from "../../core/init/echo_state.ts";
import { gaussian } from "../../core/init/gaussian.ts";
import { sparse } from "../../core/init/sparse.ts";
import { classicalMomentum } from "../../core/optim/classical_momentum.ts";
import { nesterov } from "../../core/optim/nesterov.ts";
import type { Optimizer } from "../../core/optim/family.ts";
import { sgd } from "../../core/optim/sgd.ts";
import { lowMomentumFinish, paperMomentum, type Schedule } from "../../core/optim/schedule.ts";
import { decodeCheckpoint, encodeCheckpoint } from "../../core/train/checkpoint.ts";
import type { Model } from "../../core/train/model.ts";
import { networkState } from "../../core/train/network.ts";
import type { TrainerState } from "../../core/train/state.ts";
import { type Replica, Trainer, type TrainerOptions } from "../../core/train/trainer.ts";
import { rnn } from "../../models/rnn.ts";
import { markedTask } from "../../models/problems/sequence_tasks.ts";
import { type Bench, gpuTest } from "../gpu/fixture.ts";
import { layersOf, Problem } from "../models/problem.ts";
import { flatten, lossAndGradient, unflatten } from "../../core/reference/network.ts";
import { TwoBuffer } from "../../core/reference/optimizers.ts";
import {
  gradientTolerance,
  relativeDifference,
  unitRoundoff,
} from "../../core/reference/tolerance.ts";
import { history, replica } from "./training.ts";

const updates = 12;
const momentum = lowMomentumFinish(paperMomentum({ cap: 0.95, period: 3 }), { updates, length: 4 });
const learningRate: Schedule = (step) => 0.1 / (1 + step / 10);
const nag = nesterov({ learningRate, momentum });
const wild: Schedule = (step) => step === 3 ? 1e38 : 0.1;

/** Every optimizer, a seed above 2^32, and networks that diverge at once and in the midst. */
const mixed = [
  replica(2, nag),
  replica(1, sgd({ learningRate: 0.2 })),
  replica(2 ** 40, classicalMomentum({ learningRate, momentum }), gaussian({ deviation: 0.1 })),
  replica(1, nesterov({ learningRate: 1e30, momentum })),
  replica(3, nesterov({ learningRate: wild, momentum })),
];

/** Batches of 5 of 23 cases, so that they straddle epochs, and layers that need padding. */
function autoencoderOf(bench: Bench): Model {
  return new Problem(bench, { layers: [17, 9, 3], cases: 23 }).model;
}

type Options = Omit<TrainerOptions, "batchSize" | "from">;

async function open(bench: Bench, options: Options, from?: TrainerState): Promise<Trainer> {
  const all = { batchSize: 5, ...options, ...from && { from } };
  return bench.take(await Trainer.open(bench.gpu, all));
}

/** The bits of everything that a trainer holds. */
async function bitsOf(trainer: Trainer) {
  const { update, replicas } = await trainer.save();
  return {
    update,
    replicas: replicas.map(({ parameters, velocity, lead, divergedAt }) => ({
      parameters: new Uint32Array(parameters.buffer),
      velocity: new Uint32Array(velocity.buffer),
      lead,
      divergedAt,
    })),
  };
}

/** What comes of a run that goes through the file of a checkpoint after `stop` updates. */
async function resumed(bench: Bench, options: Options, stop: number, every: number) {
  const first = await open(bench, options);
  await history(first, { updates: stop, every, evalCases: 0 });
  const file = await encodeCheckpoint(await first.save());
  const second = await open(bench, options, (await decodeCheckpoint(file)).state);
  assertEquals(await bitsOf(second), await bitsOf(first));
  const reports = await history(second, { updates, every: 4, evalCases: 12 });
  return { reports, bits: await bitsOf(second) };
}

async function whole(bench: Bench, options: Options) {
  const trainer = await open(bench, options);
  const reports = await history(trainer, { updates, every: 4, evalCases: 12 });
  return { reports, bits: await bitsOf(trainer) };
}

for (
  const [what, replicas, stride] of [
    ["one network", mixed.slice(0, 1), 1],
    ["three networks", mixed.slice(0, 3), 3],
    ["networks that diverge", mixed, 1],
  ] as const
) {
  gpuTest(`Trainer.open() goes on to the same bits: ${what}`, async (bench) => {
    const options = { model: autoencoderOf(bench), replicas };
    const wanted = await whole(bench, options);
    for (let stop = 0; stop <= updates; stop += stride) {
      const { reports, bits } = await resumed(bench, options, stop, 1 + stop % 5);
      assertEquals(bits, wanted.bits, `stopped after ${stop}`);
      for (const [update, report] of Object.entries(reports)) {
        assertEquals(report, wanted.reports[Number(update)], `stopped after ${stop}`);
      }
    }
    const diverged = wanted.bits.replicas.filter(({ divergedAt }) => divergedAt !== undefined);
    assertEquals(diverged.length, Math.max(0, replicas.length - 3));
  });
}

gpuTest("Trainer.open() goes on with recurrent networks to the same bits", async (bench) => {
  const options = {
    model: rnn({ hidden: 9, task: markedTask({ problem: "add", length: 10 }) }),
    replicas: mixed.slice(0, 3).map((one) => ({ ...one, initializer: echoState({ fanIn: 5 }) })),
    clipNorm: 0.1,
  };
  const wanted = await whole(bench, options);
  for (const stop of [1, 5, 8]) {
    const { reports, bits } = await resumed(bench, options, stop, 3);
    assertEquals(bits, wanted.bits);
    assertEquals(reports[12], wanted.reports[12]);
  }
});

gpuTest(
  "Trainer.open() goes on with some of the networks, and with one in branches",
  async (bench) => {
    const model = autoencoderOf(bench);
    const trunk = await open(bench, { model, replicas: mixed });
    await history(trunk, { updates: 5, evalCases: 0 });
    const state = await trunk.save();
    const some = { ...state, replicas: [state.replicas[2], state.replicas[0]] };
    const picked = await open(bench, { model, replicas: [mixed[2], mixed[0]] }, some);
    const fork = { ...state, replicas: [0, 0, 0].map((r) => state.replicas[r]) };
    const optimizers = [nag, nesterov({ learningRate, momentum: 0.5 }), sgd({ learningRate })];
    const branches = await open(bench, {
      model,
      replicas: optimizers.map((optimizer) => replica(2, optimizer)),
    }, fork);
    for (const trainer of [trunk, picked, branches]) {
      await history(trainer, { updates, evalCases: 0 });
    }
    const bits = (await bitsOf(trunk)).replicas;
    assertEquals((await bitsOf(picked)).replicas, [bits[2], bits[0]]);
    const [same, lower, plain] = (await bitsOf(branches)).replicas;
    assertEquals(same, bits[0]);
    assertNotEquals(lower.parameters, bits[0].parameters);
    assertNotEquals(plain.parameters, lower.parameters);
  },
);

/** The parameters that a state is opened with under another optimizer, and theta there. */
async function under(bench: Bench, model: Model, state: TrainerState, optimizer: Optimizer) {
  const trainer = await open(bench, { model, replicas: [replica(2, optimizer)] }, state);
  const { replicas: [{ parameters, velocity, lead }] } = await trainer.save();
  const theta = model.layout.pack(await trainer.theta());
  return { parameters, velocity, lead, theta };
}

gpuTest("Trainer.open() leaves theta where another momentum leads it", async (bench) => {
  const model = autoencoderOf(bench);
  const trunk = await open(bench, { model, replicas: [mixed[0]] });
  await history(trunk, { updates: 7, evalCases: 0 });
  const state = await trunk.save();
  const [{ parameters: phi, velocity: v, lead }] = state.replicas;
  const theta = model.layout.pack(await trunk.theta());
  for (const next of [0.95, 0.5, 0]) {
    const optimizer = nesterov({ learningRate, momentum: next });
    const branch = await under(bench, model, state, optimizer);
    const change = Math.fround(next) - lead;
    assertEquals(branch.parameters, Float32Array.from(phi, (x, i) => x + change * v[i]));
    assertEquals([branch.velocity, branch.lead], [v, Math.fround(next)]);
    branch.theta.forEach((value, i) => {
      // phi is rounded once, and either theta once more.
      const scale = Math.abs(branch.parameters[i]) + Math.abs(value) + Math.abs(theta[i]);
      assertLessOrEqual(Math.abs(value - theta[i]), unitRoundoff * scale * (1 + unitRoundoff));
    });
  }
  // Neither classical momentum nor SGD leads: they start from theta.
  const plain = await under(bench, model, state, classicalMomentum({ learningRate, momentum }));
  assertEquals(plain.parameters, Float32Array.from(phi, (x, i) => x - lead * v[i]));
});

gpuTest("Trainer.open() replaces the schedule as two buffers would", async (bench) => {
  const problem = new Problem(bench, { layers: [17, 9, 3], cases: 23 });
  const { model, network } = problem;
  const [stop, end] = [7, 15];
  const [before, after] = [0.95, 0.6].map((cap) => paperMomentum({ cap, period: 2 }));
  const replicaOf = (momentum: Schedule) => [replica(2, nesterov({ learningRate, momentum }))];
  const trunk = await open(bench, { model, replicas: replicaOf(before) });
  await history(trunk, { updates: stop, evalCases: 0 });
  const trainer = await open(bench, { model, replicas: replicaOf(after) }, await trunk.save());
  await history(trainer, { updates: end, evalCases: 0 });

  const start = flatten(problem.start(2, sparse({ fanIn: 4 })));
  const reference = new TwoBuffer("NAG", start);
  for (let step = 0; step < end; step++) {
    const batch = problem.batch(2, step, 5);
    const gradientAt = (point: Float64Array) =>
      flatten(lossAndGradient(network, unflatten(network, point), batch, batch).gradient);
    reference.step(gradientAt, learningRate(step), (step < stop ? before : after)(step));
  }
  const displacement = (theta: Float64Array) => theta.map((value, i) => value - start[i]);
  const reached = displacement(flatten(layersOf(await trainer.theta())));
  const wanted = displacement(reference.theta);
  assertLessOrEqual(relativeDifference(reached, wanted), gradientTolerance);
});

gpuTest("Trainer.open() starts from a network as from its initializer", async (bench) => {
  const model = autoencoderOf(bench);
  const initializer = sparse({ fanIn: 4 });
  const replicas = [replica(1, nag, initializer), replica(2, nag, initializer)];
  const wanted = await whole(bench, { model, replicas });
  const networks = [1, 2].map((seed) => model.initialValues(seed, initializer));
  const others = replicas.map((one): Replica => ({
    ...one,
    initializer: gaussian({ deviation: 9 }),
  }));
  const trainer = await open(
    bench,
    { model, replicas: others },
    networkState(model.layout, networks),
  );
  await history(trainer, { updates, evalCases: 0 });
  assertEquals(await bitsOf(trainer), wanted.bits);
});

gpuTest("Trainer.open() refuses a state of other networks", async (bench) => {
  const model = autoencoderOf(bench);
  const trainer = await open(bench, { model, replicas: mixed.slice(0, 2) });
  const state = await trainer.save();
  const [one] = state.replicas;
  const wider = new Problem(bench, { layers: [17, 9, 4], cases: 23 }).model;
  const deeper = new Problem(bench, { layers: [17, 9, 3, 2], cases: 23 }).model;
  const bad: [options: Partial<Options>, from: TrainerState, says: string][] = [
    [{}, { ...state, replicas: [one] }, "the state has 1 networks, and 2 are to be trained"],
    [{ model: wider }, state, '"weights 2" of 9 x 3 where this network has "weights 2" of 9 x 4'],
    [{ model: deeper }, state, '"weights 3" of 3 x 9 where this network has "weights 3" of 3 x 2'],
    [{}, { ...state, update: -1 }, "whole number of updates, not -1"],
    [{}, { ...state, update: 0.5 }, "whole number of updates, not 0.5"],
    [{}, { ...state, replicas: [one, { ...one, velocity: new Float32Array(8) }] }, "must hold"],
    [{}, { ...state, replicas: [one, { ...one, lead: NaN }] }, "its lead be a number"],
  ];
  for (const [options, from, says] of bad) {
    const all = { model, replicas: mixed.slice(0, 2), ...options };
    await assertRejects(() => open(bench, all, from), InputError, says);
  }
});

gpuTest("Trainer.save() refuses while updates are submitted", async (bench) => {
  const trainer = await open(bench, { model: autoencoderOf(bench), replicas: mixed });
  const running = history(trainer, { updates: 60, evalCases: 0 });
  await assertRejects(() => trainer.save(), Error, "save between reports");
  await running;
  assertEquals((await trainer.save()).update, 60);
});
