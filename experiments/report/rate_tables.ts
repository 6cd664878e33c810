import { nameColumns } from "./result_columns.ts";
import {
  type EntrySummary,
  evidence,
  hasRate,
  type RateSummary,
  type TableSummary,
} from "./summary.ts";
import { formatFigure, layTable, type TextTable } from "./text_table.ts";

/** The learning rates of an entry. */
interface RateLine extends Pick<EntrySummary, "row" | "column"> {
  readonly entry: EntrySummary;
  readonly rate: RateSummary;
}

/** Each learning rate of each entry, with the seed that chooses: a row a rate. */
export function ratesTable(summary: TableSummary): TextTable {
  const lines = evidence(summary).filter(hasRate).flatMap((entry) =>
    entry.rates.map((rate): RateLine => ({ ...entry, entry, rate }))
  );
  const name = `${summary.name}_learning_rates`;
  return layTable({ name, title: `${summary.title}, every learning rate` }, lines, [
    ...nameColumns(summary),
    {
      key: "learning_rate",
      title: "learning rate",
      tell: ({ rate }) => String(rate.learningRate),
    },
    { key: "train", title: "training error", tell: ({ rate }) => rate.final.train?.mean },
    { key: "test", title: "test error", tell: ({ rate }) => rate.final.test?.mean },
    {
      key: "best",
      title: "best",
      tell: ({ entry: { best }, rate }) => best?.learningRate === rate.learningRate ? "best" : "",
    },
    {
      key: "outcome",
      title: "outcome",
      tell: ({ rate }) => rate.cells.length === 0 ? "missing" : rate.diverged ? "diverged" : "ok",
    },
  ]);
}

/** The training error at every learning rate: a row an entry, a column a rate. */
export function ratesMatrix(summary: TableSummary): TextTable {
  const entries = evidence(summary).filter(hasRate);
  const rates = new Set(
    entries.flatMap(({ rates }) => rates.map(({ learningRate }) => learningRate)),
  );
  const name = `${summary.name}_matrix`;
  return layTable({ name, title: "Training error at every learning rate" }, entries, [
    ...nameColumns(summary),
    ...[...rates].toSorted((a, b) => a - b).map((rate) => ({
      ...{ key: String(rate), title: String(rate), align: "right" as const },
      tell: ({ rates }: EntrySummary) => tellRate(rates.find((of) => of.learningRate === rate)),
    })),
  ]);
}

function tellRate(rate: RateSummary | undefined): string {
  return rate?.diverged ? "diverged" : formatFigure(rate?.final.train?.mean);
}
