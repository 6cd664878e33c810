import { assertEquals } from "@std/assert";
import type { Cell, Configuration } from "../../../experiments/study/cell.ts";
import { settingColumns } from "../../../experiments/study/grid.ts";
import { type Outcome, outcomeOf } from "../../../experiments/study/outcomes.ts";
import { comparisonWords } from "../../../experiments/study/print.ts";

const figure = {
  name: "squaredError",
  split: "train",
  column: "squared_error",
  title: "squared error",
  unit: "",
} as const;

const printed = { kind: { figure }, settings: settingColumns, furtherSettings: [] };

/** A network of an optimizer, its error, and what else is not as everywhere. */
function network(
  optimizer: string,
  error: number | undefined,
  { updates = 2000, ...setting }: Partial<Configuration> = {},
): Outcome {
  const configuration = {
    ...{ network: "autoencoder", problem: "curves", optimizer, mu: 0, schedule: "none" },
    ...{ learningRate: 0.05, init: "sparse", initScale: 1, seed: 1, updates, batchSize: 200 },
    ...{ finish: 0, reportEvery: 20, reportCases: 20 },
    ...setting,
  };
  const final = error === undefined ? null : { train: { squaredError: error }, test: {} };
  const status = error === undefined ? "unfinished" : Number.isFinite(error) ? "ok" : "diverged";
  const divergedAt = status === "diverged" ? 7 : null;
  const row = {
    ...{ update: 1, momentum: 0, loss: 1, gradientNorm: null, seconds: 1 },
    ...{ train: { squaredError: 9 }, test: {} },
  };
  const cell: Cell = {
    id: "",
    configuration,
    result: { updates, status, divergedAt, final, beforeFinish: null, curve: [row] },
    training: { adapter: "", nagare: "", deno: "", saved: "", replicas: 1, seconds: 1 },
  };
  return outcomeOf(cell, "stopped");
}

const nag = { mu: 0.9, schedule: "paper" };

Deno.test("comparisonWords() holds the best setting against the worst", () => {
  const outcomes = [
    network("sgd", 11.42337),
    network("nag", 4.26492, nag),
    network("cm", 4.8, nag),
  ];
  assertEquals(
    comparisonWords(outcomes, printed),
    "after 2000 updates NAG 0.9 has a training squared error of 4.265, SGD of 11.42",
  );
});

Deno.test("comparisonWords() names settings by what differs, and means over seeds as such", () => {
  const outcomes = [1, 2].flatMap((seed) => [
    network("nag", 5 + seed, { ...nag, seed, learningRate: 0.1 }),
    network("nag", 2 + seed, { ...nag, seed }),
  ]);
  assertEquals(
    comparisonWords(outcomes, printed),
    "after 2000 updates NAG 0.9, rate 0.05 has a mean training squared error of 3.500, " +
      "NAG 0.9, rate 0.1 of 6.500",
  );
});

Deno.test("comparisonWords() leaves out settings that diverged, and lengths that differ", () => {
  const outcomes = [
    network("sgd", 3, { updates: 40 }),
    network("cm", Infinity, nag),
    network("nag", 2, nag),
  ];
  assertEquals(
    comparisonWords(outcomes, printed),
    "NAG 0.9 has a training squared error of 2.000, SGD of 3.000",
  );
  assertEquals(comparisonWords(outcomes.slice(0, 2), printed), undefined);
});

Deno.test("comparisonWords() says nothing of errors that are not there, or of several lengths", () => {
  assertEquals(
    comparisonWords([network("sgd", 3), network("nag", undefined, nag)], printed),
    undefined,
  );
  assertEquals(comparisonWords([network("sgd", 3)], printed), undefined);
  const longer = [network("nag", 2, nag), network("nag", 1, { ...nag, updates: 4000 })];
  assertEquals(comparisonWords([network("sgd", 3), ...longer], printed), undefined);
});
