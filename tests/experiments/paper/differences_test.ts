import { assertEquals } from "@std/assert";
import { autoencoderBudgets, recurrentBudgets } from "../../../experiments/paper/budget.ts";
import { differencesTable } from "../../../experiments/paper/report/differences.ts";
import { paperProblems } from "../../../mod.ts";
import { smallTables, summaries } from "./results.ts";

type Tables = Parameters<typeof summaries>[0];

/** The differences of tables without any networks: of which tables, and the setting. */
function differencesOf(tables: Tables): string[][] {
  return differencesTable(summaries(tables, () => undefined)).rows.map(([of, setting]) => [
    of,
    setting,
  ]);
}

Deno.test("differencesTable() finds the paper's own budget and data unlike it in seeds alone", () => {
  const { layers: _, ...budget } = autoencoderBudgets.table1.paper;
  const { layers } = paperProblems.mnist;
  const data = "original, SHA-256 0123";
  const table1 = { problem: "mnist" as const, layers, data, budget };
  const { mul: __, ...others } = recurrentBudgets.paper.lengths;
  const table5 = { problems: ["mul" as const], budget: recurrentBudgets.paper };
  assertEquals(differencesOf({ table1, table5 }), [["Table 1", "seeds"]]);
  const longer = { ...recurrentBudgets.paper, lengths: { ...others, mul: 81 } };
  assertEquals(differencesOf({ table5: { ...table5, budget: longer } }), [["Table 5", "T"]]);
});

Deno.test("differencesTable() says once what several tables share", () => {
  const { table1, table2, table3 } = smallTables;
  const told = differencesOf({ table1, table2, table3 });
  assertEquals(told.filter(([, setting]) => setting === "data"), [
    ["Table 1, Table 2, Table 3", "data"],
  ]);
  // Table 3 has one cap, one seed and two learning rates.
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
