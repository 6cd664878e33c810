import { csvLine } from "../files/tables.ts";
import type { Split } from "../../mod.ts";
import type { Cell, Splits } from "../study/cell.ts";
import { toldError } from "./cell_errors.ts";
import type { TableSummary } from "./summary.ts";

/** What the columns of networks that have no such setting leave empty. */
type Row = Readonly<Record<string, string | number | null | undefined>>;

/** cells.csv: a row a network of the tables, with its whole configuration and its results. */
export function cellsCsv(summaries: readonly TableSummary[]): string {
  const cells = new Map(summaries.flatMap(({ cells }) => cells).map((cell) => [cell.id, cell]));
  const rows = [...cells.values()].map((cell) => rowOf(cell, summaries));
  const columns = [...new Set(rows.flatMap(Object.keys))];
  return [columns, ...rows.map((row) => columns.map((column) => row[column]))].map(csvLine).join(
    "",
  );
}

function rowOf(cell: Cell, summaries: readonly TableSummary[]): Row {
  const { id, configuration, result, training } = cell;
  const { status, updates, divergedAt, final, beforeFinish, curve } = result;
  const momenta = curve.map(({ momentum }) => momentum ?? 0);
  const of = (evaluated: Splits | null, split: Split) => {
    const error = evaluated ? toldError(evaluated, split) : Infinity;
    return Number.isFinite(error) ? error : null;
  };
  const tables = summaries.filter(({ cells }) => cells.some((other) => other.id === id))
    .map(({ name }) => name);
  return {
    id,
    tables: tables.join(" "),
    ...inSnakeCase(configuration),
    ...inSnakeCase({ updates, status, divergedAt }),
    reached_momentum: Math.max(0, ...momenta),
    ...{ train: of(final, "train"), test: of(final, "test") },
    train_before_finish: of(beforeFinish, "train"),
    test_before_finish: of(beforeFinish, "test"),
    ...inSnakeCase(training),
  };
}

/** learningRate is learning_rate; a list is one cell. */
function inSnakeCase(settings: object): Row {
  return Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [
      key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      Array.isArray(value) ? value.join("-") : value,
    ]),
  );
}
