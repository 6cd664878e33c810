import type { TableSummary } from "./summary.ts";

/** The heading of a table without its subject: Table 1. */
export function numberOf({ title }: Pick<TableSummary, "title">): string {
  return title.split(":")[0];
}
