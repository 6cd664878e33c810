import { errorBeforeFinish } from "../report/cell_errors.ts";
import type { Row } from "../report/claims.ts";
import { seedErrors } from "../report/comparison.ts";
import { finishFigure } from "../report/figures/finish.ts";
import { type Finding, isLowerThanBefore, together, undecided } from "../report/verdicts.ts";
import { paperBudget, smallBudget } from "../tables/budget.ts";
import { layAutoencoders, momentumColumns, publishedOf, squaredError } from "../tables/grid.ts";
import { isHigh } from "../tables/momentum_claims.ts";
import type { AutoencoderTable } from "../tables/table_study.ts";

const heading = {
  name: "table2",
  title: "Table 2: the low-momentum finish",
  figure: squaredError,
  // Of the best NAG alone.
  published: publishedOf(`
         | before | after
  curves | 0.096  | 0.074
  mnist  | 1.20   | 0.73
  faces  | 10.83  | 7.7
`),
  isOfFinish: true,
  paper: paperBudget,
};

/** Table 2: NAG at each cap, before and after the low-momentum finish. */
export const table2: AutoencoderTable = {
  heading,
  budgets: { paper: paperBudget, small: smallBudget },
  lay: (grid) => layAutoencoders(heading, momentumColumns(grid, "nag"), grid),
  claims: [["The low-momentum finish lowers the error", finishLowers]],
  figures: [finishFigure],
};

/** A finish at 0.9 changes nothing for what never was above. */
function finishLowers({ entries }: Row): Finding {
  const finished = entries.filter((entry) => isHigh(entry) && entry.best?.beforeFinish);
  if (finished.length === 0) return undecided("there is no finish after a momentum above 0.9");
  return together(
    finished.map((entry) =>
      isLowerThanBefore(entry, seedErrors(entry.confirmation, errorBeforeFinish))
    ),
  );
}
