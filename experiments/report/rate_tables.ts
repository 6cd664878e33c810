import { titleOf } from "./headings.ts";
import { estimateColumns, nameColumns } from "./result_columns.ts";
import { type EntrySummary, evidence, type RateSummary, type TableSummary } from "./summary.ts";
import { formatFigure, layTable, type TextTable } from "./text_table.ts";

/** The learning rates of an entry. */
interface RateLine extends Pick<EntrySummary, "row" | "column"> {
  readonly entry: EntrySummary;
  readonly rate: RateSummary;
}

/** Each learning rate of each entry: a row a rate. */
export function ratesTable(summary: TableSummary): TextTable {
  const lines = evidence(summary).flatMap((entry) =>
    entry.rates.map((rate): RateLine => ({ ...entry, entry, rate }))
  );
  const name = `${summary.name}_learning_rates`;
  return layTable({ name, title: `${titleOf(summary)}, every learning rate` }, lines, [
    ...nameColumns(summary),
    {
      key: "learning_rate",
      title: "learning rate",
      tell: ({ rate }) => String(rate.learningRate),
    },
    ...estimateColumns("train", "training error", ({ rate }: RateLine) => rate.final.train),
    ...estimateColumns("test", "test error", ({ rate }: RateLine) => rate.final.test),
    { key: "best", title: "best", tell: ({ entry, rate }) => rate === entry.best ? "best" : "" },
    { key: "diverged", title: "diverged", tell: ({ rate }) => String(rate.diverged) },
    {
      key: "networks",
      title: "networks",
      tell: ({ rate: { cells, planned } }) => `${cells.length} of ${planned}`,
    },
  ]);
}

/** The training error at every learning rate: a row an entry, a column a rate. */
export function ratesMatrix(summary: TableSummary): TextTable {
  const entries = evidence(summary);
  const rates = entries[0]?.rates.map(({ learningRate }) => String(learningRate)) ?? [];
  const name = `${summary.name}_matrix`;
  return layTable({ name, title: "Training error at every learning rate" }, entries, [
    ...nameColumns(summary),
    ...rates.map((rate, i) => ({
      ...{ key: rate, title: rate, align: "right" as const },
      tell: ({ rates }: EntrySummary) => meanOrDivergence(rates[i]),
    })),
  ]);
}

function meanOrDivergence({ diverged, cells, final }: RateSummary): string {
  return diverged > 0 ? `${diverged} of ${cells.length} diverged` : formatFigure(final.train?.mean);
}
