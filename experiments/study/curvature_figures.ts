// The figures of a network's curvature that --curvature-figures names, a group a file.

import { angleFigures } from "./angle_figures.ts";
import type { FigureGroup } from "./figure_group.ts";
import { minibatchFigures } from "./minibatch_figures.ts";
import { spectrumFigures } from "./spectrum_figures.ts";
import { theoremFigures } from "./theorem_figures.ts";

/** The groups by the names of --curvature-figures, in the order of the columns. */
export const figureGroups = {
  spectrum: spectrumFigures,
  theorem: theoremFigures,
  minibatches: minibatchFigures,
  angles: angleFigures,
} as const satisfies Readonly<Record<string, FigureGroup>>;

/** One of {@linkcode figureGroups}. */
export type FigureGroupName = keyof typeof figureGroups;

/** All of them. */
export const figureGroupNames = Object.keys(figureGroups) as readonly FigureGroupName[];
