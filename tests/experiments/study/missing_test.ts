import { assertEquals, assertThrows } from "@std/assert";
import { type Cell, cellId, type Configuration } from "../../../experiments/study/cell.ts";
import { type PlannedCell, statePath } from "../../../experiments/study/ledger.ts";
import { missingOf, readyOf, shareOf } from "../../../experiments/study/missing.ts";
import { autoencoderConfiguration } from "../../../experiments/tables/configurations.ts";
import { InputError } from "../../../mod.ts";
import { cellOf } from "../report/results.ts";
import { type Scratch, scratch } from "../scratch.ts";

function configurationOf(changes: Partial<Configuration> = {}): Configuration {
  const base = autoencoderConfiguration({ problem: "curves", layers: [784, 9], data: "none" }, {
    ...{ optimizer: "nag", mu: 0.9, schedulePeriod: 2, finish: 0, learningRate: 0.1, seed: 1 },
    ...{ updates: 40, batchSize: 5, reportEvery: 4, reportCases: 7 },
  });
  return { ...base, ...changes };
}

function trunkOf(seed: number): PlannedCell {
  const configuration = configurationOf({ seed });
  return { id: cellId(configuration), configuration, keep: [10, 20] };
}

function branchOf({ id, configuration }: PlannedCell, update: number): PlannedCell {
  const from = { cell: id, update };
  const branch = { ...configuration, updates: update + 30, from };
  return { id: cellId(branch), configuration: branch, from };
}

const trunk = trunkOf(1);
const early = branchOf(trunk, 10), late = branchOf(trunk, 20);
const all = [trunk, early, late];

/** Networks that came so far. */
function ledgerOf(folder: Scratch, cells: readonly [PlannedCell, Partial<Cell["result"]>][]) {
  return {
    folder: folder.path,
    cells: new Map(cells.map(([{ id, configuration }, changes]) => {
      const cell = cellOf(id, configuration, { train: 1, test: 1 });
      return [id, { ...cell, result: { ...cell.result, ...changes } }];
    })),
  };
}

/** A state is there or not; what it holds does not matter here. */
function writeState(folder: Scratch, { id }: PlannedCell, update?: number): void {
  Deno.mkdirSync(`${folder.path}/cells`, { recursive: true });
  Deno.writeTextFileSync(statePath(folder.path, id, update), "");
}

Deno.test("missingOf() asks for what is not finished, or shorter than asked for", () => {
  using folder = scratch();
  assertEquals(missingOf([trunk], ledgerOf(folder, [])), [trunk]);
  assertEquals(missingOf([trunk], ledgerOf(folder, [[trunk, { status: "unfinished" }]])), [trunk]);
  assertEquals(missingOf([trunk], ledgerOf(folder, [[trunk, {}]])), []);
  const shorter = ledgerOf(folder, [[trunk, { updates: 30 }]]);
  assertThrows(() => missingOf([trunk], shorter), InputError, "keeps no state of a network");
  writeState(folder, trunk);
  assertEquals(missingOf([trunk], shorter), [trunk]);
  // It would not change any more.
  const diverged = ledgerOf(folder, [[trunk, { updates: 30, status: "diverged" }]]);
  assertEquals(missingOf([trunk], diverged), []);
});

Deno.test("missingOf() asks for a finished trunk only where a branch needs a state that is gone", () => {
  using folder = scratch();
  assertEquals(missingOf(all, ledgerOf(folder, [[trunk, {}]])), [
    { ...trunk, lacks: [10, 20] },
    early,
    late,
  ]);
  assertEquals(missingOf(all, ledgerOf(folder, [[trunk, {}], [early, {}], [late, {}]])), []);
  const withoutLate = ledgerOf(folder, [[trunk, {}], [early, {}]]);
  assertEquals(missingOf(all, withoutLate), [{ ...trunk, lacks: [20] }, late]);
  // A branch that has begun goes on from its own state.
  writeState(folder, late);
  assertEquals(missingOf(all, withoutLate), [late]);
});

Deno.test("missingOf() leaves branches out whose trunk diverged before them", () => {
  using folder = scratch();
  writeState(folder, trunk, 10);
  const diverged = ledgerOf(folder, [[trunk, { status: "diverged", updates: 15 }]]);
  assertEquals(missingOf(all, diverged), [early]);
});

Deno.test("readyOf() gives the branches whose beginning is there", () => {
  using folder = scratch();
  const ledger = { folder: folder.path };
  assertEquals(readyOf(all, ledger), [trunk]);
  writeState(folder, trunk, 10);
  assertEquals(readyOf(all, ledger), [trunk, early]);
  writeState(folder, late);
  assertEquals(readyOf(all, ledger), all);
});

Deno.test("shareOf() gives a branch to the machine of its trunk", () => {
  const trunks = [1, 2, 3].map(trunkOf);
  const planned = [10, 20].reduce(
    (cells, at) => [...cells, ...trunks.map((trunk) => branchOf(trunk, at))],
    trunks,
  );
  for (const count of [1, 2, 3, 5]) {
    const shares = Array.from(
      { length: count },
      (_, i) => shareOf(planned, { index: i + 1, count }),
    );
    assertEquals(shares.flat().length, planned.length);
    for (const share of shares) {
      const ids = share.map(({ id }) => id);
      assertEquals(share.filter(({ from }) => from && !ids.includes(from.cell)), []);
    }
  }
});

Deno.test("shareOf() gives the winner of a race to the machine of the race, known or not", () => {
  const races = [1, 2, 3].map(trunkOf), winners = [4, 5].map(trunkOf);
  const planned = [
    ...races,
    ...winners.map((winner, i) => ({ ...winner, wonIn: races[i + 1].id })),
  ];
  for (const index of [1, 2]) {
    const of = (cells: readonly PlannedCell[]) =>
      shareOf(cells, { index, count: 2 }).map(({ id }) => id);
    const own = of(races);
    assertEquals(of(planned).filter((id) => races.some((race) => race.id === id)), own);
    const won = planned.filter(({ wonIn }) => wonIn && own.includes(wonIn)).map(({ id }) => id);
    assertEquals(of(planned), [...own, ...won]);
  }
});
