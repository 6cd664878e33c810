import { table1 } from "../../../experiments/studies/table1.ts";
import { table3 } from "../../../experiments/studies/table3.ts";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Cell, Configuration } from "../../../experiments/study/cell.ts";
import { shareOf } from "../../../experiments/study/missing.ts";
import type {
  AutoencoderGrid,
  PlannedEntry,
  PlannedTable,
} from "../../../experiments/tables/grid.ts";
import { searchRates } from "../../../experiments/tables/rate_search.ts";
import { currentStage, networksOf, nextNetworks } from "../../../experiments/tables/stages.ts";
import { cellOf, type Outcome, type Outcomes, smallTables, trainAll } from "../report/results.ts";

const small = smallTables.table1 as AutoencoderGrid;

function gridOf(budget: Partial<AutoencoderGrid["budget"]>): AutoencoderGrid {
  return { ...small, budget: { ...small.budget, ...budget } };
}

function error(train: number): Outcome {
  return { train, test: train, before: train };
}

/** An error that falls towards a best rate and rises beyond it, up to where training diverges. */
interface Valley {
  readonly best: number;
  /** Rates above so many times the best diverge. */
  readonly stable: number;
}

function outcomeOf({ best, stable }: Valley, rate: number): Outcome {
  return rate > stable * best ? "diverged" : error(1 + Math.abs(Math.log(rate / best)));
}

/** Each stage with the networks that it asks for, until there is none. */
function stagesOf(tables: readonly PlannedTable[], outcomes: Outcomes): Configuration[][] {
  const cells = new Map<string, Cell>(), stages = [];
  for (;;) {
    const next = nextNetworks(tables, cells);
    if (next.length === 0) return stages;
    // More stages than doublings in two directions, and two.
    assert(stages.length < 14, "it does not end");
    for (const { id, configuration } of next) {
      assert(!cells.has(id), "a network is asked for twice");
      cells.set(id, cellOf(id, configuration, outcomes(configuration)!));
    }
    stages.push(next.map(({ configuration }) => configuration));
  }
}

function entryOf(table: PlannedTable, column: string): PlannedEntry {
  return table.entries.find((entry) => entry.column === column)!;
}

/** Rates as users write them: a digit or two at some power of ten. */
const rate = fc.record({
  digits: fc.integer({ min: 1, max: 99 }),
  power: fc.integer({ min: -5, max: -1 }),
})
  .map(({ digits, power }) => Number(`${digits}e${power}`));

Deno.test("nextNetworks() ends at a best rate between others, whatever the initial ones", () => {
  const search = fc.record({
    rates: fc.uniqueArray(rate, { minLength: 1, maxLength: 6 }),
    // From 16 times below the lowest to 16 times above the highest.
    place: fc.double({ min: 0, max: 1, noNaN: true }),
    stable: fc.double({ min: 1, max: 8, noNaN: true }),
  });
  fc.assert(
    fc.property(search, ({ rates, place, stable }) => {
      const low = Math.min(...rates) / 16, high = Math.max(...rates) * 16;
      const valley = { best: low * (high / low) ** place, stable };
      const table = table1.lay(gridOf({ learningRates: rates, mu: [0.9] }));
      const stages = stagesOf([table], ({ learningRate }) => outcomeOf(valley, learningRate));
      const cells = trainAll([table], ({ learningRate }) => outcomeOf(valley, learningRate));
      for (const entry of table.entries) {
        const { best, edge, isDone, rates: tried } = searchRates(entry, cells);
        assertEquals([edge, isDone], [undefined, true]);
        // The least of all that were tried, which stand on both sides of it.
        const finite = tried.map((rate) => ({ rate, outcome: outcomeOf(valley, rate) }))
          .filter(({ outcome }) => outcome !== "diverged") as {
            rate: number;
            outcome: { train: number };
          }[];
        const least = Math.min(...finite.map(({ outcome }) => outcome.train));
        assertEquals(finite.find(({ rate }) => rate === best)?.outcome.train, least);
        assert(tried.some((rate) => rate < best!) && tried.some((rate) => rate > best!));
      }
      // All but the last stage have the first seed alone, and the last one has the others alone.
      const seeds = stages.map((stage) => [...new Set(stage.map(({ seed }) => seed))]);
      assertEquals(seeds.slice(0, -1), seeds.slice(0, -1).map(() => [1]));
      assertEquals(seeds.at(-1), [2, 3, 4]);
    }),
    { numRuns: 60 },
  );
});

Deno.test("nextNetworks() goes no further than 2^6 beyond the initial rates, and marks the edge", () => {
  const table = table1.lay(gridOf({ learningRates: [0.02, 0.01], mu: [0.9] }));
  const [sgd] = table.entries;
  const tried = (outcomes: Outcomes) => {
    const cells = trainAll([table], outcomes);
    assertEquals(nextNetworks([table], cells), []);
    const { rates, edge } = searchRates(sgd, cells);
    return { rates, edge };
  };
  assertEquals(tried(({ learningRate }) => error(1 / learningRate)), {
    rates: [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28],
    edge: "high",
  });
  const lowest = [0.00015625, 0.0003125, 0.000625, 0.00125, 0.0025, 0.005, 0.01, 0.02];
  assertEquals(tried(({ learningRate }) => error(learningRate)), { rates: lowest, edge: "low" });
  // All that diverges lies too high.
  assertEquals(tried(() => "diverged"), { rates: lowest, edge: undefined });
});

Deno.test("nextNetworks() widens one rate in both directions, or not at all where it may not", () => {
  const search = (widen: boolean) => {
    const table = table1.lay(gridOf({ learningRates: [0.02], mu: [0.9], widen }));
    const stages = stagesOf(
      [table],
      ({ learningRate }) => error(Math.abs(learningRate - 0.02) + 1),
    );
    return stages.map((stage) => [...new Set(stage.map(({ learningRate }) => learningRate))]);
  };
  assertEquals(search(true), [[0.02], [0.01, 0.04], [0.02]]);
  assertEquals(search(false), [[0.02], [0.02]]);
});

Deno.test("searchRates() takes of equally good rates one between others, and tries no more", () => {
  const table = table1.lay(gridOf({ learningRates: [0.05, 0.02, 0.01], mu: [0.9] }));
  const search = (best: readonly number[]) => {
    const cells = trainAll([table], (of) => error(best.includes(of.learningRate) ? 0 : 1));
    return searchRates(table.entries[0], cells);
  };
  assertEquals([search([0.02, 0.05]).best, search([0.02, 0.05]).rates.length], [0.02, 3]);
  assertEquals([search([0.01, 0.02]).best, search([0.01, 0.02]).rates.length], [0.02, 3]);
  // Both ends are equally good: the lower one is followed.
  assertEquals(search([0.01, 0.05]).rates, [0.005, 0.01, 0.02, 0.05]);
});

Deno.test("nextNetworks() finds the rate at which tanh units leave the mean image", () => {
  const table = table3.lay(smallTables.table3 as AutoencoderGrid);
  // Found in runs of the small preset: stuck at 0.02 and 0.01, 3.38 at 0.005.
  const tanh: Record<number, number> = { 0.02: 15.83, 0.01: 15.82, 0.005: 3.38, 0.0025: 4.1 };
  const cells = trainAll(
    [table],
    (of) =>
      of.network === "autoencoder" && of.activation === "tanh"
        ? error(tanh[of.learningRate])
        : error(1 + Math.abs(Math.log(of.learningRate / 0.02))),
  );
  const { best, edge, rates } = searchRates(entryOf(table, "SI, tanh"), cells);
  assertEquals({ best, edge, rates }, {
    ...{ best: 0.005, edge: undefined },
    rates: [0.0025, 0.005, 0.01, 0.02],
  });
});

Deno.test("networksOf() and currentStage() do not depend on the order in which cells finish", () => {
  const tables = [table1.lay(small), table3.lay(smallTables.table3 as AutoencoderGrid)];
  const outcomes: Outcomes = ({ learningRate, mu, seed }) =>
    outcomeOf({ best: 0.003 / (1.001 - mu) ** 0.5 * (1 + 0.001 * seed), stable: 3 }, learningRate);
  const whole = networksOf(tables, trainAll(tables, outcomes)).map(({ id }) => id);
  fc.assert(
    fc.property(fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })), (order) => {
      const cells = new Map<string, Cell>();
      for (;;) {
        const stage = currentStage(tables, cells).map(({ id }) => id);
        const next = nextNetworks(tables, cells);
        if (next.length === 0) break;
        // Some of them finish, in any order.
        const shuffled = next.map((network) => ({ network, key: order.next().value! }))
          .toSorted((a, b) => a.key - b.key).map(({ network }) => network);
        const some = shuffled.slice(0, Math.ceil(order.next().value! * shuffled.length) || 1);
        for (const { id, configuration } of some) {
          cells.set(id, cellOf(id, configuration, outcomes(configuration)!));
        }
        // The machines' shares stay as they were until the stage is complete.
        if (some.length < next.length) {
          assertEquals(currentStage(tables, cells).map(({ id }) => id), stage);
        }
      }
      assertEquals(networksOf(tables, cells).map(({ id }) => id), whole);
    }),
    { numRuns: 5 },
  );
});

Deno.test("nextNetworks() asks again for a cell that was deleted", () => {
  const table = table1.lay(gridOf({ mu: [0.9] }));
  const outcomes: Outcomes = ({ learningRate }) => error(1 / learningRate);
  const whole = trainAll([table], outcomes);
  for (const { id } of networksOf([table], whole)) {
    const cells = new Map(whole);
    cells.delete(id);
    assertEquals(nextNetworks([table], cells).map((network) => network.id), [id]);
  }
});

Deno.test("shareOf() of currentStage() lets two machines train the whole of each stage", () => {
  const table = table1.lay(small);
  const outcomes: Outcomes = ({ learningRate }) => error(1 / learningRate);
  const cells = new Map<string, Cell>();
  for (let machine = 1; nextNetworks([table], cells).length > 0; machine = 3 - machine) {
    for (
      const { id, configuration } of shareOf(currentStage([table], cells), {
        index: machine,
        count: 2,
      })
    ) {
      cells.set(id, cellOf(id, configuration, outcomes(configuration)!));
    }
  }
  assertEquals([...cells.keys()].toSorted(), [...trainAll([table], outcomes).keys()].toSorted());
});

Deno.test("nextNetworks() confirms NAG and CM where one of them fails, besides their best rates", () => {
  const table = table1.lay(gridOf({ mu: [0.9, 0.99] }));
  const stages = stagesOf([table], ({ optimizer, mu, learningRate }) => {
    if (optimizer === "cm" && mu === 0.99 && learningRate > 0.03) return error(15.5);
    return error(1 + Math.abs(Math.log(learningRate / 0.02)));
  });
  const last = stages.at(-1)!.filter(({ mu }) => mu === 0.99)
    .map(({ optimizer, learningRate, seed }) => [optimizer, learningRate, seed]);
  assertEquals(
    last.toSorted(),
    ["cm", "nag"].flatMap((optimizer) =>
      [0.02, 0.05].flatMap((rate) => [2, 3, 4].map((seed) => [optimizer, rate, seed]))
    ),
  );
});
