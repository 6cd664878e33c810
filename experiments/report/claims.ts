import { numberOf } from "./headings.ts";
import { type EntrySummary, evidence, type FailingSummary, type TableSummary } from "./summary.ts";
import { layTable, type TextTable } from "./text_table.ts";
import { type Finding, undecided } from "./verdicts.ts";

/** A claim of the paper or of an experiment, and what the networks say to it. */
export interface Claim extends Pick<Finding, "verdict" | "evidence"> {
  /** Table 1. */
  readonly table: string;
  /** The problem. */
  readonly row: string;
  readonly claim: string;
}

/** What decides the claims on a problem: its entries, and where NAG and CM fail. */
export interface Row {
  readonly name: string;
  readonly entries: readonly EntrySummary[];
  readonly failing: readonly FailingSummary[];
}

/** How a claim is decided. */
export type Decision = (row: Row) => Finding;

/** A claim in words, how it is decided, and whether for each row or by all of them together. */
export type TableClaim = readonly [claim: string, decide: Decision, of?: "all rows"];

/**
 * The claims that a table decides, for each of its problems. Settings are compared at the
 * learning rates that one seed chose, by the training errors of the other seeds alone, at 95 %. Nothing
 * is decided before all networks of the problem are there.
 */
export function checkClaims(summary: TableSummary, claims: readonly TableClaim[]): Claim[] {
  const places = [...summary.rows.map((name) => ({ name, rows: [name], of: undefined })), {
    ...{ name: "all", rows: summary.rows, of: "all rows" },
  }];
  return places.flatMap(({ name, rows, of }) => {
    const entries = evidence(summary).filter(({ row }) => rows.includes(row))
      .map((entry) => of ? { ...entry, fullName: `${entry.row}, ${entry.column}` } : entry);
    const failing = summary.failing.filter(({ row }) => rows.includes(row));
    const sum = (count: (entry: EntrySummary) => number) =>
      entries.reduce((sum, entry) => sum + count(entry), 0);
    const [planned, found] = [sum(({ planned }) => planned), sum(({ found }) => found)];
    return claims.filter(([, , scope]) => scope === of).map(([claim, decide]) => ({
      ...{ table: numberOf(summary), row: name, claim },
      ...told(
        found < planned
          ? undecided(`${found} of ${planned} networks are there`)
          : decide({ name, entries, failing }),
      ),
    }));
  });
}

/** What a claim's row says, the reason before the numbers. */
function told({ verdict, evidence, reason }: Finding): Pick<Claim, "verdict" | "evidence"> {
  return { verdict, evidence: reason === undefined ? evidence : `${reason}; ${evidence}` };
}

/** The claims as a table. */
export function claimsTable(claims: readonly Claim[]): TextTable {
  return layTable({ name: "claims", title: "The claims" }, claims, [
    { key: "table", title: "table", tell: ({ table }) => table },
    { key: "problem", title: "problem", tell: ({ row }) => row },
    { key: "claim", title: "claim", tell: ({ claim }) => claim },
    { key: "verdict", title: "verdict", tell: ({ verdict }) => verdict },
    { key: "evidence", title: "evidence", tell: ({ evidence }) => evidence },
  ]);
}
