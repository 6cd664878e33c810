import type { TableRow } from "../../../experiments/files/tables.ts";

/** A row of a network's report; the figure is text, as the table has it. */
export function row(
  { update, error, ...setting }:
    & Partial<Record<"optimizer" | "mu" | "schedule" | "seed", string>>
    & {
      update: number;
      error: string;
    },
): TableRow {
  return {
    ...{ problem: "curves", optimizer: "nag", mu: "0.9", schedule: "paper", seed: "1", ...setting },
    ...{ update: String(update), momentum: "0.5", train_squared_error: error },
  };
}

/** The column that is drawn. */
export const figure = "train_squared_error";
