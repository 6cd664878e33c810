import type { TableSummary } from "./summary.ts";

const titles = {
  table1: "Table 1: momentum",
  table2: "Table 2: the low-momentum finish",
  table3: "Table 3: initialization",
  table5: "Table 5: recurrent networks",
} as const;

/** The heading of a table. */
export function titleOf({ name }: TableSummary): string {
  return titles[name];
}

/** The heading without its subject: Table 1. */
export function numberOf(summary: TableSummary): string {
  return titleOf(summary).split(":")[0];
}

/** What a table's figures are, with their unit. */
export function figureOf({ name }: TableSummary): { name: string; unit: string } {
  return name === "table5"
    ? { name: "zero-one loss", unit: "fraction of wrong cases; of mem, wrong symbols a sequence" }
    : { name: "squared error", unit: "sum over pixels, mean over cases" };
}
