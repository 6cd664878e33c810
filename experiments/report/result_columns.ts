import type { Estimate } from "./estimate.ts";
import type { Line } from "./lines.ts";
import type { TableSummary } from "./summary.ts";
import type { Telling, TextColumn } from "./text_table.ts";

/** Where the spread of a mean is told, if not everywhere. */
interface Spread {
  readonly sd?: NonNullable<TextColumn["only"]>;
  readonly interval?: NonNullable<TextColumn["only"]>;
}

/** What a line is called: its problem, where there are several, and its column. */
export function nameColumns({ rows }: TableSummary): Telling<Pick<Line, "row" | "column">>[] {
  return [
    {
      key: "problem",
      title: "problem",
      ...rows.length === 1 && { only: "file" },
      tell: ({ row }) => row,
    },
    { key: "column", title: "network", tell: ({ column }) => column },
  ];
}

/** A mean over seeds, their standard deviation, and the mean's interval. */
export function estimateColumns<T>(
  key: string,
  title: string,
  tell: (item: T) => Estimate | undefined,
  { sd = "page and file", interval }: Spread = {},
): Telling<T>[] {
  return [
    { key, title, tell: (item) => tell(item)?.mean },
    { key: `${key}_sd`, title: "sd", only: sd, tell: (item) => tell(item)?.deviation },
    {
      key: `${key}_ci95`,
      title: "± 95 %",
      ...interval && { only: interval },
      tell: (item) => tell(item)?.halfWidth,
    },
  ];
}

/** How many of a line's networks are there; on the terminal where some are not. */
export function networksColumn(
  { planned, cells }: TableSummary,
): Telling<Pick<Line, "entry">> {
  return {
    key: "networks",
    title: "networks",
    ...cells.length === planned && { only: "page and file" },
    tell: ({ entry }) =>
      entry?.sameAs === undefined && entry ? `${entry.found} of ${entry.planned}` : undefined,
  };
}
