import type { Row } from "../report/claims.ts";
import { recurrentFigure } from "../report/figures/recurrent.ts";
import { baselineOf } from "../report/lines.ts";
import { formatFigure } from "../report/text_table.ts";
import { byChoosingError, type Finding, isLower, undecided } from "../report/verdicts.ts";
import type { RecurrentBudget } from "../tables/budget.ts";
import { recurrentConfiguration } from "../tables/configurations.ts";
import { firstOf, publishedOf, searchOf, trainingOf, zeroOneLoss } from "../tables/grid.ts";
import { nagAsGood, nagIsAsGood } from "../tables/momentum_claims.ts";
import type { RecurrentTable } from "../tables/table_study.ts";

const paper: RecurrentBudget = {
  lengths: { add: 80, mul: 80, "mem-5": 200, "mem-20": 80 },
  hidden: 100,
  updates: 50_000,
  warmUpUpdates: 1000,
  mu: [0, 0.9, 0.98, 0.995],
  learningRates: [1e-3, 1e-4, 1e-5, 1e-6],
  seeds: [1, 2, 3, 4, 5],
  batchSize: 100,
};

const small: RecurrentBudget = {
  lengths: { add: 10, mul: 10, "mem-5": 10, "mem-20": 10 },
  hidden: 50,
  updates: 1500,
  warmUpUpdates: 200,
  mu: [0, 0.9, 0.98, 0.995],
  learningRates: [1e-2, 1e-3, 3e-4],
  seeds: [1, 2, 3, 4],
  batchSize: 50,
};

const heading = {
  name: "table5",
  title: "Table 5: recurrent networks",
  figure: zeroOneLoss,
  published: publishedOf(`
           | biases | 0    | 0.9N | 0.98N  | 0.995N  | 0.9M  | 0.98M  | 0.995M
    add    | 0.82   | 0.39 | 0.02 | 0.21   | 0.00025 | 0.43  | 0.62   | 0.036
    mul    | 0.84   | 0.48 | 0.36 | 0.22   | 0.0013  | 0.029 | 0.025  | 0.37
    mem-5  | 2.5    | 1.27 | 1.02 | 0.96   | 0.63    | 1.12  | 1.09   | 0.92
    mem-20 | 8.0    | 5.37 | 2.77 | 0.0144 | 0.00005 | 1.75  | 0.0017 | 0.053
  `),
  paper,
};

/** Table 5: recurrent networks without momentum, and with NAG and CM at each momentum. */
export const table5: RecurrentTable = {
  heading,
  budgets: { paper, small },
  lay(problems, budget) {
    const columns = columnsOf(budget);
    return {
      ...heading,
      columns: columns.map(({ name }) => ({ name, notReached: undefined })),
      rows: problems,
      entries: problems.flatMap((problem) =>
        columns.map(({ name, optimizer, mu }) => ({
          row: problem,
          column: name,
          ...searchOf(budget),
          configuration: recurrentConfiguration(
            { ...budget, problem, length: budget.lengths[problem] },
            { optimizer, mu, ...firstOf(budget), ...trainingOf(budget) },
          ),
        }))
      ),
    };
  },
  claims: [
    ["Momentum is better than none", momentumBeatsNone],
    [nagAsGood, nagIsAsGood],
    ["The best is below the output biases alone", bestIsBelowBiases],
  ],
  figures: [recurrentFigure],
};

function columnsOf({ mu }: RecurrentBudget) {
  const high = mu.filter((mu) => mu > 0);
  return [
    // The warm-up holds here too, so this is no SGD; without momentum CM and NAG are the same.
    ...mu.includes(0) ? [{ name: "0", optimizer: "nag" as const, mu: 0 }] : [],
    ...high.map((mu) => ({ name: `${mu}N`, optimizer: "nag" as const, mu })),
    ...high.map((mu) => ({ name: `${mu}M`, optimizer: "cm" as const, mu })),
  ];
}

function momentumBeatsNone({ entries }: Row): Finding {
  const none = entries.find(({ configuration }) => configuration.mu === 0);
  const [best] = byChoosingError(entries.filter((entry) => entry !== none));
  return none && best ? isLower(best, none) : undecided("there is nothing to compare");
}

function bestIsBelowBiases({ entries }: Row): Finding {
  const [best] = byChoosingError(entries);
  const baseline = baselineOf(best);
  if (baseline === undefined) return undecided("the error of the biases alone is not known");
  const finding = isLower(best, baseline);
  return { ...finding, evidence: `${finding.evidence}, biases alone: ${formatFigure(baseline)}` };
}
