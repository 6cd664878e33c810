import { assertEquals, assertStringIncludes } from "@std/assert";
import type { CellConfiguration } from "../../../experiments/studies/configuration.ts";
import { checkClaims, type Claim } from "../../../experiments/report/claims.ts";
import { compare } from "../../../experiments/report/comparison.ts";
import { asInThePaper, type Outcome, smallTables, summaries } from "./results.ts";

/** Changes how some networks came out: undefined leaves one as it is in the paper. */
type Change = (configuration: CellConfiguration) => Outcome;

/** The claims that a folder of the small tables decides. */
function claimsOf(change: Change = () => undefined): Claim[] {
  return summaries(smallTables, (of) => change(of) ?? asInThePaper(of)).flatMap(checkClaims);
}

/** The claim whose words contain these, for the table's first problem. */
function claimOf(words: string, change?: Change): Claim {
  const found = claimsOf(change).filter(({ claim }) => claim.includes(words));
  assertEquals(found.length > 0, true, words);
  return found[0];
}

function errorOf(train: number) {
  return { train, test: train, before: train };
}

Deno.test("compare() asks two seeds to agree, and takes one seed's word", () => {
  const errors = (...values: number[]) => new Map(values.map((value, seed) => [seed, value]));
  assertEquals(compare(errors(1), errors(2)), "lower");
  assertEquals(compare(errors(2), errors(1)), "higher");
  assertEquals(compare(errors(1), errors(1)), "alike");
  assertEquals(compare(errors(1, 5), errors(2, 9)), "lower");
  assertEquals(compare(errors(1, 9), errors(2, 5)), "alike");
  // Four seeds: differences -3, -1, -1, 1 have mean -1 and standard error sqrt(8/3)/2 = 0.82.
  assertEquals(compare(errors(0, 0, 0, 2), errors(3, 1, 1, 1)), "lower");
  // -3, 1, -1, 1: mean -0.5, standard error 0.96.
  assertEquals(compare(errors(0, 2, 0, 2), errors(3, 1, 1, 1)), "alike");
});

Deno.test("compare() goes by the seeds that both have, and takes divergence for the worst", () => {
  assertEquals(compare(new Map([[1, 1], [2, 9]]), new Map([[1, 2], [3, 0]])), "lower");
  assertEquals(compare(new Map([[1, 1]]), new Map([[2, 2]])), "alike");
  assertEquals(compare(new Map([[1, 1]]), new Map([[1, Infinity]])), "lower");
  assertEquals(compare(new Map([[1, Infinity]]), new Map([[1, 1]])), "higher");
  assertEquals(compare(new Map([[1, Infinity]]), new Map([[1, Infinity]])), "alike");
});

Deno.test("checkClaims() finds all claims of the paper in results like the paper's", () => {
  const claims = claimsOf();
  assertEquals(claims.length, 5 + 1 + 2 + 4 * 2);
  assertEquals(claims.filter(({ verdict }) => verdict !== "holds"), []);
});

Deno.test("checkClaims() says nothing of a problem before all its networks are there", () => {
  const { table1, table5 } = smallTables;
  const claims = summaries({ table1, table5 }, (of) => {
    const isMissing = of.problem === "mul" && of.mu === 0.9 || of.problem === "curves" && of.mu > 0;
    return isMissing ? undefined : asInThePaper(of);
  }).flatMap(checkClaims);
  const evidenceOf = (row: string) => claims.find((claim) => claim.row === row)?.evidence;
  assertEquals(evidenceOf("curves"), "6 of 54 networks are there");
  assertEquals(evidenceOf("mul"), "15 of 21 networks are there");
  for (const { row, verdict } of claims) {
    assertEquals(verdict, ["curves", "mul"].includes(row) ? "cannot be said" : "holds");
  }
});

Deno.test("checkClaims() tells where SGD is not the worst, with the numbers", () => {
  const { verdict, evidence } = claimOf(
    "SGD is the worst",
    ({ optimizer, mu }) => optimizer === "cm" && mu === 0.9 ? errorOf(12.5) : undefined,
  );
  assertEquals(verdict, "does not hold");
  assertStringIncludes(evidence, "to 0.9M: 12.50");
});

Deno.test("checkClaims() leaves open what the seeds do not agree on", () => {
  const { verdict } = claimOf("SGD is the worst", ({ optimizer, mu, seed }) => {
    if (optimizer === "sgd") return errorOf(9);
    return mu === 0.9 ? errorOf(seed === 1 ? 8 : 9.5) : undefined;
  });
  assertEquals(verdict, "cannot be said");
});

Deno.test("checkClaims() compares the best momentum above 0.9 with 0.9, for NAG and for CM", () => {
  const spoilt = (optimizer: string) => (of: CellConfiguration) =>
    of.optimizer === optimizer && of.mu > 0.9 ? errorOf(15) : undefined;
  const verdicts = (change: Change) =>
    ["NAG with", "CM with"].map((words) => claimOf(words, change).verdict);
  assertEquals(verdicts(spoilt("nag")), ["does not hold", "holds"]);
  assertEquals(verdicts(spoilt("cm")), ["holds", "does not hold"]);
});

Deno.test("checkClaims() takes NAG for as good as CM where they are alike, not where it is worse", () => {
  const words = "NAG is at least as good";
  const alike = claimOf(words, ({ mu }) => mu === 0.99 ? errorOf(2) : undefined);
  assertEquals(alike.verdict, "holds");
  const worse = claimOf(
    words,
    ({ optimizer, mu }) => optimizer === "nag" && mu === 0.99 ? errorOf(3) : undefined,
  );
  assertEquals(worse.verdict, "does not hold");
  assertStringIncludes(worse.evidence, "0.99N: 3.000");
});

Deno.test("checkClaims() names the learning rates at which NAG trains and CM fails", () => {
  const words = "NAG still trains";
  assertStringIncludes(claimOf(words).evidence, "0.999 at 0.05 (NAG 0.5305, CM diverged)");
  const good = claimOf(words, ({ optimizer }) => optimizer === "cm" ? errorOf(1) : undefined);
  assertEquals(good.verdict, "cannot be said");
  const both = claimOf(words, ({ mu }) => mu > 0.9 ? errorOf(15.9) : undefined);
  assertEquals([both.verdict, both.evidence], [
    "does not hold",
    "NAG trains nowhere that CM fails",
  ]);
  const swapped = claimOf(
    words,
    ({ optimizer, mu, learningRate }) =>
      optimizer === "nag" && mu === 0.99 && learningRate === 0.05 ? "diverged" : undefined,
  );
  assertEquals(swapped.verdict, "does not hold");
  assertStringIncludes(swapped.evidence, "CM trains where NAG fails: mu 0.99 at 0.05");
});

Deno.test("checkClaims() asks the finish to lower the error at every cap above 0.9", () => {
  const { verdict, evidence } = claimOf(
    "finish lowers",
    ({ optimizer, mu }) =>
      optimizer === "nag" && mu === 0.99 ? { train: 3, test: 3, before: 2 } : undefined,
  );
  assertEquals(verdict, "does not hold");
  assertStringIncludes(evidence, "0.99N: 2.000 to 3.000, 0.995N: ");
});

Deno.test("checkClaims() tells stuck scales from those that train", () => {
  const scale = (scale: number, error: number): Change => (of) =>
    of.network === "autoencoder" && of.init === "sparse" && of.initScale === scale
      ? errorOf(error)
      : undefined;
  const verdicts = (change: Change) =>
    ["scale 0.25 and 0.5", "scale 1 and 2"].map((words) => claimOf(words, change).verdict);
  assertEquals(verdicts(scale(0.5, 5)), ["does not hold", "holds"]);
  assertEquals(verdicts(scale(2, 15)), ["holds", "does not hold"]);
  // A line between is neither.
  assertEquals(verdicts(scale(0.5, 12)), ["does not hold", "holds"]);
  assertEquals(verdicts(scale(2, 12)), ["holds", "does not hold"]);
});

Deno.test("checkClaims() compares recurrent networks with none and with the biases alone", () => {
  const add = (error: (of: CellConfiguration) => number): Change => (of) =>
    of.problem === "add" ? errorOf(error(of)) : undefined;
  const verdicts = (change: Change) =>
    ["Momentum is better", "below the output biases"].map((words) =>
      claimOf(words, change).verdict
    );
  // 0.8464 of the cases are wrong with a constant.
  assertEquals(verdicts(add(({ mu }) => mu > 0 ? 0.84 : 0.83)), ["does not hold", "holds"]);
  assertEquals(verdicts(add(({ mu }) => mu > 0 ? 0.85 : 0.86)), ["holds", "does not hold"]);
});
