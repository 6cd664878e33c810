import { baselineOf, type Line, linesOf, noteOf } from "./lines.ts";
import { estimateColumns, nameColumns, networksColumn } from "./result_columns.ts";
import { hasRate, type TableSummary } from "./summary.ts";
import { workOf } from "./work.ts";
import { layTable, type Telling, type TextTable } from "./text_table.ts";

/**
 * The table as the paper has it: each entry at its best learning rate, with the seeds that confirm it,
 * and the paper's number beside it.
 */
export function resultTable(summary: TableSummary): TextTable {
  const columns = summary.isOfFinish ? finishColumns(summary) : errorColumns(summary);
  return layTable({ name: summary.name, title: summary.title }, linesOf(summary), [
    ...nameColumns(summary),
    {
      key: "best_learning_rate",
      title: "best rate",
      tell: ({ best }) => best?.learningRate ? String(best.learningRate) : undefined,
    },
    ...summary.entries.every(hasRate) ? [] : [workColumn],
    { key: "edge", title: "at edge", tell: ({ best, entry }) => best && (entry?.edge ?? "") },
    ...columns,
    {
      key: "confirmation_seeds",
      title: "confirmation seeds",
      tell: ({ best, entry }) => best && String(entry?.confirmation.length),
    },
    networksColumn(summary),
    { key: "note", title: "note", tell: noteOf },
  ]);
}

/** What a network's training took, in gradients over 200 cases. */
const workColumn: Telling<Line> = {
  key: "gradient_equivalents",
  title: "gradients",
  tell: ({ best }) => best && workOf(best.cells),
};

function errorColumns({ entries, published }: TableSummary): Telling<Line>[] {
  const baseline: Telling<Line> = {
    key: "biases",
    title: "biases alone",
    tell: ({ entry }) => baselineOf(entry),
  };
  return [
    ...estimateColumns("train", "training error", ({ best }: Line) => best?.final.train),
    ...estimateColumns("test", "test error", ({ best }: Line) => best?.final.test),
    ...entries.some((entry) => baselineOf(entry) !== undefined) ? [baseline] : [],
    ...published
      ? [{ key: "paper", title: "paper", tell: ({ paper }: Line) => paper }, ratioColumn(paperOf)]
      : [],
  ];
}

function paperOf({ paper }: Line): string | undefined {
  return paper;
}

/** Of the finish, where the paper has a number for its best cap alone. */
function finishColumns(summary: TableSummary): Telling<Line>[] {
  const best = new Map(summary.rows.map((row) => [row, bestColumn(summary, row)]));
  const paperOf = ({ row, column }: Line, moment: "before" | "after") =>
    best.get(row) === column ? summary.published?.get(row)?.get(moment) : undefined;
  // Four errors with all their spread would be too wide for a page.
  const spread = { sd: "file" } as const, none = { sd: "file", interval: "file" } as const;
  return [
    ...estimateColumns("train_before", "before", (line: Line) => before(line)?.train, spread),
    ...estimateColumns("train", "after", ({ best }: Line) => best?.final.train, spread),
    ...estimateColumns("test_before", "test before", (line: Line) => before(line)?.test, none),
    ...estimateColumns("test", "test after", ({ best }: Line) => best?.final.test, none),
    { key: "paper_before", title: "paper before", tell: (line) => paperOf(line, "before") },
    { key: "paper", title: "paper after", tell: (line) => paperOf(line, "after") },
    ratioColumn((line) => paperOf(line, "after")),
  ];
}

function before({ best }: Line) {
  return best?.beforeFinish;
}

/** The column of least training error after the finish. */
function bestColumn(summary: TableSummary, row: string): string | undefined {
  const error = ({ best }: Line) => best?.final.train?.mean ?? Infinity;
  return linesOf(summary).filter((line) => line.row === row && line.best)
    .toSorted((a, b) => error(a) - error(b))[0]?.column;
}

function ratioColumn(paperOf: (line: Line) => string | undefined): Telling<Line> {
  return {
    key: "ratio",
    title: "ours / paper",
    tell: (line) => {
      const ours = line.best?.final.train?.mean, paper = paperOf(line);
      return ours === undefined || paper === undefined ? undefined : ours / Number(paper);
    },
  };
}
