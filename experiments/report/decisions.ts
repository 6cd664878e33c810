// How claims that compare columns of a table are decided.

import type { Decision } from "./claims.ts";
import type { EntrySummary } from "./summary.ts";
import { byChoosingError, type Finding, undecided } from "./verdicts.ts";

/** Some columns: by their names, or by what holds of these. */
export type Columns = readonly string[] | ((column: string) => boolean);

/** Where an entry that a claim is about is not in the table. */
export const incomparable: Finding = undecided("there is nothing to compare");

/** All columns but some. */
export function allBut(...columns: readonly string[]): Columns {
  return (column) => !columns.includes(column);
}

/** The best of some columns, as the first seed chose it. */
export function bestOf(
  entries: readonly EntrySummary[],
  columns: Columns,
): EntrySummary | undefined {
  const isOne = typeof columns === "function" ? columns : (name: string) => columns.includes(name);
  return byChoosingError(entries.filter(({ column }) => isOne(column)))[0];
}

/** Decides between the best of some columns and the best of others. */
export function betweenBest(
  ours: Columns,
  others: Columns,
  decide: (ours: EntrySummary, other: EntrySummary) => Finding,
): Decision {
  return ({ entries }) => {
    const [own, other] = [ours, others].map((columns) => bestOf(entries, columns));
    return own && other ? decide(own, other) : incomparable;
  };
}
