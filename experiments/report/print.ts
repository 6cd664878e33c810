import { type Claim, claimsTable } from "./claims.ts";
import { resultTable } from "./result_tables.ts";
import type { TableSummary } from "./summary.ts";
import { terminalText } from "./text_table.ts";

/** What a terminal shows of the tables: each beside the paper's numbers, then the claims. */
export function printedTables(
  summaries: readonly TableSummary[],
  claims: readonly Claim[],
): string {
  return [...summaries.map(printedTable), ...claims.length > 0 ? [printedClaims(claims)] : []]
    .join("\n\n");
}

function printedTable(summary: TableSummary): string {
  const { name, unit } = summary.figure;
  const { planned, cells: { length: found }, rows } = summary;
  const count = found < planned ? `${found} of ${planned} networks` : `${planned} networks`;
  return [
    `${summary.title} (${rows.join(", ")}; ${count})`,
    `${name}, ${unit}, at the learning rate that one seed chose, over the confirmation seeds`,
    "",
    terminalText(resultTable(summary)),
  ].join("\n");
}

/** A claim a line, and under it the numbers that decide it. */
function printedClaims(claims: readonly Claim[]): string {
  const { rows } = claimsTable(claims);
  const width = Math.max(...rows.map(([, , , verdict]) => verdict.length));
  const indent = " ".repeat(width + 2);
  const lines = rows.flatMap(([table, problem, claim, verdict, evidence]) => [
    `${verdict.padEnd(width)}  ${claim} (${table}, ${problem})`,
    `${indent}${evidence}`,
  ]);
  return ["The claims", "", ...lines].join("\n");
}
