import { assert, assertEquals, assertLess, assertRejects } from "@std/assert";
import { InputError } from "../../../core/errors.ts";
import { type Cell, cellId, readCells } from "../../../experiments/study/cell.ts";
import type { AutoencoderConfiguration } from "../../../experiments/studies/configuration.ts";
import type { PlannedNetwork } from "../../../experiments/studies/grid.ts";
import { type Round, trainRound } from "../../../experiments/study/round.ts";
import {
  checkpointPath,
  readCheckpoint,
  statePath,
  unfinishedRounds,
} from "../../../experiments/study/round_checkpoint.ts";
import { exists } from "../../../experiments/files/files.ts";
import { listenForInterruption } from "../../../experiments/terminal/signals.ts";
import { scratch } from "../scratch.ts";
import { type Bench, gpuTest } from "../../gpu/fixture.ts";
import { Problem } from "../../models/problem.ts";

const layers = [17, 9, 3];

const common: AutoencoderConfiguration = {
  network: "autoencoder",
  problem: "curves",
  data: "drawn",
  layers,
  activation: "sigmoid",
  init: "sparse",
  initScale: 1,
  optimizer: "nag",
  mu: 0.99,
  schedulePeriod: 2,
  finish: 5,
  learningRate: 0.1,
  seed: 1,
  updates: 17,
  batchSize: 5,
  reportEvery: 4,
  reportCases: 7,
};

function network(changes: Partial<AutoencoderConfiguration> = {}): PlannedNetwork {
  const configuration = { ...common, ...changes };
  return { id: cellId(configuration), configuration };
}

const networks = [
  network(),
  network({ optimizer: "cm", mu: 0.9 }),
  network({ optimizer: "sgd", mu: 0 }),
];

function modelOf(bench: Bench) {
  return new Problem(bench, { layers, cases: 23, testCases: 11 }).model;
}

function placeOf(bench: Bench, folder: string, interruption = new AbortController().signal) {
  return { gpu: bench.gpu, adapter: "test", folder, interruption };
}

/** What cells say of the networks alone. */
function results(folder: string): Pick<Cell, "id" | "configuration" | "result">[] {
  return [...readCells(folder).values()]
    .map(({ id, configuration, result }) => ({ id, configuration, result }));
}

async function trained(bench: Bench, round: Round) {
  using folder = scratch();
  await trainRound(round, placeOf(bench, folder.path), () => {});
  return results(folder.path);
}

gpuTest(
  "trainRound() reports at intervals, where the finish begins and at the end",
  async (bench) => {
    const cells = await trained(bench, { model: modelOf(bench), networks });
    assertEquals(cells.length, networks.length);
    for (const { result, configuration } of cells) {
      assertEquals(result.status, "ok");
      assertEquals(result.curve.map(({ update }) => update), [4, 8, 12, 16, 17]);
      const { final, beforeFinish } = result;
      for (const errors of [final, beforeFinish!, ...result.curve]) {
        assert(errors.train! > 0 && errors.test! > 0 && errors.train !== errors.test);
      }
      if (configuration.optimizer === "nag") assertLess(final.train!, result.curve[0].train!);
    }
  },
);

gpuTest("trainRound() goes on where it was interrupted, to the same figures", async (bench) => {
  const round = { model: modelOf(bench), networks };
  const whole = await trained(bench, round);
  using folder = scratch();
  const path = checkpointPath(folder.path, networks);
  for (const stop of [4, 12, 16]) {
    const controller = new AbortController();
    const place = placeOf(bench, folder.path, controller.signal);
    await assertRejects(() =>
      trainRound(round, place, (update) => {
        if (update >= stop) controller.abort(new DOMException("enough", "AbortError"));
      }), DOMException);
    assert(exists(path));
    assertEquals(results(folder.path), []);
  }
  await trainRound(round, placeOf(bench, folder.path), () => {});
  assertEquals(results(folder.path), whole);
  assertEquals(exists(path), false);
});

gpuTest("trainRound() saves at a signal that asks for it, and goes on", async (bench) => {
  const round = { model: modelOf(bench), networks };
  const whole = await trained(bench, round);
  for (const signal of ["SIGUSR1", "SIGUSR2"] as const) {
    using folder = scratch();
    using interruption = listenForInterruption();
    const saved: boolean[] = [];
    await trainRound(round, placeOf(bench, folder.path, interruption.signal), (update) => {
      saved.push(exists(checkpointPath(folder.path, networks)));
      if (update === 4) Deno.kill(Deno.pid, signal);
    });
    assertEquals([saved[0], saved.at(-1), interruption.status], [false, true, undefined]);
    assertEquals(results(folder.path), whole);
  }
});

gpuTest("a round that was interrupted goes on in parts, to the same figures", async (bench) => {
  const model = modelOf(bench);
  const whole = await trained(bench, { model, networks });
  using folder = scratch();
  const controller = new AbortController();
  await assertRejects(
    () =>
      trainRound({ model, networks }, placeOf(bench, folder.path, controller.signal), (update) => {
        if (update >= 12) controller.abort(new DOMException("enough", "AbortError"));
      }),
    DOMException,
  );
  assertEquals(await unfinishedRounds(folder.path, networks, 3), [networks]);
  assertEquals(await unfinishedRounds(folder.path, [network({ seed: 2 })], 3), []);
  // Who wants one of them leaves the others as they are.
  assertEquals(await unfinishedRounds(folder.path, networks.slice(1, 2), 3), [
    networks.slice(1, 2),
  ]);
  const apart = [networks.slice(1, 2), [networks[0], networks[2]]];
  for (const networks of apart) {
    const { state } = await readCheckpoint(checkpointPath(folder.path, networks), "test");
    assertEquals([state.update, state.replicas.length], [12, networks.length]);
  }
  const parts = networks.map((network) => [network]);
  const divided = await unfinishedRounds(folder.path, networks, 1);
  assertEquals(
    divided.flat().map(({ id }) => id).toSorted(),
    parts.flat().map(({ id }) => id).toSorted(),
  );
  assertEquals(divided.every(({ length }) => length === 1), true);
  assertEquals(exists(checkpointPath(folder.path, networks)), false);
  for (const networks of parts) {
    const { state } = await readCheckpoint(checkpointPath(folder.path, networks), "test");
    assertEquals([state.update, state.replicas.length], [12, networks.length]);
    await trainRound({ model, networks }, placeOf(bench, folder.path), () => {});
  }
  const byId = (a: Pick<Cell, "id">, b: Pick<Cell, "id">) => a.id.localeCompare(b.id);
  assertEquals(results(folder.path).toSorted(byId), whole.toSorted(byId));
});

gpuTest("trainRound() refuses a damaged checkpoint in words that name it", async (bench) => {
  const round = { model: modelOf(bench), networks };
  using folder = scratch();
  const path = checkpointPath(folder.path, networks);
  const controller = new AbortController();
  await assertRejects(() =>
    trainRound(
      round,
      placeOf(bench, folder.path, controller.signal),
      () => controller.abort(new DOMException("enough", "AbortError")),
    )
  );
  const bytes = Deno.readFileSync(path);
  bytes[bytes.length - 5] ^= 1;
  Deno.writeFileSync(path, bytes);
  await assertRejects(
    () => trainRound(round, placeOf(bench, folder.path), () => {}),
    InputError,
    `${path}: `,
  );
  assertEquals(Deno.readFileSync(path), bytes);
});

gpuTest("trainRound() keeps states for others to begin at", async (bench) => {
  const model = modelOf(bench);
  const plain = [network({ finish: 0 })];
  using folder = scratch();
  const place = placeOf(bench, folder.path);
  await trainRound({ model, networks: plain, keep: [6, 12] }, place, () => {});
  const [whole] = results(folder.path);
  assertEquals(whole.result.curve.map(({ update }) => update), [4, 6, 8, 12, 16, 17]);
  for (const at of [6, 12]) {
    const { state } = await readCheckpoint(statePath(folder.path, plain, at), "test");
    assertEquals(state.update, at);
    // A branch that changes nothing is the trunk itself, to the bit.
    const branch = await trained(bench, { model, networks: plain, from: state });
    assertEquals(branch[0].result.final, whole.result.final);
  }
});

gpuTest("trainRound() tells where a network diverged, and trains the others", async (bench) => {
  const mixed = [network({ learningRate: 1e30 }), network()];
  const cells = await trained(bench, { model: modelOf(bench), networks: mixed });
  const alone = await trained(bench, { model: modelOf(bench), networks: [mixed[1]] });
  const of = (id: string) => cells.find((cell) => cell.id === id)!.result;
  const { status, divergedAt, final } = of(mixed[0].id);
  assertEquals([status, final], ["diverged", { train: null, test: null }]);
  assert(divergedAt !== null && divergedAt < common.updates);
  assertEquals(of(mixed[1].id), alone[0].result);
});
