import { type EntrySummary, evidence, type TableSummary } from "../summary.ts";
import {
  columnLooks,
  edgeNote,
  figureAxis,
  type Mark,
  marksOf,
  type TableFigure,
} from "./figure.ts";

interface Point extends Mark {
  readonly row: string;
  readonly column: string;
  readonly rate: number;
}

/**
 * The training error at each learning rate that was tried, with the seed that chooses: a line a column,
 * a panel a row.
 *
 * @param x what the rates are told as, the learning rate itself if left out
 */
export function ratesFigure(
  x: { readonly title: string; of(rate: number, entry: EntrySummary): number } = {
    title: "learning rate (per update)",
    of: (rate) => rate,
  },
): (summary: TableSummary) => TableFigure | undefined {
  return (summary) => {
    const entries = evidence(summary).filter(({ rates, found }) => rates.length > 1 && found > 0);
    const points = entries.flatMap((entry): Point[] =>
      entry.rates.flatMap(({ learningRate, final }) =>
        marksOf({ ...final, test: undefined }).map((mark) => (
          { ...mark, row: entry.row, column: entry.column, rate: x.of(learningRate, entry) }
        ))
      )
    );
    if (points.length === 0) return undefined;
    const { color, strokeDash } = columnLooks(entries), y = figureAxis(summary, points);
    const encoding = {
      x: {
        field: "rate",
        type: "quantitative" as const,
        title: x.title,
        scale: { type: "log" as const, nice: false },
        axis: { format: "~r", grid: false, labelOverlap: "greedy" as const },
      },
      y: { ...y, field: "value" },
      color,
    };
    return {
      name: `${summary.name}_rates`,
      title: `${summary.title}: by learning rate`,
      subtitle: [
        "training error at the end, with the seed that chooses the rates; diverged networks are left out",
        ...edgeNote(entries),
      ],
      ...summary.isLinear && { isLinear: true },
      spec: {
        data: { values: points },
        facet: { field: "row", type: "nominal", title: null, sort: summary.rows },
        columns: 3,
        spec: {
          ...{ width: 300, height: 280 },
          layer: [
            {
              mark: { type: "line", strokeWidth: 1.8 },
              encoding: { ...encoding, strokeDash },
            },
            { mark: { type: "circle", size: 40, opacity: 1 }, encoding },
          ],
        },
      },
    };
  };
}
