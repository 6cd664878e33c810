import { assertEquals, assertLessOrEqual, assertNotEquals, assertRejects } from "@std/assert";
import { InputError } from "../../core/errors.ts";
import { echoState } from "../../core/init/echo_state.ts";
import { gaussian } from "../../core/init/gaussian.ts";
import { sparse } from "../../core/init/sparse.ts";
import { adamW } from "../../core/optim/adamw.ts";
import { classicalMomentum } from "../../core/optim/classical_momentum.ts";
import { norm } from "../../core/ops/norm.ts";
import { pointwise } from "../../core/ops/pointwise.ts";
import { nesterov } from "../../core/optim/nesterov.ts";
import { type TensorShape, VectorLayout } from "../../core/gpu/vector.ts";
import type { Family, Numbers, Optimizer } from "../../core/optim/family.ts";
import { sgd } from "../../core/optim/sgd.ts";
import { lowMomentumFinish, paperMomentum, type Schedule } from "../../core/optim/schedule.ts";
import { decodeCheckpoint, encodeCheckpoint } from "../../core/train/checkpoint.ts";
import type { Model } from "../../core/graph/model.ts";
import { networkState } from "../../core/train/network.ts";
import type { ReplicaState, TrainerState } from "../../core/train/state.ts";
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
    replicas: replicas.map(({ seed: _, parameters, states, ...others }) => ({
      ...others,
      parameters: new Uint32Array(parameters.buffer),
      states: Object.fromEntries(
        Object.entries(states).map(([name, { layout, values }]) => [
          name,
          { tensors: layout.tensors, bits: new Uint32Array(values.buffer) },
        ]),
      ),
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
    assertEquals(branches.changedStates, ['network 2: "velocity" of nag was left out']);
    assertEquals(picked.changedStates, []);
  },
);

/** How far the point of the gradient lies from theta, in velocities. */
function leadOf({ groups: [{ theta }] }: ReplicaState): number {
  return -(theta.velocity ?? 0);
}

/** The parameters that a state is opened with under another optimizer, and theta there. */
async function under(bench: Bench, model: Model, state: TrainerState, optimizer: Optimizer) {
  const trainer = await open(bench, { model, replicas: [replica(2, optimizer)] }, state);
  const { replicas: [saved] } = await trainer.save();
  const theta = model.layout.pack(await trainer.theta());
  const { velocity } = saved.states;
  return { parameters: saved.parameters, velocity: velocity?.values, lead: leadOf(saved), theta };
}

gpuTest("Trainer.open() leaves theta where another momentum leads it", async (bench) => {
  const model = autoencoderOf(bench);
  const trunk = await open(bench, { model, replicas: [mixed[0]] });
  await history(trunk, { updates: 7, evalCases: 0 });
  const state = await trunk.save();
  const [{ parameters: phi, states: { velocity: { values: v } } }] = state.replicas;
  const lead = leadOf(state.replicas[0]);
  assertEquals(lead, Math.fround(momentum(7)));
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
  const atTheta = Float32Array.from(phi, (x, i) => x - lead * v[i]);
  assertEquals(plain.parameters, atTheta);
  assertEquals([plain.velocity, plain.lead], [v, 0]);
  const without = await under(bench, model, state, sgd({ learningRate }));
  assertEquals(without.parameters, atTheta);
  assertEquals([without.velocity, without.lead], [undefined, 0]);
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
  const withSecond = (change: Partial<ReplicaState>): TrainerState => ({
    ...state,
    replicas: [one, { ...one, ...change }],
  });
  const withTheta = (theta: Numbers) =>
    withSecond({ groups: one.groups.map((group) => ({ ...group, theta })) });
  const few = new VectorLayout(state.layout.tensors.slice(1));
  const bad: [options: Partial<Options>, from: TrainerState, says: string][] = [
    [{}, { ...state, replicas: [one] }, "the state has 1 networks, and 2 are to be trained"],
    [{ model: wider }, state, '"weights 2" of 9 x 3 where this network has "weights 2" of 9 x 4'],
    [{ model: deeper }, state, '"weights 3" of 3 x 9 where this network has "weights 3" of 3 x 2'],
    [{}, { ...state, update: -1 }, "whole number of updates, not -1"],
    [{}, { ...state, update: 0.5 }, "whole number of updates, not 0.5"],
    [{}, withSecond({ parameters: new Float32Array(8) }), "parameters of a state must be"],
    [
      {},
      withSecond({ states: { velocity: { layout: state.layout, values: new Float32Array(8) } } }),
      '"velocity" must hold',
    ],
    [{}, withTheta({ parameters: 1, velocity: NaN }), '"velocity" must have a number, not NaN'],
    [{}, withTheta({ parameters: NaN }), '"parameters" must have a number, not NaN'],
    [
      {},
      withTheta({ parameters: 1, mean: 1 }),
      'vectors with all tensors, which its "mean" is not',
    ],
    [
      {},
      withSecond({ states: { velocity: { layout: few, values: new Float32Array(few.length) } } }),
      'vectors with all tensors, which its "velocity" is not',
    ],
  ];
  for (const [options, from, says] of bad) {
    const all = { model, replicas: mixed.slice(0, 2), ...options };
    await assertRejects(() => open(bench, all, from), InputError, says);
  }
});

gpuTest("Trainer.open() begins states anew only where it may, and says so", async (bench) => {
  const model = autoencoderOf(bench);
  const plain = await open(bench, {
    model,
    replicas: [replica(2, sgd({ learningRate })), replica(2, nag)],
  });
  await history(plain, { updates: 5, evalCases: 0 });
  const state = await plain.save();
  const replicas = [replica(2, nag), replica(2, nag)];
  await assertRejects(
    () => open(bench, { model, replicas }, state),
    InputError,
    'network 0 was trained by sgd and has no "velocity" of nag: go on with sgd, or set beginStates',
  );
  await assertRejects(
    () => open(bench, { model, replicas, beginStates: false }, state),
    InputError,
  );
  const begun = await open(bench, { model, replicas, beginStates: true }, state);
  assertEquals(begun.changedStates, ['network 0: "velocity" of nag began anew']);
  const { replicas: [fresh, kept] } = await begun.save();
  assertEquals(fresh.parameters, state.replicas[0].parameters);
  assertEquals(fresh.states.velocity.values, new Float32Array(model.layout.length));
  assertEquals([fresh.since, leadOf(fresh)], [5, 0]);
  assertEquals(kept, state.replicas[1]);
  // From there on it is a network at rest.
  const rest = {
    ...networkState(model.layout, [await plain.theta(0), await plain.theta(0)]),
    update: 5,
  };
  const atRest = await open(bench, { model, replicas }, rest);
  assertEquals(atRest.changedStates, []);
  for (const trainer of [begun, atRest]) await history(trainer, { updates, evalCases: 0 });
  const [one, other] = await Promise.all([begun, atRest].map(bitsOf));
  assertEquals(one.replicas[0], other.replicas[0]);
  // The file of a checkpoint holds that it began so.
  const file = await encodeCheckpoint(await begun.save());
  const read = await open(bench, { model, replicas }, (await decodeCheckpoint(file)).state);
  assertEquals(await bitsOf(read), one);
});

gpuTest("Trainer.open() keeps a velocity from NAG to CM and back", async (bench) => {
  const model = autoencoderOf(bench);
  const trunk = await open(bench, { model, replicas: [replica(2, nag)] });
  await history(trunk, { updates: 5, evalCases: 0 });
  const state = await trunk.save();
  const cm = classicalMomentum({ learningRate, momentum });
  const there = await open(bench, { model, replicas: [replica(2, cm)] }, state);
  assertEquals(there.changedStates, []);
  const moved = await there.save();
  const [{ family, since, states, groups }] = moved.replicas;
  assertEquals([family, since], ["cm", 0]);
  assertEquals(states, state.replicas[0].states);
  assertEquals(groups[0].theta, { parameters: 1 });
  assertEquals(moved.replicas[0].parameters, model.layout.pack(await there.theta()));
  const back = await open(bench, { model, replicas: [replica(2, nag)] }, moved);
  assertEquals(back.changedStates, []);
  const [again] = (await back.save()).replicas;
  assertEquals(again.states, states);
  assertEquals(leadOf(again), Math.fround(momentum(5)));
  const [{ parameters: theta }] = moved.replicas;
  const { values: v } = states.velocity;
  assertEquals(again.parameters, theta.map((x, i) => x + Math.fround(momentum(5)) * v[i]));
});

/** The biases of a layout alone, in another order. */
const biasesOf = ({ tensors }: VectorLayout) =>
  new VectorLayout(tensors.filter(({ isBias }) => isBias).toReversed());

/**
 * SGD whose steps shrink as gradients do, with a state of the biases alone, a running number and
 * a measured one.
 */
const own: Family = {
  name: "own",
  settings: [{ name: "rate", help: "" }, { name: "share", default: 0.5, help: "" }],
  states: {
    start: "parameters",
    mean: { layout: biasesOf, initial: "zeros" },
  },
  scalars: ["rate", "pull", "share"],
  running: { product: 1 },
  compute: ({ rate, share }, _, { product }) => ({
    scalars: { rate, pull: 0.125 * product, share },
    running: { product: 0.75 * product },
  }),
  measure: {
    initial: { size: 1 },
    record(plan, { gradient, measured }) {
      const { layout: { length }, replicas } = gradient;
      norm(plan, { x: gradient.buffer, out: measured!.buffer }, { length, replicas });
    },
  },
  theta: ({ pull }) => ({ parameters: 1 - pull, start: pull }),
  record(plan, { parameters, gradient, states: { start, mean }, groupOf, measured, ...update }) {
    pointwise(plan, {
      ...update,
      name: "own",
      body: `// In the padding zeros stay finite, whatever was measured.
        let length = select(rate, rate / (1 + size), size < 0x1p60f);
        parameters -= length * gradient + pull * share * (parameters - start);`,
      reads: { gradient, start },
      updates: { parameters },
      measured: measured!,
      groupOf,
    });
    const isBias = parameters.layout.tensors.map(({ isBias }) => isBias);
    pointwise(plan, {
      ...update,
      name: "own biases",
      body: "mean = mix(gradient, mean, share); parameters -= rate * mean * (pull + 1);",
      reads: { gradient },
      updates: { parameters, mean },
      groupOf: groupOf.map((group, t) => isBias[t] ? group : undefined),
    });
  },
};

const ownOptimizer = (settings: Numbers, groups: Optimizer["groups"] = []): Optimizer => ({
  name: "own",
  family: own,
  settings: { rate: 0.25, share: 0.5, ...settings },
  groups,
});

gpuTest(
  "Trainer.open() goes on with states of other layouts, groups and measures",
  async (bench) => {
    const first = {
      match: ({ name }: TensorShape) => name === "weights 1",
      settings: { rate: 0.5 },
    };
    const options = {
      model: autoencoderOf(bench),
      replicas: [
        replica(2, ownOptimizer({})),
        replica(3, ownOptimizer({ rate: 0.125 }, [first])),
        replica(3, ownOptimizer({ rate: 1e38 })), // it diverges, and what is measured of it
      ],
    };
    const wanted = await whole(bench, options);
    const [{ states, groups, measured }, , wild] = wanted.bits.replicas;
    assertEquals(states.mean.tensors.map(({ name }) => name), [
      "biases 4",
      "biases 3",
      "biases 2",
      "biases 1",
    ]);
    assertEquals(groups.map(({ running }) => running), [0, 1].map(() => ({ product: 0.75 ** 12 })));
    assertEquals(Object.keys(measured), ["size"]);
    assertEquals([Number.isFinite(wild.measured.size), wild.divergedAt !== undefined], [
      false,
      true,
    ]);
    assertEquals(wanted.reports[12][0].scalars.size, measured.size);
    for (const stop of [0, 1, 6, 11]) {
      const { reports, bits } = await resumed(bench, options, stop, 3);
      assertEquals(bits, wanted.bits, `stopped after ${stop}`);
      assertEquals(reports[12], wanted.reports[12]);
    }
  },
);

gpuTest("Trainer.open() takes a network for any optimizer", async (bench) => {
  const model = autoencoderOf(bench);
  const start = model.initialValues(1, sparse({ fanIn: 4 }));
  const optimizers = [
    sgd({ learningRate }),
    classicalMomentum({ learningRate, momentum }),
    nag,
    adamW(),
    ownOptimizer({}),
  ];
  for (const optimizer of optimizers) {
    const trainer = await open(
      bench,
      { model, replicas: [replica(1, optimizer)] },
      networkState(model.layout, [start]),
    );
    assertEquals(trainer.changedStates, []);
    const [{ parameters, states, since, family }] = (await trainer.save()).replicas;
    assertEquals([parameters, since], [model.layout.pack(start), 0]);
    assertEquals(family, optimizer.family.name);
    assertEquals(Object.keys(states), Object.keys(optimizer.family.states));
    for (const [name, { values }] of Object.entries(states)) {
      assertEquals(values, name === "start" ? parameters : new Float32Array(values.length));
    }
    assertEquals(model.layout.pack(await trainer.theta()), parameters);
    const begun = await open(bench, { model, replicas: [replica(1, optimizer)] });
    for (const one of [trainer, begun]) await history(one, { updates: 3, evalCases: 0 });
    assertEquals(await bitsOf(trainer), await bitsOf(begun));
  }
});

gpuTest("Trainer.set() holds until it is set again, and is saved", async (bench) => {
  const model = autoencoderOf(bench);
  const options = { model, replicas: mixed.slice(0, 3) };
  const trainer = await open(bench, options);
  await history(trainer, { updates: 4, evalCases: 0 });
  const before = model.layout.pack(await trainer.theta());
  const untouched = await bitsOf(trainer);
  await trainer.set(0, { momentum: 0.25 });
  const [{ parameters, states, set }, ...others] = (await bitsOf(trainer)).replicas;
  assertEquals(others, untouched.replicas.slice(1));
  assertEquals(set, { momentum: 0.25 });
  assertEquals(states, untouched.replicas[0].states);
  // The point of the gradient has moved, and theta has not.
  assertNotEquals(parameters, untouched.replicas[0].parameters);
  const phi = new Float32Array(parameters.buffer);
  model.layout.pack(await trainer.theta()).forEach((value, i) => {
    const scale = Math.abs(phi[i]) + Math.abs(value) + Math.abs(before[i]);
    assertLessOrEqual(Math.abs(value - before[i]), unitRoundoff * scale * (1 + unitRoundoff));
  });
  const { state } = await decodeCheckpoint(await encodeCheckpoint(await trainer.save()));
  const second = await open(bench, options, state);
  for (const one of [trainer, second]) {
    const reports = await history(one, { updates: 8, every: 1, evalCases: 0 });
    for (const [{ scalars }] of Object.values(reports)) {
      const { learning_rate: _, ...rest } = scalars;
      assertEquals(rest, { momentum: 0.25, lead: 0.25, next_lead: 0.25 });
    }
    await one.set(0, { momentum: 0.5, learningRate: 0.125 });
    await history(one, { updates, evalCases: 0 });
  }
  assertEquals(await bitsOf(second), await bitsOf(trainer));
  assertEquals((await trainer.save()).replicas[0].set, { momentum: 0.5, learningRate: 0.125 });
});

gpuTest("Trainer.set() refuses what is no setting, and no network", async (bench) => {
  const trainer = await open(bench, {
    model: autoencoderOf(bench),
    replicas: mixed.slice(0, 2),
  });
  const before = await bitsOf(trainer);
  const refused = (r: number, settings: Numbers, says: string) =>
    assertRejects(() => trainer.set(r, settings), InputError, says);
  await refused(1, { momentum: 0.5 }, 'sgd has no setting "momentum"');
  await refused(0, { momentum: 1 }, "at least 0 and below 1, not 1");
  await refused(0, { momentum: 0.5, learningRate: NaN }, "above 0, not NaN");
  await refused(2, { learningRate: 0.5 }, "networks 0 to 1, and no network 2");
  assertEquals(await bitsOf(trainer), before);
});

gpuTest("Trainer.stateBytes() counts what an optimizer keeps", async (bench) => {
  const model = autoencoderOf(bench);
  const optimizers = [nag, sgd({ learningRate }), adamW(), ownOptimizer({}), nag];
  const trainer = await open(bench, {
    model,
    replicas: optimizers.map((optimizer) => replica(1, optimizer)),
  });
  const biases = biasesOf(model.layout).length / model.layout.length;
  assertEquals(optimizers.map((_, r) => trainer.stateBytes(r)), [4, 0, 8, 4 + 4 * biases, 4]);
});

gpuTest("Trainer.save() refuses while updates are submitted", async (bench) => {
  const trainer = await open(bench, { model: autoencoderOf(bench), replicas: mixed });
  const running = history(trainer, { updates: 60, evalCases: 0 });
  await assertRejects(() => trainer.save(), Error, "save between reports");
  await running;
  assertEquals((await trainer.save()).update, 60);
});
