import { table1 } from "../../../experiments/studies/table1.ts";
import { table5 } from "../../../experiments/studies/table5.ts";
import { assertEquals } from "@std/assert";
import { differencesTable } from "../../../experiments/report/differences.ts";
import { runsTable } from "../../../experiments/report/runs.ts";
import { notMNIST, unchecked } from "../../../experiments/problems/problem.ts";
import { paperProblems } from "../../../mod.ts";
import { smallTables, summaries } from "./results.ts";

const mnistSums = [
  "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
  "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
];

type Tables = Parameters<typeof summaries>[0];

/** The differences of tables without any networks: of which tables, and the setting. */
function differencesOf(tables: Tables): string[][] {
  return differencesTable(summaries(tables, () => undefined)).rows.map(([of, setting]) => [
    of,
    setting,
  ]);
}

Deno.test("differencesTable() finds the paper's own budget and data unlike it in seeds alone", () => {
  const { layers: _, ...budget } = table1.budgets.paper;
  const { layers } = paperProblems.mnist;
  const data = `original, ${mnistSums.map((sum) => `SHA-256 ${sum}`).join(", ")}`;
  const mnist = { problem: "mnist" as const, layers, data, budget };
  const { mul: __, ...others } = table5.budgets.paper.lengths;
  const sequences = { problems: ["mul" as const], budget: table5.budgets.paper };
  assertEquals(differencesOf({ table1: mnist, table5: sequences }), [
    ["Table 1", "seeds"],
    ["Table 5", "seeds"],
  ]);
  const longer = { ...table5.budgets.paper, lengths: { ...others, mul: 81 } };
  const ofLonger = { table5: { ...sequences, budget: longer } };
  assertEquals(differencesOf(ofLonger), [["Table 5", "T"], ["Table 5", "seeds"]]);
  // Of the problems that are trained alone.
  const { rows: [[, ...T]] } = differencesTable(summaries(ofLonger, () => undefined));
  assertEquals(T.slice(0, 3), ["T", "mul 80", "mul 81"]);
  const { add } = others, unlike = { ...longer, lengths: { ...others, add: add + 1, mul: 80 } };
  assertEquals(differencesOf({ table5: { ...sequences, budget: unlike } }), [["Table 5", "seeds"]]);
});

Deno.test("differencesTable() says once what several tables share", () => {
  const { table1, table2, table3 } = smallTables;
  const told = differencesOf({ table1, table2, table3 });
  assertEquals(told.filter(([, setting]) => setting === "data"), [
    ["Table 1, Table 2, Table 3", "data"],
  ]);
  // Table 3 has one cap and two learning rates.
  assertEquals(told.filter(([, setting]) => setting === "learning rates"), [
    ["Table 1, Table 2", "learning rates"],
    ["Table 3", "learning rates"],
  ]);
  assertEquals(told.filter(([, setting]) => setting === "momentum caps"), [
    ["Table 3", "momentum caps"],
  ]);
});

Deno.test("differencesTable() names data that stand in for the paper's", () => {
  const [summary] = summaries({ table1: smallTables.table1 }, () => undefined);
  const [row] = differencesTable([summary]).rows;
  assertEquals(row.slice(0, 4), ["Table 1", "data", "the authors'", "stand-in, seed 1"]);
});

Deno.test("differencesTable() and runsTable() call no data original by their names", () => {
  const { layers: _, ...budget } = table1.budgets.paper;
  const other = `SHA-256 ${"0".repeat(64)}`, [train] = mnistSums;
  const cases = [
    // As they are told, and as they were told before sums were compared.
    ["mnist", `${notMNIST}, 30 and 10 cases, ${other}, ${other}`, notMNIST, "other images under"],
    ["mnist", `original, ${other}, ${other}`, notMNIST, "other images under"],
    ["mnist", `original, SHA-256 ${train}, ${other}`, notMNIST, "other images under"],
    ["faces", `${unchecked}, ${other}`, unchecked, "a file of the original's name"],
    ["faces", `original, ${other}`, unchecked, "a file of the original's name"],
    ["curves", `original, ${other}`, unchecked, "a file of the original's name"],
    ["curves", "stand-in, seed 1", "stand-in, seed 1", "the original file was not read"],
  ] as const;
  for (const [problem, data, told, why] of cases) {
    const { layers } = paperProblems[problem];
    const found = summaries({ table1: { problem, layers, data, budget } }, () => undefined);
    const row = differencesTable(found).rows.find(([, setting]) => setting === "data");
    assertEquals([row?.[3].startsWith(told), row?.[4].startsWith(why)], [true, true], data);
    const run = runsTable(found).rows.find(([setting]) => setting === "data");
    assertEquals(run?.[1].startsWith(told), true, data);
  }
});
