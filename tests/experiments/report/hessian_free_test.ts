import { assertEquals, assertMatch } from "@std/assert";
import { printedTables } from "../../../experiments/report/print.ts";
import { ratesMatrix } from "../../../experiments/report/rate_tables.ts";
import { resultTable } from "../../../experiments/report/result_tables.ts";
import { summarize } from "../../../experiments/report/summary.ts";
import { table1 } from "../../../experiments/studies/table1.ts";
import { asInThePaper, claimsOfTable, figuresOfTable, type Outcomes, results } from "./results.ts";

const { layers, ...budget } = table1.budgets.small;
const configuration = {
  problem: "curves" as const,
  layers: layers!,
  data: "stand-in, seed 1",
  budget,
};

/** Table 1 with Hessian-free, the cells of which tell their gradients, 7 of an update. */
function summaryOf(outcomes: Outcomes) {
  const { tables: [table], cells } = results({ table1: configuration }, outcomes);
  const told = [...cells].map(([id, cell]) => {
    if (!String(cell.configuration.optimizer).startsWith("hf")) return [id, cell] as const;
    const curve = cell.result.curve.map((row) => (
      { ...row, told: { gradient_equivalents: 7 * row.update } }
    ));
    return [id, { ...cell, result: { ...cell.result, curve } }] as const;
  });
  return summarize(table, new Map(told));
}

/** Worse than SGD, which has 9 and some. */
const worse: Outcomes = (cell) => cell.own ? { train: 12, test: 13 } : asInThePaper(cell);

Deno.test("Table 1 holds Hessian-free beside the paper's numbers, and what it took", () => {
  const { columns, rows } = resultTable(summaryOf(worse));
  const keys = ["column", "best_learning_rate", "gradient_equivalents", "edge", "train", "paper"];
  const told = rows.map((row) => keys.map((key) => row[columns.findIndex((c) => c.key === key)]));
  assertEquals(told.slice(-3), [
    ["HF†", "", "1260", "", "12.00", "0.058"],
    ["HF*", "", "140", "", "12.00", "0.11"],
    ["SGD_C", "", "", "", "", "0.16"],
  ]);
  // 3000 updates of 200 cases.
  assertEquals(told[0].slice(0, 3), ["0 (SGD)", "0.02", "3000"]);
});

Deno.test("Hessian-free takes no part in what is said of learning rates", async () => {
  const summary = summaryOf(worse);
  assertEquals(
    ratesMatrix(summary).rows.some((row) => row.some((cell) => cell.startsWith("HF"))),
    false,
  );
  const figures = await figuresOfTable(summary);
  const named = figures.filter(({ svg }) => svg.includes("HF†")).map(({ name }) => name);
  assertEquals(named, ["table1_updates", "table1_momentum"]);
});

Deno.test("a diverged Hessian-free says so, and that SGD is the worst is of the others alone", () => {
  const claimOf = (outcomes: Outcomes) => claimsOfTable(summaryOf(outcomes))[0];
  assertEquals(claimOf(worse).verdict, "holds");
  const diverged = summaryOf((cell) => cell.own ? "diverged" : asInThePaper(cell));
  assertMatch(printedTables([diverged], []), /^HF\*[ -]+ 0\.11[ -]+ diverged$/m);
  assertEquals(claimsOfTable(diverged)[0], claimOf(worse));
});
