import { renderSvg } from "../../charts/vega.ts";
import type { TableSummary } from "../summary.ts";
import { completeSpec, type TableFigure, withoutZeros } from "./figure.ts";

/** A figure as it was drawn. */
export interface DrawnFigure {
  /** The SVG file is called so. */
  readonly name: string;
  /** What it shows, in words. */
  readonly alt: string;
  readonly svg: string;
}

/** Draws the figures that a table's networks allow. */
export async function drawFigures(
  summary: TableSummary,
  lays: readonly ((summary: TableSummary) => TableFigure | undefined)[],
): Promise<DrawnFigure[]> {
  const drawn: DrawnFigure[] = [];
  for (const figure of lays.map((lay) => lay(summary))) {
    if (figure) drawn.push(await draw(figure));
  }
  return drawn;
}

async function draw(laid: TableFigure): Promise<DrawnFigure> {
  const figure = laid.isLinear ? laid : withoutZeros(laid);
  const { name, title, subtitle } = figure;
  return { name, alt: [title, ...subtitle].join("; "), svg: await renderSvg(completeSpec(figure)) };
}
