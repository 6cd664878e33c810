import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { InputError } from "../../core/errors.ts";
import { sparse } from "../../core/init/sparse.ts";
import { classicalMomentum } from "../../core/optim/classical_momentum.ts";
import { nesterov } from "../../core/optim/nesterov.ts";
import { decodeCheckpoint, encodeCheckpoint } from "../../core/train/checkpoint.ts";
import {
  legSchedules,
  race,
  raceCost,
  type RaceOptions,
  type RaceReport,
} from "../../core/train/race.ts";
import { legsOf, type RaceLeg } from "../../core/train/race_rules.ts";
import { Trainer } from "../../core/train/trainer.ts";
import { type Bench, gpuTest } from "../gpu/fixture.ts";
import { Problem } from "../models/problem.ts";

const updates = 48;

/** A short race; batches of 5 of 23 cases straddle epochs. */
function optionsOf(bench: Bench, options: Partial<RaceOptions> = {}): RaceOptions {
  return {
    model: new Problem(bench, { layers: [17, 9, 3], cases: 23 }).model,
    ...{ optimizer: nesterov, initializer: sparse({ fanIn: 4 }), seed: 3, batchSize: 5 },
    ...{ updates, places: 5, probe: 4, box: { learningRate: [0.02, 0.6], periods: [1, 2] } },
    ...options,
  };
}

/** Every report, with what was saved at it. */
async function reportsOf(bench: Bench, options: RaceOptions) {
  const reports: (RaceReport & { readonly bytes: Uint8Array<ArrayBuffer> })[] = [];
  for await (const report of race(bench.gpu, options)) {
    reports.push({ ...report, bytes: await report.save() });
  }
  return reports;
}

/** The bits of the parameters and the velocity of each network in the file of a race. */
async function bitsIn(bytes: Uint8Array<ArrayBuffer>): Promise<Uint32Array[][]> {
  const { state: { replicas } } = await decodeCheckpoint(bytes);
  return replicas.map(({ parameters, states }) =>
    [parameters, states.velocity.values].map(({ buffer }) => new Uint32Array(buffer))
  );
}

/** A setting that is written out, trained by a trainer that knows of no race. */
async function trainedPlainly(bench: Bench, options: RaceOptions, legs: readonly RaceLeg[]) {
  const { model, seed, initializer, batchSize } = options;
  const optimizer = options.optimizer(legSchedules(legs, { updates, finish: 3 }));
  const replicas = [{ seed, initializer, optimizer }];
  const trainer = bench.take(await Trainer.open(bench.gpu, { model, replicas, batchSize }));
  for await (const _ of trainer.run({ updates, every: 7, evalCases: 5 }));
  const [{ parameters, states }] = (await trainer.save()).replicas;
  const [{ squaredError }] = await trainer.evaluate("train");
  return {
    bits: [parameters, states.velocity.values].map(({ buffer }) => new Uint32Array(buffer)),
    squaredError,
  };
}

for (const [name, optimizer] of Object.entries({ nag: nesterov, cm: classicalMomentum })) {
  gpuTest(`settings of a race of ${name}, trained plainly, have the same bits`, async (bench) => {
    for (const [seed, places] of [[1, 1], [2, 3], [3, 5]]) {
      const options = optionsOf(bench, { optimizer, seed, places });
      const { tree, winner, bytes } = (await reportsOf(bench, options)).at(-1)!;
      const raced = await bitsIn(bytes);
      const last = tree.filter(({ rung }) => rung === 5);
      assertEquals([tree.length, last.length], [5 * places, places]);
      for (const entry of last) {
        const legs = legsOf(tree, entry, 5);
        const { bits, squaredError } = await trainedPlainly(bench, options, legs);
        assertEquals(bits, raced[entry.place]);
        assertEquals(squaredError, entry.score);
        if (entry.place === winner!.place) assertEquals(legs, winner!.legs);
      }
      assertEquals(winner!.score, Math.min(...last.map(({ score }) => score)));
      // Something was switched within the race, or nothing was shown.
      assert(places === 1 || last.some((entry) => legsOf(tree, entry, 5).length > 1));
    }
  });
}

gpuTest("a race that goes on from any of its reports ends with the same bits", async (bench) => {
  const options = optionsOf(bench, { every: 8, places: 3 });
  const whole = await reportsOf(bench, options);
  // At 3, 6, 12 and 24 it decides; it branches an update before.
  assertEquals(whole.map(({ update }) => update), [2, 5, 8, 11, 16, 23, 24, 32, 40, 48]);
  const { tree, winner, bytes } = whole.at(-1)!;
  for (const { bytes: from, done, update } of whole) {
    assertEquals((await decodeCheckpoint(from)).state.update, update);
    const resumed = (await reportsOf(bench, { ...options, from })).at(-1)!;
    assertEquals(resumed.tree, tree);
    assertEquals(resumed.winner?.legs, winner!.legs);
    assertEquals(resumed.bytes, bytes);
    assert(done <= resumed.total);
  }
  assertEquals(whole.at(-1)!.done, 3 * updates);
});

gpuTest("a race that is interrupted tells where it stands", async (bench) => {
  const options = optionsOf(bench, { every: 4 });
  const whole = (await reportsOf(bench, options)).at(-1)!;
  for (const rung of [0, 1, 3]) {
    const stop = new AbortController();
    if (rung === 0) stop.abort();
    let from: Uint8Array<ArrayBuffer> | undefined, isOver = false;
    for await (const report of race(bench.gpu, { ...options, signal: stop.signal })) {
      isOver = report.winner !== undefined;
      from = await report.save({ cell: "a" });
      if ((report.tree.at(-1)?.rung ?? 0) >= rung) stop.abort();
    }
    assertEquals(isOver, false);
    assertEquals((await decodeCheckpoint(from!)).metadata.cell, "a");
    const resumed = (await reportsOf(bench, { ...options, from: from! })).at(-1)!;
    assertEquals(resumed.tree, whole.tree);
    assertEquals(await bitsIn(resumed.bytes), await bitsIn(whole.bytes));
  }
});

gpuTest("a score is the error after updates at 0.9 at most, of a branch alone", async (bench) => {
  const box = { learningRate: [0.02, 0.6] as const, caps: [0.99], periods: [1] };
  const options = optionsOf(bench, { box, places: 3 });
  const { tree } = (await reportsOf(bench, options)).at(-1)!;
  const { model, seed, initializer, batchSize } = options;
  // At update 12 the momentum is 0.96, and it would go on to 0.97.
  for (const entry of tree.filter(({ update }) => update === 12)) {
    const legs = legsOf(tree, entry, entry.rung);
    const { learningRate, momentum } = legSchedules(legs, { updates, finish: 3 });
    const low = (step: number) => step < 12 ? momentum(step) : Math.min(0.9, momentum(step));
    const optimizer = nesterov({ learningRate, momentum: low });
    const replicas = [{ seed, initializer, optimizer }];
    const trainer = bench.take(await Trainer.open(bench.gpu, { model, replicas, batchSize }));
    const errors: number[] = [];
    for (const stop of [12, 16]) {
      for await (const _ of trainer.run({ updates: stop, evalCases: 0 }));
      errors.push((await trainer.evaluate("train"))[0].squaredError);
    }
    assertEquals([entry.scoreWithoutProbe, entry.score], errors);
  }
});

gpuTest("without refilling a race is successive halving of settings that stay", async (bench) => {
  const options = optionsOf(bench, { refill: false, places: 7 });
  const { tree, winner, total, done } = (await reportsOf(bench, options)).at(-1)!;
  const byRung = Map.groupBy(tree, ({ rung }) => rung);
  assertEquals([...byRung.values()].map(({ length }) => length), [7, 4, 2, 1, 1]);
  // Those are the best of the rung before, whatever they were scored for afterwards.
  for (const [rung, entries] of byRung) {
    const next = byRung.get(rung + 1)?.map(({ place }) => place);
    if (!next) continue;
    const ranked = entries.toSorted((a, b) => a.score - b.score).map(({ place }) => place);
    assertEquals(next, ranked.slice(0, next.length).toSorted());
  }
  assertEquals(winner!.legs.length, 1);
  assertEquals([total, done], [7 * 3 + 4 * 3 + 2 * 6 + 12 + 24, total]);
  // Three updates of a leg, and at each rung one more than the probe.
  assertEquals(raceCost({ ...options, updates }), total + (7 + 4 + 2 + 1) * 5);
  assertEquals(raceCost({ updates: 3200, places: 16 }), 16 * (3200 + 4 * 81));
});

gpuTest("a network that is not finite scores worst and has no branches", async (bench) => {
  const box = { learningRate: [0.1, 1e30] as const, caps: [0.9], periods: [2] };
  const { tree, winner } = (await reportsOf(bench, optionsOf(bench, { box }))).at(-1)!;
  const first = tree.filter(({ rung }) => rung === 1);
  const lost = first.filter(({ score }) => Number.isNaN(score)).map(({ place }) => place);
  assertNotEquals(lost, []);
  assertEquals(tree.filter(({ rung, parent }) => rung === 2 && lost.includes(parent!)), []);
  assert(Number.isFinite(winner!.score));

  const none = { learningRate: [1e30, 1e30] as const, caps: [0.9], periods: [2] };
  const reports = await reportsOf(bench, optionsOf(bench, { box: none, places: 2 }));
  assertEquals(reports.at(-1)!.winner, undefined);
  // NaN stands in a file as well.
  const { bytes } = reports[1];
  const resumed = await reportsOf(bench, optionsOf(bench, { box: none, places: 2, from: bytes }));
  assertEquals(resumed.at(-1)!.tree, reports.at(-1)!.tree);
});

gpuTest("race() refuses what is none, and a file that is not of it", async (bench) => {
  const refused = async (options: Partial<RaceOptions>, words: string) => {
    const run = () => reportsOf(bench, optionsOf(bench, options));
    await assertRejects(run, InputError, words);
  };
  await refused({ updates: 15 }, "at least 16 updates, not 15");
  await refused({ places: 0 }, "a whole number from 1");
  await refused({ places: 1.5 }, "not 1.5");
  await refused({ finish: 25 }, "it may be 0 to 24");
  await refused({ probe: 0 }, "the probe of a race must be a whole number above 0");
  await refused({ figure: "loss" }, 'no figure "loss" to race by, only squaredError');
  await refused({ box: { learningRate: [0.2, 0.1] } }, "not 0.2 and 0.1");
  await refused({ box: { caps: [0.9, 0.5] } }, "ascending, not 0.9, 0.5");
  await refused({ box: { caps: [1] } }, "below 1, not 1");
  await refused({ box: { periods: [] } }, "not none");
  const [{ bytes }] = await reportsOf(bench, optionsOf(bench));
  await refused({ from: bytes, seed: 4 }, "a race with other options");
  const plain = await Trainer.open(bench.gpu, {
    model: optionsOf(bench).model,
    replicas: [{
      seed: 1,
      initializer: sparse(),
      optimizer: nesterov({ learningRate: 1, momentum: 0 }),
    }],
    batchSize: 5,
  });
  const none = await encodeCheckpoint(await bench.take(plain).save());
  await refused({ from: none }, "none of a race");
  await refused({ from: bytes.slice(0, -1) }, "");
});
