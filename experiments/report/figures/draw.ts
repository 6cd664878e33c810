import { renderSvg } from "../../charts/vega.ts";
import type { TableName } from "../../studies/grid.ts";
import type { TableSummary } from "../summary.ts";
import { completeSpec, type Figure, withoutZeros } from "./figure.ts";
import { finishFigure } from "./finish.ts";
import { learningRatesFigure } from "./learning_rates.ts";
import { momentumFigure } from "./momentum.ts";
import { recurrentFigure } from "./recurrent.ts";
import { scaleFigure } from "./scale.ts";
import { updatesFigure } from "./updates.ts";

/** A figure as it was drawn. */
export interface DrawnFigure {
  /** The SVG file is called so. */
  readonly name: string;
  /** What it shows, in words. */
  readonly alt: string;
  readonly svg: string;
}

const figures: Readonly<
  Record<TableName, readonly ((summary: TableSummary) => Figure | undefined)[]>
> = {
  table1: [updatesFigure, momentumFigure, learningRatesFigure],
  table2: [finishFigure],
  table3: [scaleFigure],
  table5: [recurrentFigure],
};

/** Draws the figures that a table's networks allow. */
export async function drawFigures(summary: TableSummary): Promise<DrawnFigure[]> {
  const drawn: DrawnFigure[] = [];
  for (const figure of figures[summary.name].map((lay) => lay(summary))) {
    if (figure) drawn.push(await draw(figure));
  }
  return drawn;
}

async function draw(laid: Figure): Promise<DrawnFigure> {
  // The zero-one loss has a linear axis.
  const figure = laid.name.startsWith("table5") ? laid : withoutZeros(laid);
  const { name, title, subtitle } = figure;
  return { name, alt: [title, ...subtitle].join("; "), svg: await renderSvg(completeSpec(figure)) };
}
