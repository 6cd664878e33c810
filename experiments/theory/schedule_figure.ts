import { nesterov1983, paperMomentum, type Schedule } from "../../mod.ts";
import { chartConfig, optimizerColor } from "../charts/vega.ts";
import type { TheoryFigure } from "./statement.ts";

/** Updates of a run of the paper. */
const updates = 750_000;

/** Points of a line, evenly on a logarithmic scale. */
const points = 240;

/** mu_t of the paper's schedule for each of its caps, and of Nesterov's, over a run of the paper. */
export function scheduleFigure(caps: readonly number[]): TheoryFigure {
  const rising = caps.filter((cap) => cap > 0).toSorted((a, b) => a - b);
  const schedules: (readonly [string, Schedule])[] = [
    ...rising.map((cap) => [`μₘₐₓ = ${cap}`, paperMomentum({ cap })] as const),
    ["Nesterov 1983", nesterov1983()],
  ];
  const at = logarithmic();
  const rows = schedules.flatMap(([schedule, momentum]) =>
    at.map((update) => ({ schedule, update, momentum: momentum(update) }))
  );
  const title = "Momentum schedules over a run of the paper";
  const names = schedules.map(([name]) => name);
  const colors = rising.map((_, i) => optimizerColor("nag", i / (rising.length - 1)));
  return {
    name: "schedules",
    title,
    alt: "Momentum against the updates on logarithmic axes: the paper's schedule climbs in steps " +
      "from 0.5 and levels off at 0.9 after 1000 updates, at 0.99 after 12,250, at 0.995 after " +
      "24,750 and at 0.999 after 124,750; Nesterov's runs from 0 past 0.999 without a cap.",
    rows,
    spec: {
      data: { values: rows.map((row) => ({ ...row, distance: 1 - row.momentum })) },
      background: "white",
      padding: 16,
      title: {
        text: title,
        subtitle: "the paper's schedule (5) for each μₘₐₓ, and Nesterov's of 1983",
      },
      config: chartConfig,
      width: 560,
      height: 300,
      mark: { type: "line", interpolate: "step-after", clip: true, strokeWidth: 2 },
      encoding: {
        x: {
          field: "update",
          type: "quantitative",
          title: "update t",
          scale: { type: "log", domain: [10, updates], nice: false },
          axis: { format: ",d", grid: false, tickCount: 5 },
        },
        y: {
          field: "distance",
          type: "quantitative",
          title: ["momentum μ", "(axis logarithmic in 1 − μ)"],
          scale: { type: "log", domain: [1, 0.0005], nice: false },
          axis: {
            values: [1, 0.5, 0.1, 0.01, 0.005, 0.001],
            labelExpr: "format(1 - datum.value, '~g')",
          },
        },
        color: {
          field: "schedule",
          type: "nominal",
          title: null,
          scale: { domain: names, range: [...colors, "#6b7280"] },
        },
      },
    },
  };
}

/** Different whole numbers from 1 to the last update. */
function logarithmic(): number[] {
  const steps = Array.from({ length: points }, (_, i) => i / (points - 1));
  return [...new Set(steps.map((step) => Math.round(updates ** step)))];
}
