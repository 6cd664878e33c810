import { assertEquals } from "@std/assert";
import {
  allBut,
  bestOf,
  betweenBest,
  incomparable,
} from "../../../experiments/report/decisions.ts";
import type { EntrySummary } from "../../../experiments/report/summary.ts";
import type { Finding } from "../../../experiments/report/verdicts.ts";

/** An entry as far as its choice goes: the error with the seed that chooses. */
function entry(column: string, error: number): EntrySummary {
  const rate = { learningRate: 0.1, final: { train: { mean: error } } };
  return { column, best: rate, rates: [rate] } as unknown as EntrySummary;
}

const entries = [entry("SGD", 9), entry("NAG 0.9", 5), entry("NAG 0.99", 3), entry("CM", 4)];
const told = (ours: EntrySummary, other: EntrySummary): Finding => (
  { verdict: "holds", evidence: `${ours.column} beside ${other.column}` }
);
const row = { name: "curves", entries, failing: [] };

Deno.test("bestOf() takes the least error of the columns named, or of those that are such", () => {
  assertEquals(bestOf(entries, ["SGD", "NAG 0.9"])?.column, "NAG 0.9");
  assertEquals(bestOf(entries, (name) => name.startsWith("NAG"))?.column, "NAG 0.99");
  assertEquals(bestOf(entries, ["AdamW"]), undefined);
});

Deno.test("betweenBest() decides between the best of some columns and of others", () => {
  const { evidence } = betweenBest(allBut("SGD", "NAG 0.99"), ["SGD"], told)(row);
  assertEquals(evidence, "CM beside SGD");
  assertEquals(betweenBest(["AdamW"], ["SGD"], told)(row), incomparable);
});
