import type { TableClaim } from "../report/claims.ts";
import type { TableFigure } from "../report/figures/figure.ts";
import type { TableSummary } from "../report/summary.ts";
import type { AutoencoderBudget, Preset, RecurrentBudget } from "./budget.ts";
import type { PaperSequences } from "./configurations.ts";
import type { AutoencoderGrid, PlannedTable, TableHeading } from "./grid.ts";

/** A table of the paper as data: what is trained for it, and what is made of it. */
export interface TableStudy {
  readonly heading: TableHeading;
  readonly claims: readonly TableClaim[];
  readonly figures: readonly ((summary: TableSummary) => TableFigure | undefined)[];
}

/** A table of autoencoders. */
export interface AutoencoderTable extends TableStudy {
  readonly budgets: Readonly<Record<Preset, AutoencoderBudget>>;
  lay(grid: AutoencoderGrid): PlannedTable;
}

/** A table of recurrent networks: a row a problem. */
export interface RecurrentTable extends TableStudy {
  readonly budgets: Readonly<Record<Preset, RecurrentBudget>>;
  lay(problems: readonly PaperSequences[], budget: RecurrentBudget): PlannedTable;
}
