import { assertEquals } from "@std/assert";
import { type Line, linesOf, noteOf } from "../../../experiments/report/lines.ts";
import type { EntrySummary } from "../../../experiments/report/summary.ts";
import { formatFigure } from "../../../experiments/report/text_table.ts";
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

Deno.test("summarize() takes the learning rate of least mean training error", () => {
  const sgd = linesOfTable(({ learningRate, seed }) =>
    // 0.02 has the best seed, 0.01 the best mean.
    errorOf({ 0.05: 9, 0.02: seed === 1 ? 1 : 8, 0.01: seed === 1 ? 3 : 4 }[learningRate]!)
  ).get("0 (SGD)")!;
  assertEquals(sgd.entry.rates.map(({ final }) => final.train?.mean), [9, 4.5, 3.5]);
  const { learningRate, final, beforeFinish } = sgd.best!;
  assertEquals(learningRate, 0.01);
  assertEquals([final.train?.mean, final.test?.mean, beforeFinish?.train?.mean], [3.5, 7, 10.5]);
  assertEquals([final.train?.least, final.train?.greatest], [3, 4]);
});

Deno.test("summarize() counts a rate at which one seed diverged as the worst, and tells it", () => {
  const sgd = linesOfTable(({ learningRate, seed }) =>
    learningRate === 0.05 && seed === 2 ? "diverged" : errorOf(learningRate === 0.05 ? 1 : 7)
  ).get("0 (SGD)")!;
  assertEquals(sgd.entry.rates[0].diverged, 1);
  assertEquals(sgd.entry.rates[0].final.train?.mean, Infinity);
  assertEquals(sgd.best?.learningRate, 0.02);
  assertEquals(noteOf(sgd), "diverged: 1 of 2 at 0.05");
});

Deno.test("summarize() has no best rate where all diverged, or where there is none yet", () => {
  const diverged = linesOfTable(() => "diverged").get("0 (SGD)")!;
  assertEquals([diverged.best, noteOf(diverged)], [undefined, "diverged at every learning rate"]);
  const some = linesOfTable(({ learningRate }) => learningRate === 0.05 ? "diverged" : undefined);
  assertEquals(noteOf(some.get("0 (SGD)")!), "diverged: 2 of 2 at 0.05");
  const missing = linesOfTable(() => undefined).get("0 (SGD)")!;
  assertEquals([missing.best, missing.entry.found, missing.entry.planned], [undefined, 0, 6]);
  assertEquals(noteOf(missing), "");
});

Deno.test("summarize() goes by the networks that are there", () => {
  const sgd = linesOfTable(({ learningRate, seed }) =>
    learningRate === 0.05 ? undefined : seed === 2 ? errorOf(5) : undefined
  ).get("0 (SGD)")!;
  assertEquals([sgd.entry.found, sgd.entry.planned, sgd.best?.learningRate], [2, 6, 0.02]);
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
    [undefined, 0.05, ""],
    [undefined, 0.05, notReached],
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
