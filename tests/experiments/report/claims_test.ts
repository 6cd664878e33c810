import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { Configuration } from "../../../experiments/study/cell.ts";
import type { Claim } from "../../../experiments/report/claims.ts";
import { asInThePaper, claimsOfTable, type Outcome, smallTables, summaries } from "./results.ts";

/** Changes how some networks came out: undefined leaves one as it is in the paper. */
type Change = (configuration: Configuration) => Outcome;

/** The claims that a folder of the small tables decides. */
function claimsOf(
  change: Change = () => undefined,
  tables: Partial<typeof smallTables> = smallTables,
): Claim[] {
  return summaries(tables, (of) => change(of) ?? asInThePaper(of)).flatMap(claimsOfTable);
}

/** The claim whose words contain these, of the first table that has it and its first problem. */
function claimOf(words: string, change?: Change): Claim {
  for (const [name, table] of Object.entries(smallTables)) {
    const found = claimsOf(change, { [name]: table }).find(({ claim }) => claim.includes(words));
    if (found) return found;
  }
  throw new Error(`no claim says "${words}"`);
}

function errorOf(train: number) {
  return { train, test: train, before: train };
}

Deno.test("claimsOf() finds all claims of the paper in results like the paper's", () => {
  const claims = claimsOf();
  assertEquals(claims.length, 6 + 1 + 2 + 4 * 3);
  assertEquals(claims.filter(({ verdict }) => verdict !== "holds"), []);
});

Deno.test("claimsOf() says nothing of a problem before all its networks are there", () => {
  const { table1, table5 } = smallTables;
  const curves = summaries({ table1 }, (of) => of.mu > 0 ? undefined : asInThePaper(of));
  const sequences = summaries(
    { table5 },
    (of) => of.problem === "mul" && of.seed === 4 ? undefined : asInThePaper(of),
  );
  const claims = [...curves, ...sequences].flatMap(claimsOfTable);
  const evidenceOf = (row: string) => claims.find((claim) => claim.row === row)?.evidence;
  // Each has three rates and three confirmation seeds; SGD waits for the rates of the others.
  assertEquals(evidenceOf("curves"), "3 of 30 networks are there");
  assertMatch(evidenceOf("mul")!, /^\d+ of \d+ networks are there$/);
  for (const { row, verdict } of claims) {
    assertEquals(verdict, ["curves", "mul"].includes(row) ? "not decided" : "holds");
  }
});

/** Errors by the settings, at every learning rate best at 0.02. */
function at({ learningRate }: Configuration, train: number): Outcome {
  return errorOf(learningRate === 0.02 ? train : 1.5 * train);
}

/** With confirmation seeds 2, 3 and 4. */
function bySeed(of: Configuration, errors: readonly number[]): Outcome {
  return at(of, errors[of.seed - 1]);
}

Deno.test("claimsOf() tells where SGD is not the worst, with the numbers", () => {
  const { verdict, evidence } = claimOf(
    "SGD is the worst",
    (of) => of.optimizer === "cm" && of.mu === 0.9 ? at(of, 12.5) : undefined,
  );
  assertEquals(verdict, "does not hold");
  assertStringIncludes(evidence, "0.9M: 12.50, SGD: 9.540, difference 2.960 ± 0.4471 (3 seeds)");
});

Deno.test("claimsOf() leaves open what the confirmation seeds do not agree on", () => {
  const verdictOf = (sgd: number[]) =>
    claimOf("SGD is the worst", (of) => {
      if (of.optimizer === "sgd") return bySeed(of, sgd);
      return of.mu === 0.9 ? at(of, 8) : undefined;
    }).verdict;
  assertEquals(verdictOf([9, 9, 9.1, 9.2]), "holds");
  // Three differences 1, 1, -1: mean 1/3, and half the interval is 4.303 x 1.155 / sqrt 3 = 2.87.
  assertEquals(verdictOf([9, 9, 9, 7]), "not decided");
  // Two seeds in favour of it are not enough: 1 and 3 have 2 ± 12.7.
  assertEquals(verdictOf([9, 9, 11, 8]), "not decided");
  assertEquals(verdictOf([9, 7, 7.1, 7.2]), "does not hold");
});

Deno.test("claimsOf() takes no word of the seed that chose the rates", () => {
  const words = "NAG with a momentum above 0.9";
  const of = (usual: number[]) =>
    claimOf(words, (of) => {
      if (of.optimizer !== "nag" || of.mu === 0) return undefined;
      return of.mu === 0.9 ? bySeed(of, usual) : of.mu === 0.99 ? at(of, 0.4) : undefined;
    });
  // The first seed alone is worse at 0.9, or better.
  assertEquals(of([9, 0.1, 0.11, 0.12]).verdict, "does not hold");
  assertEquals(of([0.01, 3, 3.1, 3.2]).verdict, "holds");
});

Deno.test("claimsOf() decides nothing with fewer than two confirmation seeds, and says why", () => {
  const { table1, table3, table5 } = structuredClone(smallTables);
  for (const [seeds, has] of [[[1], "no"], [[1, 2], "one"]] as const) {
    for (const { budget } of [table1, table3, table5]) Object.assign(budget, { seeds });
    const claims = summaries({ table1, table3, table5 }, asInThePaper).flatMap(claimsOfTable);
    assertEquals(claims.length, 6 + 2 + 4 * 3);
    for (const { verdict } of claims) assertEquals(verdict, "not decided");
    assertStringIncludes(claims[0].evidence, `0.9N has ${has} confirmation seed`);
    // What no seed was asked for has not diverged.
    const belowBiases = claims.filter(({ claim }) => claim.includes("biases alone"));
    assertEquals(belowBiases.length, 4);
    for (const { evidence } of belowBiases) assertEquals(evidence.includes("diverged"), false);
  }
});

Deno.test("claimsOf() lets no claim hold against a best rate at the edge of its grid", () => {
  const fixed = structuredClone(smallTables.table1);
  Object.assign(fixed.budget, { widen: false });
  const claimsAt = (isAtEdge: (of: Configuration) => boolean, sgd = 9) =>
    new Map(
      summaries({ table1: fixed }, (of) => {
        const spread = 1 + 0.01 * of.seed;
        const level = of.optimizer === "sgd"
          ? sgd
          : of.mu === 0.9
          ? 4
          : of.optimizer === "cm"
          ? 3
          : 2;
        const best = isAtEdge(of) ? 0.05 : 0.02;
        return errorOf(level * spread * (of.learningRate === best ? 1 : 1.5));
      }).flatMap(claimsOfTable).map(({ claim, ...finding }) => [claim, finding] as const),
    );
  const worst = "SGD is the worst", high = "NAG with a momentum above 0.9 is better than with 0.9";
  const good = "NAG is at least as good as CM at a momentum above 0.9";
  const inside = claimsAt(() => false);
  assertEquals([worst, high, good].map((claim) => inside.get(claim)?.verdict), [
    "holds",
    "holds",
    "holds",
  ]);
  const sgd = claimsAt(({ optimizer }) => optimizer === "sgd").get(worst)!;
  assertEquals(sgd.verdict, "not decided");
  assertStringIncludes(sgd.evidence, "SGD's best rate 0.05 is at the high edge of its grid");
  const usual = claimsAt(({ optimizer, mu }) => optimizer === "nag" && mu === 0.9);
  assertEquals(usual.get(high)?.verdict, "not decided");
  // More rates could only make the others better still.
  assertEquals(usual.get(worst)?.verdict, "holds");
  const cm = claimsAt(({ optimizer, mu }) => optimizer === "cm" && mu > 0.9);
  assertEquals(cm.get(good)?.verdict, "not decided");
  // Nor is one refuted by an entry that might be better at another rate.
  assertEquals(claimsAt(() => false, 3.5).get(worst)?.verdict, "does not hold");
  // What some entries leave open does not matter where another one refutes it.
  const refuted = claimsAt(({ optimizer, mu }) => optimizer === "nag" && mu === 0.9, 3.5).get(
    worst,
  )!;
  assertEquals(refuted.verdict, "does not hold");
  assertEquals(refuted.evidence.includes("edge"), false);
  assertEquals(claimsAt(({ mu }) => mu === 0.9, 3.5).get(worst)?.verdict, "not decided");
});

Deno.test("claimsOf() compares the best momentum above 0.9 with 0.9, for NAG and for CM", () => {
  const spoilt = (optimizer: string) => (of: Configuration) =>
    of.optimizer === optimizer && of.mu > 0.9 ? at(of, 15 + 0.1 * of.seed) : undefined;
  const verdicts = (change: Change) =>
    ["NAG with", "CM with"].map((words) => claimOf(words, change).verdict);
  assertEquals(verdicts(spoilt("nag")), ["does not hold", "holds"]);
  assertEquals(verdicts(spoilt("cm")), ["holds", "does not hold"]);
});

Deno.test("claimsOf() allows NAG 5 % of CM's error, and no more", () => {
  const words = "NAG is at least as good";
  const at99 = (nag: number[], cm: number[]) =>
    claimOf(words, (of) => {
      if (of.mu !== 0.99) return undefined;
      return bySeed(of, of.optimizer === "nag" ? nag : cm);
    });
  const cm = [2, 2, 2, 2];
  assertEquals(at99(cm, cm).verdict, "holds");
  // Differences of 0.05 to 0.07 stay below 0.1.
  assertEquals(at99([2, 2.06, 2.06, 2.07], cm).verdict, "holds");
  // 0.08 ± 4.303 x 0.02 / sqrt 3 = 0.05 reaches beyond 0.1, and is above 0.
  assertEquals(at99([2, 2.06, 2.08, 2.1], cm).verdict, "does not hold");
  // 0.08 ± 0.12 is neither.
  assertEquals(at99([2, 2.03, 2.08, 2.13], cm).verdict, "not decided");
  const worse = at99([3, 3, 3.01, 3.02], cm);
  assertEquals(worse.verdict, "does not hold");
  assertStringIncludes(worse.evidence, "0.99N: 3.010, 0.99M: 2.000, difference 1.010 ± 0.02484");
  assertStringIncludes(worse.evidence, "non-inferiority margin of 5 %: 0.1000");
});

Deno.test("claimsOf() takes a network that diverged for the worse of its pair", () => {
  const cmDiverges = (seeds: readonly number[], optimizer = "cm") =>
    claimOf(
      "NAG is at least as good",
      (of) =>
        of.mu === 0.99 && of.optimizer === optimizer && seeds.includes(of.seed)
          ? "diverged"
          : undefined,
    )
      .verdict;
  assertEquals(cmDiverges([2, 3, 4]), "holds");
  assertEquals(cmDiverges([2]), "not decided");
  assertEquals(cmDiverges([2, 3, 4], "nag"), "does not hold");
  assertEquals(cmDiverges([4], "nag"), "not decided");
  const both = claimOf(
    "NAG is at least as good",
    (of) => of.mu === 0.99 && of.seed > 1 ? "diverged" : undefined,
  );
  assertEquals(both.verdict, "not decided");
});

Deno.test("claimsOf() decides nothing by an entry that diverged at every rate", () => {
  const { verdict, evidence } = claimOf(
    "SGD is the worst",
    ({ optimizer, mu }) => optimizer === "cm" && mu === 0.9 ? "diverged" : undefined,
  );
  assertEquals(verdict, "not decided");
  assertStringIncludes(evidence, "0.9M diverged at every learning rate");
});

Deno.test("claimsOf() asks NAG to train where CM fails, with the confirmation seeds", () => {
  const words = "NAG still trains";
  const { evidence } = claimOf(words);
  assertStringIncludes(evidence, "mu 0.999 at 0.02: NAG 0.4121, 0.4200, 0.4279, CM 16.00, 16.00");
  const pair = (of: Configuration) =>
    of.network === "autoencoder" && of.mu > 0.9 &&
    of.optimizer !== "sgd";
  const good = claimOf(words, (of) => pair(of) ? at(of, 1) : undefined);
  assertEquals([good.verdict, good.evidence], [
    "not decided",
    "CM fails at none of the learning rates",
  ]);
  // Above 0.02 both fail.
  const both = claimOf(
    words,
    (of) => pair(of) ? errorOf(of.learningRate > 0.02 ? 15.9 : 1) : undefined,
  );
  assertEquals(both.verdict, "does not hold");
  const cmAlone = claimOf(
    words,
    (of) =>
      pair(of) ? errorOf(of.learningRate > 0.02 && of.optimizer === "nag" ? 15.9 : 1) : undefined,
  );
  assertEquals(cmAlone.verdict, "does not hold");
  // What the first seed found, the others do not bear out.
  const chance = claimOf(
    words,
    (of) =>
      pair(of)
        ? errorOf(of.learningRate > 0.02 && of.optimizer === "cm" && of.seed < 3 ? 15.9 : 1)
        : undefined,
  );
  assertEquals(chance.verdict, "not decided");
});

Deno.test("claimsOf() asks the test errors to be in the order of the training errors", () => {
  const words = "test error follows";
  const { verdict, evidence } = claimOf(words);
  assertEquals(verdict, "holds");
  assertStringIncludes(evidence, "rank correlation 1.000");
  assertStringIncludes(evidence, "n = 9 networks");
  const tested = (test: (train: number, of: Configuration) => number) =>
    claimOf(words, (of) => {
      const outcome = asInThePaper(of);
      if (typeof outcome !== "object") return outcome;
      return { ...outcome, test: test(outcome.train, of) };
    });
  assertEquals(tested((train) => 1 / train).verdict, "does not hold");
  // One cap in two has another order.
  const mixed = tested((train, { mu }) => mu === 0.99 || mu === 0.9 ? 20 - train : train);
  assertEquals(mixed.verdict, "not decided");
});

Deno.test("claimsOf() asks the finish to lower the error at every cap above 0.9", () => {
  const finish = (before: number[]) =>
    claimOf("finish lowers", (of) => {
      if (of.optimizer !== "nag" || of.mu !== 0.99) return undefined;
      const { train, test } = at(of, 3) as { train: number; test: number };
      return { train, test, before: before[of.seed - 1] };
    });
  const { verdict, evidence } = finish([2, 2, 2.01, 1.99]);
  assertEquals(verdict, "does not hold");
  assertStringIncludes(
    evidence,
    "0.99N: 2.000 to 3.000, difference 1.000 ± 0.02484 (3 seeds); 0.995N",
  );
  assertEquals(finish([2, 4, 4.01, 3.99]).verdict, "holds");
  assertEquals(finish([2, 2, 4, 4]).verdict, "not decided");
});

Deno.test("claimsOf() tells stuck scales from those that train", () => {
  const scale = (scale: number, error: number, spread = 0.01): Change => (of) =>
    of.network === "autoencoder" && of.init === "sparse" && of.initScale === scale
      ? at(of, error + spread * of.seed)
      : undefined;
  const verdicts = (change: Change) =>
    ["scale 0.25 and 0.5", "scale 1 and 2"].map((words) => claimOf(words, change).verdict);
  assertEquals(verdicts(scale(0.5, 5)), ["does not hold", "holds"]);
  assertEquals(verdicts(scale(2, 15)), ["holds", "does not hold"]);
  // An error between is neither.
  assertEquals(verdicts(scale(0.5, 12)), ["does not hold", "holds"]);
  assertEquals(verdicts(scale(2, 12)), ["holds", "does not hold"]);
  // Seeds 2 to 4 on both sides of 14.4 and of 8.
  assertEquals(verdicts(scale(0.5, 11.4, 1)), ["not decided", "holds"]);
  assertEquals(verdicts(scale(2, 5, 1)), ["holds", "not decided"]);
});

Deno.test("claimsOf() compares recurrent networks with none and with the biases alone", () => {
  const add = (error: (of: Configuration) => number): Change => (of) =>
    of.problem === "add"
      ? errorOf(error(of) + 0.0001 * of.seed * (of.mu + 1) + (of.learningRate === 0.001 ? 0 : 0.1))
      : undefined;
  const verdicts = (change: Change) =>
    ["Momentum is better", "NAG is at least", "below the output biases"].map((words) =>
      claimsOf(change).find(({ table, claim }) => table === "Table 5" && claim.includes(words))
        ?.verdict
    );
  // 0.8464 of the cases are wrong with a constant.
  assertEquals(verdicts(add(({ mu }) => mu > 0 ? 0.84 : 0.83)), [
    "does not hold",
    "holds",
    "holds",
  ]);
  assertEquals(verdicts(add(({ mu }) => mu > 0 ? 0.85 : 0.86)), [
    "holds",
    "holds",
    "does not hold",
  ]);
  assertEquals(verdicts(add(({ optimizer, mu }) => mu > 0.9 && optimizer === "nag" ? 0.8 : 0.7)), [
    "does not hold",
    "does not hold",
    "holds",
  ]);
  const spread = add(({ mu, seed }) => 0.8464 - 0.0003 + (mu > 0 ? 0 : 0.001) * (seed - 3));
  assertEquals(verdicts(spread).slice(0, 1), ["not decided"]);
});
