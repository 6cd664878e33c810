import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { checkClaims, type Claim } from "../../../experiments/report/claims.ts";
import { drawFigures, type DrawnFigure } from "../../../experiments/report/figures/draw.ts";
import { summarize, type TableSummary } from "../../../experiments/report/summary.ts";
import { adaptive } from "../../../experiments/studies/adaptive.ts";
import { agreement } from "../../../experiments/studies/agreement.ts";
import { edge } from "../../../experiments/studies/edge.ts";
import { digitRows } from "../../../experiments/studies/digit_rows.ts";
import { fineTuning } from "../../../experiments/studies/fine_tuning.ts";
import type { Experiment, Flags } from "../../../experiments/tables/experiment.ts";
import type { PlannedTable } from "../../../experiments/tables/grid.ts";
import { theorem } from "../../../experiments/studies/theorem.ts";
import type { Cell, CellRow, Configuration } from "../../../experiments/study/cell.ts";
import { trainAll } from "./results.ts";

/** What a network's curvature is told to be at an update. */
type Told = (
  configuration: Configuration,
  update: number,
) => Readonly<Record<string, number>>;

/** The small preset of an experiment whose networks tell such figures. */
function summaryOf(
  { heading, layouts }: Experiment,
  told: Told,
  { seeds = 4, errorOf = () => 10, rowOf = () => ({}) }: {
    seeds?: number | undefined;
    errorOf?: (configuration: Configuration) => number;
    /** What its reports tell otherwise. */
    rowOf?: (configuration: Configuration, update: number) => Partial<CellRow>;
  } = {},
): TableSummary {
  const { common, rows, columns } = layouts.small;
  const seed = (common.seed as number[]).slice(0, seeds);
  const entries = Object.entries(rows).flatMap(([row, ofRow]) =>
    Object.entries(columns).map(([column, ofColumn]) => {
      const configuration = configurationOf({ ...common, ...ofRow, ...ofColumn, seed: seed[0] });
      const rates = { ...common, ...ofRow, ...ofColumn }["learning-rate"];
      const learningRates = [rates].flat() as number[];
      return {
        ...{ row, column, configuration, learningRates, seeds: seed },
        ...{ widen: false, isFixed: learningRates.length === 1 },
      };
    })
  );
  const names = Object.keys(columns).map((name) => ({ name, notReached: undefined }));
  const table: PlannedTable = { ...heading, columns: names, rows: Object.keys(rows), entries };
  const cells = trainAll([table], (of) => ({ train: errorOf(of), test: 11 }));
  const measured = new Map([...cells].map(([id, cell]) => [
    id,
    withRows(cell, (of, update) => ({ curvature: told(of, update), ...rowOf(of, update) })),
  ]));
  const record = {
    ...{ preset: "small" as const, configuration: {} as never, nagare: "0.1.0" },
    arguments: [heading.name],
  };
  return summarize({ record, table }, measured);
}

function configurationOf(flags: Flags): Configuration {
  const { optimizer, mu = 0, updates, seed } = flags;
  return {
    ...{
      network: "autoencoder",
      problem: "curves",
      optimizer,
      mu,
      schedule: "paper",
      seed,
      updates,
    },
    ...{ learningRate: [flags["learning-rate"]].flat()[0], batchSize: flags["batch-size"] ?? 200 },
    ...{ init: flags.init ?? "sparse", initScale: 1, finish: 0, reportCases: 300 },
    ...{ reportEvery: flags["curvature-every"] ?? flags.every, states: flags.states },
    ...{ curvatureEvery: flags["curvature-every"] },
  } as Configuration;
}

function withRows(
  cell: Cell,
  rowOf: (configuration: Configuration, update: number) => Partial<CellRow>,
): Cell {
  const { configuration, result } = cell;
  const curve = result.curve.map((row) => ({ ...row, ...rowOf(configuration, row.update) }));
  return { ...cell, result: { ...result, curve } };
}

function claimsOf(experiment: Experiment, told: Told, seeds?: number): Claim[] {
  return checkClaims(summaryOf(experiment, told, { seeds }), experiment.claims);
}

/** The verdicts by row. */
function verdictsOf(claims: readonly Claim[]): Record<string, string[]> {
  const rows = Map.groupBy(claims, ({ row }) => row);
  return Object.fromEntries([...rows].map(([row, of]) => [row, of.map(({ verdict }) => verdict)]));
}

/** A gap for NAG of so much, and shares of the velocity. */
function ofTheorem(gap: number, share: (configuration: Configuration) => number): Told {
  return (configuration, update) =>
    update === 0 ? {} : {
      theoremGap: gap * (1 + configuration.seed / 100) * (update === 300 ? 1 : 0.1),
      sharpShare: share(configuration) * (1 + configuration.seed / 100),
    };
}

const emptierAtHigh = ({ optimizer, mu }: Configuration) =>
  0.1 / (optimizer === "nag" && mu > 0.9 ? 5 : 1 + Number(optimizer === "nag") / 10);

Deno.test("claims of the theorem follow its gap and the shares of the velocity", () => {
  const near = claimsOf(theorem, ofTheorem(0.05, emptierAtHigh));
  assertEquals(verdictsOf(near), {
    "mu 0.9": ["holds", "holds"],
    "mu 0.99": ["holds", "holds"],
    "all": ["holds"],
  });
  assertMatch(near[0].evidence, /^greatest gap of mu 0\.9, NAG: 0\.0515\d* ± .*, allowed: 0\.1$/);
  assertStringIncludes(near.at(-1)!.evidence, "mu 0.99, NAG has 0.2000 (95 %: ");
  const far = claimsOf(theorem, ofTheorem(0.5, ({ optimizer }) => optimizer === "cm" ? 0.1 : 0.2));
  const not = "does not hold";
  assertEquals(verdictsOf(far), {
    "mu 0.9": [not, not],
    "mu 0.99": [not, not],
    // The same factor at both.
    "all": ["not decided"],
  });
});

Deno.test("claims of what was measured wait for three seeds, and for finite figures", () => {
  const reasons = (told: Told, seeds?: number) =>
    claimsOf(theorem, told, seeds).map(({ verdict, evidence }) => `${verdict}: ${evidence}`);
  for (const told of reasons(ofTheorem(0.05, emptierAtHigh), 2)) {
    assertMatch(told, /^not decided: one confirmation seed has no interval: give three/);
  }
  for (const told of reasons(ofTheorem(NaN, () => NaN))) {
    assertMatch(told, /^not decided: a network diverged or was not measured; /);
  }
});

/** A batch sharpness that settles at so many steps in the later half of a run. */
function ofEdge(steps: (configuration: Configuration) => number): Told {
  return (configuration, update) => ({
    batchSharpness: (update < configuration.updates / 2 ? 0.01 : 1) * steps(configuration) *
      (1 + configuration.seed / 1000) / configuration.learningRate,
  });
}

Deno.test("claims of the edge of stability follow where the sharpness settles", () => {
  const limit = ({ optimizer, mu }: Configuration) =>
    optimizer === "nag" ? 3.8 / 2.8 : 2 * (1 + mu);
  const asTheory = ofEdge((of) => of.batchSize < 300 ? 2 * (1 - of.mu) * 0.99 : limit(of) * 0.9);
  assertEquals(verdictsOf(claimsOf(edge, asTheory)), {
    "batch 50": ["holds"],
    "all cases": ["holds"],
    "all": ["holds", "holds"],
  });
  const above = verdictsOf(claimsOf(edge, ofEdge((of) => 2 * limit(of))));
  const not = "does not hold";
  assertEquals(above, { "batch 50": [not], "all cases": [not], "all": [not, not] });
});

Deno.test("claims of agreement follow NAG's gain where gradients agree least and most", () => {
  // The larger the batch the more they agree.
  const told: Told = ({ batchSize }) => ({ gradientCorrelation: batchSize / 100 - 0.5 });
  const verdict = (gain: (batchSize: number) => number) => {
    const summary = summaryOf(agreement, told, {
      errorOf: ({ optimizer, batchSize, learningRate, seed }) =>
        (optimizer === "nag" ? 1 / gain(batchSize) : 1) * (10 + seed / 10) *
        ([0.05, 0.005].includes(learningRate) ? 1 : 1.2),
    });
    const [{ verdict, evidence }] = checkClaims(summary, agreement.claims);
    assertMatch(
      evidence,
      /^correlations of SGD: -0\.300 of batch 20, 0\.300 of batch 80, 2\.50 of all /,
    );
    return verdict;
  };
  assertEquals(verdict((size) => 1 + size / 100), "holds");
  assertEquals(verdict((size) => 4 - size / 100), "does not hold");
});

/** The texts of an SVG. */
function words({ svg }: DrawnFigure): string[] {
  return [...svg.matchAll(/>([^<>]+)<\/(?:text|tspan)>/g)].map(([, text]) => text);
}

Deno.test("figures of what was measured have a panel a row, a line a column and the limits", async () => {
  const drawn = await drawFigures(summaryOf(edge, ofEdge(() => 1)), edge.figures);
  // Nobody measured the spectrum.
  assertEquals(drawn.map(({ name }) => name), ["edge_batch_sharpness"]);
  const said = words(drawn[0]);
  for (
    const text of [
      ...["batch 50", "all cases", "SGD", "CM", "NAG", "update", "batch sharpness × ε"],
      ...["2(1 − μ)", "CM: 2(1 + μ)", "NAG: 2(1 + μ)/(1 + 2μ)", "SGD: 2"],
    ]
  ) assert(said.includes(text), text);
  const lines = [...drawn[0].svg.matchAll(/aria-roledescription="line mark"/g)];
  assertEquals(lines.length, 2 * 3);
  const both = await drawFigures(
    summaryOf(theorem, ofTheorem(0.05, emptierAtHigh)),
    theorem.figures,
  );
  assertEquals(both.map(({ name }) => name), ["theorem_gap", "theorem_sharp_share"]);
  const below: Told = () => ({ gradientCorrelation: -0.5 });
  const [, correlation] = await drawFigures(summaryOf(agreement, below), agreement.figures);
  assertEquals(correlation.name, "agreement_correlation");
  assert(words(correlation).some((text) => text.startsWith("−0.")));
});

/** A momentum that falls from batch to batch, restarts that come the more often, and a lead over SGD. */
function ofAdaptive({ falls, gain }: { falls: boolean; gain: number }): Claim[] {
  const share = ({ batchSize }: Configuration) => falls ? batchSize / 300 : 0.5;
  const summary = summaryOf(adaptive, () => ({}), {
    errorOf: (of) =>
      10 + of.seed / 100 - (of.optimizer === "sgd" ? 0 : gain * of.batchSize / 100 + of.seed / 50),
    rowOf(of, update) {
      const mu = 0.9 * share(of) + of.seed / 1000;
      const told = { restarts: update / (of.seed + 200 * share(of)) };
      return {
        momentum: update === 0 ? null : mu,
        ...of.optimizer === "restart" && update > 0 && { told },
      };
    },
  });
  return checkClaims(summary, adaptive.claims);
}

Deno.test("claims of a momentum that gradients choose go from batch to batch", () => {
  assertEquals(verdictsOf(ofAdaptive({ falls: true, gain: 1 })), {
    all: ["holds", "holds", "holds", "holds"],
  });
  const not = "does not hold";
  const [momentum, restarts, ...gains] = ofAdaptive({ falls: false, gain: -1 });
  assertEquals(gains.map(({ verdict }) => verdict), [not, not]);
  for (const { verdict } of [momentum, restarts]) assertEquals(verdict, "not decided");
  assertMatch(
    momentum.evidence,
    /^mean 1 - mu of all cases, adaptive heavy ball: 0\.5\d* ± .*; mean/,
  );
});

/** Verdicts on networks that come out so, at every rate. */
function verdictsWhere(
  experiment: Experiment,
  errorOf: (configuration: Configuration) => number,
): Record<string, string[]> {
  return verdictsOf(checkClaims(summaryOf(experiment, () => ({}), { errorOf }), experiment.claims));
}

Deno.test("claims of fine-tuning are of what the velocity costs, at each momentum", () => {
  const costs = (factor: (mu: number) => number) => ({ mu, seed, states }: Configuration) =>
    (100 + seed) * (states === "kept" ? factor(mu) + seed / 1000 : 1);
  const not = "does not hold";
  assertEquals(verdictsWhere(fineTuning, costs((mu) => mu > 0.9 ? 3 : 1.5)), {
    "mu 0.9": ["holds"],
    "mu 0.99": ["holds"],
    "all": ["holds"],
  });
  assertEquals(verdictsWhere(fineTuning, costs((mu) => mu > 0.9 ? 0.3 : 0.8)), {
    "mu 0.9": [not],
    "mu 0.99": [not],
    "all": [not],
  });
});

Deno.test("claims of digits read row after row compare momenta, and the best of each beginning", () => {
  const errors = (ours: number, echo: number) => ({ mu, seed, init }: Configuration) =>
    (mu > 0 ? ours : 0.3) * (init === "echo-state" ? echo : 1) + seed / 1000;
  const all = (verdict: string) => ({
    ...{ "echo state": [verdict], "Gaussian": [verdict] },
    all: [verdict],
  });
  assertEquals(verdictsWhere(digitRows, errors(0.1, 0.5)), all("holds"));
  assertEquals(verdictsWhere(digitRows, errors(0.5, 1.5)), all("does not hold"));
});
