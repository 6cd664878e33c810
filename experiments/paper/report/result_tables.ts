import { biasesBaseline } from "../networks.ts";
import type { Estimate } from "./estimate.ts";
import { noteOfPublished, publishedFinish, publishedRow } from "./published.ts";
import type { EntrySummary, RateSummary, TableSummary } from "./summary.ts";
import {
  formatFigure,
  layTable,
  type Telling,
  type TextColumn,
  type TextTable,
} from "./text_table.ts";

/** An entry of ours, a number of the paper, or both. */
interface Line {
  readonly row: string;
  readonly column: string;
  readonly entry?: EntrySummary;
  readonly paper?: string;
}

/** The learning rates of an entry. */
interface RateLine {
  readonly entry: EntrySummary;
  readonly rate: RateSummary;
}

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

/** What a table's figures are, with their unit. */
export function figureOf({ name }: TableSummary): { name: string; unit: string } {
  return name === "table5"
    ? { name: "zero-one loss", unit: "fraction of wrong cases; of mem, wrong symbols a sequence" }
    : { name: "squared error", unit: "sum over pixels, mean over cases" };
}

/** The table as the paper has it: each entry at its best learning rate, the paper's beside it. */
export function resultTable(summary: TableSummary): TextTable {
  if (summary.name === "table2") return finishTable(summary);
  return layTable({ name: summary.name, title: titleOf(summary) }, linesOf(summary), [
    ...namesOf(summary, ({ entry }: Line) => entry),
    ...estimateColumns("train", "training error", (line: Line) => shown(line)?.final.train),
    ...estimateColumns("test", "test error", (line: Line) => shown(line)?.final.test),
    ...baselineColumns(summary),
    { key: "paper", title: "paper", tell: ({ paper }) => paper },
    {
      key: "ratio",
      title: "ours / paper",
      tell: (line) => ratio(shown(line)?.final.train?.mean, line.paper),
    },
    networksColumn(({ entry }: Line) => entry?.sameAs === undefined ? entry : undefined),
    {
      key: "note",
      title: "note",
      tell: ({ entry, column }) => entry ? noteOf(entry) : noteOfPublished(column),
    },
  ]);
}

/** Table 2: a row a cap; the paper has its best one alone. */
function finishTable(summary: TableSummary): TextTable {
  type Tell = (line: Line) => Estimate | undefined;
  // Four errors with all their spread would be too wide for a page.
  const spread = (key: string, title: string, tell: Tell) =>
    estimateColumns(key, title, tell, { sd: "file" });
  const alone = (key: string, title: string, tell: Tell) =>
    estimateColumns(key, title, tell, { sd: "file", interval: "file" });
  const lines = summary.entries.map((entry): Line => ({ ...entry, entry }));
  const bestOfRow = (row: string) =>
    lines.filter((line) => line.row === row && shown(line) !== undefined)
      .toSorted((a, b) => trainMean(a) - trainMean(b))[0];
  const paperOf = (line: Line) =>
    bestOfRow(line.row) === line ? publishedFinish(line.row) : undefined;
  return layTable({ name: summary.name, title: titleOf(summary) }, lines, [
    ...namesOf(summary, ({ entry }: Line) => entry),
    ...spread("train_before", "before", (line) => shown(line)?.beforeFinish?.train),
    ...spread("train", "after", (line) => shown(line)?.final.train),
    ...alone("test_before", "test before", (line) => shown(line)?.beforeFinish?.test),
    ...alone("test", "test after", (line) => shown(line)?.final.test),
    { key: "paper_before", title: "paper before", tell: (line) => paperOf(line)?.get("before") },
    { key: "paper", title: "paper after", tell: (line) => paperOf(line)?.get("after") },
    {
      key: "ratio",
      title: "ours / paper",
      tell: (line) => ratio(shown(line)?.final.train?.mean, paperOf(line)?.get("after")),
    },
    networksColumn(({ entry }: Line) => entry?.sameAs === undefined ? entry : undefined),
    { key: "note", title: "note", tell: ({ entry }) => noteOf(entry!) },
  ]);
}

/** Each learning rate of each entry. */
export function ratesTable(summary: TableSummary): TextTable {
  const lines = evidence(summary).flatMap((entry) => entry.rates.map((rate) => ({ entry, rate })));
  return layTable(
    {
      name: `${summary.name}_learning_rates`,
      title: `${titleOf(summary)}, every learning rate`,
    },
    lines,
    [
      { key: "problem", title: "problem", tell: ({ entry }: RateLine) => entry.row },
      { key: "column", title: "network", tell: ({ entry }) => entry.column },
      { key: "learning_rate", title: "learning rate", tell: ({ rate }) => told(rate.learningRate) },
      ...estimateColumns("train", "training error", ({ rate }: RateLine) => rate.final.train),
      ...estimateColumns("test", "test error", ({ rate }: RateLine) => rate.final.test),
      {
        key: "best",
        title: "best",
        tell: ({ entry, rate }) => rate === entry.best ? "best" : undefined,
      },
      { key: "diverged", title: "diverged", tell: ({ rate }) => told(rate.diverged) },
      networksColumn(({ rate }: RateLine) => ({ planned: rate.planned, found: rate.cells.length })),
    ],
  );
}

/** The training error at every learning rate: a row an entry, a column a rate. */
export function ratesMatrix(summary: TableSummary): TextTable {
  const entries = evidence(summary);
  const rates = entries[0]?.rates.map(({ learningRate }) => learningRate) ?? [];
  return layTable(
    { name: `${summary.name}_matrix`, title: "Training error at every learning rate" },
    entries,
    [
      ...summary.rows.length === 1 ? [] : [{
        key: "problem",
        title: "problem",
        tell: ({ row }: EntrySummary) => row,
      }],
      { key: "column", title: "network", tell: ({ column }: EntrySummary) => column },
      ...rates.map((rate, i) => ({
        key: String(rate),
        title: String(rate),
        align: "right" as const,
        tell: ({ rates }: EntrySummary) => meanOrDivergence(rates[i]),
      })),
    ],
  );
}

function meanOrDivergence({ diverged, cells, final }: RateSummary): string {
  return diverged > 0 ? `${diverged} of ${cells.length} diverged` : formatFigure(final.train?.mean);
}

/** The entries without those that repeat the networks of another. */
export function evidence({ entries }: TableSummary): EntrySummary[] {
  return entries.filter(({ sameAs }) => sameAs === undefined);
}

function linesOf(summary: TableSummary): Line[] {
  return summary.rows.flatMap((row) => {
    const paper = publishedRow(summary.name, row);
    const entries = summary.entries.filter((entry) => entry.row === row);
    const ours = entries.map((entry): Line => ({
      ...{ row, column: entry.column, entry },
      ...lineOfPaper(paper.get(entry.column)),
    }));
    const laid = new Set(entries.map(({ column }) => column));
    const others = [...paper].filter(([column]) => !laid.has(column));
    return [...ours, ...others.map(([column, paper]): Line => ({ row, column, paper }))];
  });
}

function lineOfPaper(paper: string | undefined): Pick<Line, "paper"> {
  return paper === undefined ? {} : { paper };
}

/** Figures are shown once: where another column has the same networks, there. */
function shown({ entry }: Line): RateSummary | undefined {
  return entry?.sameAs === undefined ? entry?.best : undefined;
}

function trainMean(line: Line): number {
  return shown(line)?.final.train?.mean ?? Infinity;
}

/** What the rows are called: the problem where there are several. */
function namesOf(
  { rows }: TableSummary,
  entryOf: (line: Line) => EntrySummary | undefined,
): Telling<Line>[] {
  return [
    {
      key: "problem",
      title: "problem",
      ...rows.length === 1 ? { only: "file" as const } : {},
      tell: ({ row }) => row,
    },
    { key: "column", title: "network", tell: ({ column }) => column },
    {
      key: "best_learning_rate",
      title: "best rate",
      tell: (line) => entryOf(line) && told(shown(line)?.learningRate),
    },
  ];
}

function estimateColumns<T>(
  key: string,
  title: string,
  tell: (item: T) => Estimate | undefined,
  only: Only = {},
): Telling<T>[] {
  const { sd = "page and file", interval } = only;
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

/** Where the spread of a mean is told. */
interface Only {
  readonly sd?: NonNullable<TextColumn["only"]>;
  readonly interval?: NonNullable<TextColumn["only"]>;
}

function baselineColumns({ name }: TableSummary): Telling<Line>[] {
  if (name !== "table5") return [];
  return [{
    key: "biases",
    title: "biases alone",
    tell: ({ entry }) =>
      entry?.configuration.network === "recurrent"
        ? biasesBaseline(entry.configuration)
        : undefined,
  }];
}

function networksColumn<T>(
  countsOf: (item: T) => Pick<EntrySummary, "planned" | "found"> | undefined,
): Telling<T> {
  return {
    key: "networks",
    title: "networks",
    tell: (item) => {
      const counts = countsOf(item);
      return counts && `${counts.found} of ${counts.planned}`;
    },
  };
}

/** What is to be known of an entry besides its figures. */
export function noteOf({ notReached, sameAs, rates, best, found }: EntrySummary): string {
  const diverged = rates.filter(({ diverged }) => diverged > 0);
  const notes = [
    notReached === undefined ? "" : `not reached (mu up to ${shortFigure(notReached)})`,
    sameAs === undefined ? "" : `see ${sameAs}`,
  ];
  if (sameAs === undefined && diverged.length > 0) {
    notes.push(
      best === undefined && found > 0
        ? "diverged at every learning rate"
        : `diverged: ${diverged.map(divergence).join(", ")}`,
    );
  }
  return notes.filter((note) => note !== "").join("; ");
}

function divergence({ learningRate, diverged, cells }: RateSummary): string {
  return `${diverged} of ${cells.length} at ${learningRate}`;
}

function ratio(ours: number | undefined, paper: string | undefined): number | undefined {
  return ours === undefined || paper === undefined ? undefined : ours / Number(paper);
}

/** A setting: its own digits. */
function told(value: number | undefined): string {
  return value === undefined ? "" : String(value);
}

/** As printed, without zeros at its end. */
function shortFigure(value: number): string {
  return String(Number(formatFigure(value)));
}
