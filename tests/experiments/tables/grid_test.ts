import { table1 } from "../../../experiments/studies/table1.ts";
import { table2 } from "../../../experiments/studies/table2.ts";
import { table3 } from "../../../experiments/studies/table3.ts";
import { table5 } from "../../../experiments/studies/table5.ts";
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { cellId, type Configuration } from "../../../experiments/study/cell.ts";
import { readHFSchedule } from "../../../experiments/study/hf_schedules.ts";
import { shareOf } from "../../../experiments/study/missing.ts";
import { momentumOf, reachedMomentum } from "../../../experiments/study/momentum.ts";
import {
  type AutoencoderGrid,
  networkOf,
  type PlannedTable,
} from "../../../experiments/tables/grid.ts";
import { networksOf } from "../../../experiments/tables/stages.ts";

const paper: AutoencoderGrid = {
  problem: "curves",
  layers: [784, 400, 200, 100, 50, 25, 6],
  data: "stand-in, seed 1",
  budget: { ...table1.budgets.paper, hfUpdates: 0, hfDaggerUpdates: 0 },
};
const withBudget = (changes: Partial<AutoencoderGrid["budget"]>): AutoencoderGrid => ({
  ...paper,
  budget: { ...paper.budget, ...changes },
});

Deno.test("table1.lay() lays Hessian-free as published, where it is to be trained", () => {
  const budget = { hfUpdates: 3, hfDaggerUpdates: 5, hfDaggerSteps: 10 };
  const { entries } = table1.lay(withBudget(budget));
  const [dagger, hf] = entries.slice(-2);
  assertEquals(entries.length, 9 + 2);
  assertEquals([dagger.column, hf.column], ["HF†", "HF*"]);
  for (const { configuration, learningRates, widen } of [dagger, hf]) {
    const { mu, schedule, learningRate, finish } = configuration;
    assertEquals([mu, schedule, learningRate, finish], [0, "none", 0, 0]);
    assertEquals([learningRates, widen], [[0], false]);
  }
  const settings = ({ configuration: { optimizer, updates, own } }: typeof hf) => {
    const { lambda, lambdaMin, decay, cgSteps, l2OfAll } = own as Record<
      string,
      number | undefined
    >;
    return [optimizer, updates, lambda, lambdaMin, decay, cgSteps, l2OfAll];
  };
  assertEquals(settings(dagger), ["hf-dagger", 5, 45, 0.03, 0.95, 10, 2e-5]);
  assertEquals(settings(hf), ["hf", 3, 45, 0, 0.95, 250, 2e-5]);
  const scheduled = table1.lay(withBudget({ hfDaggerUpdates: 20_000 })).entries.at(-1)!;
  const { updates, hfSchedule } = scheduled.configuration;
  assertEquals([updates, hfSchedule], [13_000, readHFSchedule("paper-curves")]);
  assertEquals(settings(scheduled).slice(2), [45, 0.03, undefined, undefined, undefined]);
});

/** What is asked for at first: every learning rate on the first seed. */
const firstOf = (table: PlannedTable) => networksOf([table], new Map());

Deno.test("table1.lay() lays the 54 networks of the paper", () => {
  const networks = firstOf(table1.lay(paper));
  assertEquals(networks.length, 54);
  assertEquals(new Set(networks.map(({ id }) => id)).size, 54);
});

Deno.test("table1.lay() trains caps that the schedule does not reach once", () => {
  // Before the finish of 1000 of 7500 updates floor(t / 250) is 25 at most: 1 - 1/52.
  const table = table1.lay(withBudget({ updates: 7500 }));
  const reached = 1 - 1 / 52;
  assertEquals(
    table.columns.map(({ name, notReached }) => [name, notReached]),
    [
      ["0 (SGD)", undefined],
      ["0.9N", undefined],
      ["0.99N", reached],
      ["0.995N", reached],
      ["0.999N", reached],
      ["0.9M", undefined],
      ["0.99M", reached],
      ["0.995M", reached],
      ["0.999M", reached],
    ],
  );
  const idOf = (column: string) =>
    networkOf(table.entries.find((entry) => entry.column === column)!, 0.01, 3).id;
  assertEquals(idOf("0.99N"), idOf("0.999N"));
  assertNotEquals(idOf("0.9N"), idOf("0.99N"));
  assertEquals(firstOf(table).length, 5 * 6);
});

Deno.test("reachedMomentum() is the momentum of the update before the finish", () => {
  for (const updates of [1, 250, 251, 3000, 24_751, 125_751]) {
    for (const finish of [0, 1, 1000].filter((finish) => finish <= updates)) {
      const { configuration } = table1.lay(withBudget({ updates, finish })).entries[4];
      const before = Array.from({ length: Math.max(1, updates - finish) }, (_, t) => t);
      const largest = before.reduce((max, t) => Math.max(max, momentumOf(configuration)(t)), 0);
      assertEquals(reachedMomentum(configuration), largest, `${updates} updates, finish ${finish}`);
    }
  }
});

Deno.test("table2.lay() asks for no network that table1.lay() does not train", () => {
  const ids = new Set(firstOf(table1.lay(paper)).map(({ id }) => id));
  assert(firstOf(table2.lay(paper)).every(({ id }) => ids.has(id)));
});

Deno.test("table3.lay() compares scales and initializations of one network", () => {
  const table = table3.lay(withBudget({ mu: [0.999] }));
  assertEquals(table.columns.map(({ name }) => name), [
    "SI x 0.25",
    "SI x 0.5",
    "SI x 1",
    "SI x 2",
    "SI x 4",
    "Glorot",
    "Gaussian",
    "0.1 N(0, 1)",
    "SI, tanh",
  ]);
  const configurationOf = (table: PlannedTable, name: string) =>
    table.entries.find(({ column }) => column === name)!.configuration;
  assertEquals(configurationOf(table, "SI x 1"), configurationOf(table1.lay(paper), "0.999N"));
  const { init, ...rest } = configurationOf(table, "0.1 N(0, 1)");
  assertEquals([init, { ...rest, init: "sparse" }], ["hinton", configurationOf(table, "SI x 1")]);
});

Deno.test("table5.lay() lays the networks of the paper: four problems, seven columns, four rates", () => {
  const table = table5.lay(["add", "mul", "mem-5", "mem-20"], table5.budgets.paper);
  assertEquals(table.columns.map(({ name }) => name), [
    "0",
    "0.9N",
    "0.98N",
    "0.995N",
    "0.9M",
    "0.98M",
    "0.995M",
  ]);
  assertEquals(firstOf(table).length, 4 * 7 * 4);
  // The paper trains four networks of each; here another one chooses the rate.
  for (const { seeds } of table.entries) assertEquals(seeds.slice(1).length, 4);
});

Deno.test("momentumOf() of a recurrent network begins with the warm-up at any momentum", () => {
  const table = table5.lay(["add"], table5.budgets.paper);
  for (const { configuration } of table.entries) {
    const schedule = momentumOf(configuration);
    assertEquals([0, 999, 1000].map(schedule), [0.9, 0.9, configuration.mu]);
  }
});

Deno.test("shareOf() gives every network to one machine", () => {
  const networks = firstOf(table1.lay(paper));
  for (const count of [1, 2, 7, 54, 60]) {
    const shards = Array.from(
      { length: count },
      (_, i) => shareOf(networks, { index: i + 1, count }),
    );
    assertEquals(
      shards.flat().map(({ id }) => id).toSorted(),
      networks.map(({ id }) => id).toSorted(),
    );
    const sizes = shards.map(({ length }) => length);
    assert(Math.max(...sizes) - Math.min(...sizes) <= 1);
  }
});

Deno.test("cellId() depends on every part of a configuration, and not on their order", () => {
  const recurrent = table5.lay(["add"], table5.budgets.small);
  for (const [{ configuration }] of [firstOf(table1.lay(paper)), firstOf(recurrent)]) {
    const entries = Object.entries(configuration);
    assertEquals(cellId(Object.fromEntries(entries.toReversed()) as never), cellId(configuration));
    // How long it is trained is no part of it where nothing depends on the end.
    for (const [key, value] of entries.filter(([key]) => key !== "updates")) {
      const other = { ...configuration, [key]: typeof value === "number" ? value + 1 : "other" };
      assertNotEquals(cellId(other as Configuration), cellId(configuration), key);
    }
  }
});

Deno.test("cellId() depends on the updates where a finish ends them, and there alone", () => {
  const [{ configuration }] = firstOf(table2.lay(paper));
  const isOfLength = (changes: Partial<Configuration>) => {
    const one = { ...configuration, ...changes }, other = { ...one, updates: one.updates + 1 };
    return cellId(one) !== cellId(other);
  };
  assertEquals(isOfLength({}), true);
  assertEquals(isOfLength({ finish: 0 }), false);
  assertEquals(isOfLength({ schedule: "none" }), false);
});
