import { assertEquals } from "@std/assert";
import { parse } from "@std/csv";
import { type Line, linesOf, noteOf } from "../../../experiments/report/lines.ts";
import { resultTable } from "../../../experiments/report/result_tables.ts";
import type { EntrySummary } from "../../../experiments/report/summary.ts";
import { csvText, formatFigure } from "../../../experiments/report/text_table.ts";
import { type Outcomes, smallTables, summaries } from "./results.ts";

/** The lines of table 1 in a folder whose networks came out so, by column. */
function linesOfTable(
  outcomes: Outcomes,
  configuration = smallTables.table1,
): Map<string, Line & { entry: EntrySummary }> {
  const [summary] = summaries({ table1: configuration }, outcomes);
  const lines = linesOf(summary).flatMap((line) =>
    line.entry ? [{ ...line, entry: line.entry }] : []
  );
  return new Map(lines.map((line) => [line.column, line]));
}

function errorOf(train: number) {
  return { train, test: 2 * train, before: 3 * train };
}

Deno.test("summarize() takes the learning rate that the first seed chose, and the others' errors", () => {
  const sgd = linesOfTable(({ learningRate, seed }) =>
    // 0.01 has the best mean, and is the best of every seed but the first.
    errorOf(seed === 1 ? { 0.05: 9, 0.02: 1, 0.01: 3 }[learningRate]! : 6 + seed)
  ).get("0 (SGD)")!;
  const { rates, confirmation, edge, planned, found } = sgd.entry;
  assertEquals(rates.map((of) => [of.learningRate, of.final.train?.mean]), [
    [0.01, 3],
    [0.02, 1],
    [0.05, 9],
  ]);
  assertEquals([confirmation.length, edge, planned, found], [3, undefined, 6, 6]);
  const { learningRate, final, beforeFinish } = sgd.best!;
  assertEquals(learningRate, 0.02);
  // Seeds 2, 3 and 4.
  assertEquals([final.train?.mean, final.test?.mean, beforeFinish?.train?.mean], [9, 18, 27]);
  assertEquals([final.train?.least, final.train?.greatest, final.train?.count], [8, 10, 3]);
});

Deno.test("summarize() tells rates and confirmation seeds that diverged", () => {
  const sgd = linesOfTable(({ learningRate, seed }) =>
    learningRate === 0.05 || seed === 3 ? "diverged" : errorOf(learningRate === 0.02 ? 1 : 7)
  ).get("0 (SGD)")!;
  assertEquals(sgd.entry.rates.map(({ diverged }) => diverged), [0, 0, 1]);
  assertEquals([sgd.best?.learningRate, sgd.best?.final.train?.mean], [0.02, Infinity]);
  assertEquals(noteOf(sgd), "diverged at 0.05; diverged with 1 of 3 confirmation seeds");
});

Deno.test("summarize() marks a best rate at the edge of those tried, where none may be added", () => {
  const narrow = structuredClone(smallTables.table1);
  const edgeOf = (rates: number[], best: number) => {
    Object.assign(narrow.budget, { learningRates: rates, widen: false });
    const outcomes: Outcomes = ({ learningRate }) => errorOf(learningRate === best ? 1 : 2);
    const [table] = summaries({ table1: narrow }, outcomes).map(resultTable).map(csvText)
      .map((text) => parse(text, { skipFirstRow: true }));
    return table.find(({ column }) => column === "0.9N")?.edge;
  };
  const rates = [0.05, 0.02, 0.01];
  assertEquals(rates.map((best) => edgeOf(rates, best)), ["high", "", "low"]);
  assertEquals(edgeOf([0.02], 0.02), "both");
});

Deno.test("summarize() has no best rate where all diverged, or where there is none yet", () => {
  const diverged = linesOfTable(() => "diverged").get("0 (SGD)")!;
  assertEquals([diverged.best, noteOf(diverged)], [undefined, "diverged at every learning rate"]);
  // 0.05, 0.02 and 0.01, and half of that six times.
  assertEquals([diverged.entry.found, diverged.entry.planned], [9, 9]);
  const some = linesOfTable(({ learningRate }) => learningRate === 0.05 ? "diverged" : undefined);
  assertEquals(noteOf(some.get("0 (SGD)")!), "diverged at 0.05");
  const missing = linesOfTable(() => undefined).get("0 (SGD)")!;
  assertEquals([missing.best, missing.entry.found, missing.entry.planned], [undefined, 0, 3]);
  assertEquals(noteOf(missing), "");
});

Deno.test("summarize() shows the first seed until others are there", () => {
  const of = (seeds: number) =>
    linesOfTable(({ learningRate, seed }) =>
      seed > seeds ? undefined : errorOf(learningRate === 0.02 ? seed : 7)
    ).get("0 (SGD)")!;
  const shown = [1, 2, 4].map((seeds) => {
    const { best, entry: { confirmation, found } } = of(seeds);
    return [best?.final.train?.mean, confirmation.length, found];
  });
  assertEquals(shown, [[1, 0, 3], [2, 1, 4], [3, 3, 6]]);
});

Deno.test("summarize() marks caps that are not reached, and shows their networks once", () => {
  const short = structuredClone(smallTables.table1);
  // At the last of 280 updates before the finish, 1 - 1/(2 (floor(279 / 25) + 1)) = 1 - 1/24.
  Object.assign(short.budget, { updates: 480, finish: 200 });
  const lines = linesOfTable(() => errorOf(1), short);
  const told = ["0.9N", "0.99N", "0.995N", "0.999M"].map((column) => {
    const line = lines.get(column)!;
    return [line.entry.sameAs, line.best?.learningRate, noteOf(line)];
  });
  const notReached = "not reached (mu up to 0.9583)";
  assertEquals(told, [
    [undefined, 0.02, ""],
    [undefined, 0.02, notReached],
    ["0.99N", undefined, `${notReached}; see 0.99N`],
    ["0.99M", undefined, `${notReached}; see 0.99M`],
  ]);
});

Deno.test("formatFigure() has four significant digits, without an exponent above 1", () => {
  const figures = [16, 0.074, 0.00025, 9.8154, 123456.7, 0, 99.996, 1e-9];
  assertEquals(figures.map(formatFigure), [
    ...["16.00", "0.07400", "0.0002500", "9.815", "123500", "0", "100.0", "1.000e-9"],
  ]);
  assertEquals([Infinity, NaN, undefined].map(formatFigure), ["", "", ""]);
});
