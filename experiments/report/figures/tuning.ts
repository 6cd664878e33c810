import { expectedBestFigure } from "../../charts/expected_best_chart.ts";
import { toldFigure, worthOf } from "../cell_errors.ts";
import { expectedBest } from "../expected_best.ts";
import { evidence, type TableSummary } from "../summary.ts";
import { problemOf, type TableFigure } from "./figure.ts";

/** What the tuning of each column of random settings is worth, by how many of them are tried. */
export function tuningFigure(summary: TableSummary): TableFigure | undefined {
  const [row] = summary.rows;
  const courses = evidence(summary).filter((entry) => entry.row === row).map((entry) => ({
    optimizer: entry.column,
    expected: expectedBest(
      entry.rates.flatMap(({ cells }) => cells.map((cell) => worthOf(cell, toldFigure))),
    ),
  })).filter(({ expected }) => expected.length > 0);
  if (courses.length === 0) return undefined;
  const { name, unit } = summary.figure;
  return {
    name: `${summary.name}_tuning`,
    ...expectedBestFigure(courses, {
      ...{ problem: problemOf(summary), unit },
      figureTitle: `training ${name}`,
    }),
  };
}
