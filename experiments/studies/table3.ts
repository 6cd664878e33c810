import type { Row } from "../report/claims.ts";
import { scaleFigure } from "../report/figures/scale.ts";
import { meanImageError } from "../report/published.ts";
import type { EntrySummary } from "../report/summary.ts";
import { formatFigure } from "../report/text_table.ts";
import { type Finding, isLower, together, undecided } from "../report/verdicts.ts";
import { paperBudget, smallBudget } from "../tables/budget.ts";
import { STUCK, TRAINED } from "../tables/failing_rates.ts";
import {
  type AutoencoderGrid,
  layAutoencoders,
  publishedOf,
  type SettingColumn,
  squaredError,
} from "../tables/grid.ts";
import type { AutoencoderTable } from "../tables/table_study.ts";

const paper = { ...paperBudget, mu: [0.999] };

const heading = {
  name: "table3",
  title: "Table 3: initialization",
  figure: squaredError,
  published: publishedOf(`
           | SI x 0.25 | SI x 0.5 | SI x 1 | SI x 2 | SI x 4
    curves | 16        | 16       | 0.074  | 0.083  | 0.35
  `),
  paper,
};

/**
 * Table 3: NAG from sparse initialization at each scale, and beside it from Glorot's, from plain
 * Gaussian weights, from those of Hinton and Salakhutdinov (2006), and from sparse ones with tanh
 * units.
 */
export const table3: AutoencoderTable = {
  heading,
  budgets: { paper, small: { ...smallBudget, mu: [0.99], learningRates: [0.02, 0.01] } },
  lay: (grid) => layAutoencoders(heading, columnsOf(grid), grid),
  claims: [
    ["Sparse initialization at scale 0.25 and 0.5 stays at the mean image", scalesAreStuck],
    ["Sparse initialization at scale 1 and 2 trains", scalesTrain],
  ],
  figures: [scaleFigure],
};

function columnsOf({ budget: { mu: [mu], scales } }: AutoencoderGrid): SettingColumn[] {
  const column = (name: string, setting: SettingColumn["setting"]): SettingColumn => ({
    name,
    notReached: undefined,
    setting: { optimizer: "nag", mu, ...setting },
  });
  return [
    ...scales.map((initScale) => column(`SI x ${initScale}`, { initScale })),
    column("Glorot", { init: "glorot" }),
    column("Gaussian", { init: "gaussian" }),
    column("0.1 N(0, 1)", { init: "hinton" }),
    column("SI, tanh", { activation: "tanh" }),
  ];
}

function scalesAreStuck(row: Row): Finding {
  const error = STUCK * meanErrorOf(row);
  return decideScales(row, [0.25, 0.5], `above ${formatFigure(error)}`, (of) => isLower(error, of));
}

function scalesTrain(row: Row): Finding {
  const error = TRAINED * meanErrorOf(row);
  return decideScales(row, [1, 2], `below ${formatFigure(error)}`, (of) => isLower(of, error));
}

function decideScales(
  row: Row,
  scales: readonly number[],
  asked: string,
  decide: (entry: EntrySummary) => Finding,
): Finding {
  const found = scales.flatMap((scale) =>
    row.entries.find(({ configuration: c }) =>
      c.network === "autoencoder" && c.init === "sparse" && c.activation === "sigmoid" &&
      c.initScale === scale
    ) ?? []
  );
  if (found.length < scales.length) return undecided(`the grid lacks one of ${scales.join(", ")}`);
  const finding = together(found.map(decide));
  const mean = `the mean image has about ${meanErrorOf(row)}`;
  return { ...finding, evidence: `${finding.evidence}; asked for: ${asked}; ${mean}` };
}

function meanErrorOf({ name }: Row): number {
  return meanImageError(name) ?? NaN;
}
