import { chartConfig, optimizerColor } from "../charts/vega.ts";
import type { Sample } from "./noise_replicas.ts";
import type { TheoryFigure } from "./statement.ts";

/** What a line of the figure is made of. */
export interface NoiseLine {
  /** Its name; without one it is not drawn. */
  line?: string;
  /** The exact moments after every update from the first on. */
  exact: readonly Sample[];
  /** Those of replicas on the GPU, where they were looked at. */
  gpu: readonly Sample[];
}

/** Panels, in their order. */
const panels = ["bias: the way from the start", "variance: the noise", "bias + variance"] as const;

const looks = [
  { color: optimizerColor("sgd"), dash: [1, 0] },
  { color: optimizerColor("nag", 0), dash: [1, 0] },
  { color: optimizerColor("nag", 0.9), dash: [1, 0] },
  { color: optimizerColor("cm"), dash: [6, 3] },
];

/** The two parts of E f - f* by update, and their sum, for the courses that have a line. */
export function noiseFigure(
  outcomes: readonly NoiseLine[],
  spectrum: readonly number[],
): TheoryFigure {
  const drawn = outcomes.filter(({ line }) => line !== undefined);
  const rows = drawn.flatMap(({ line, exact, gpu }) => [
    ...exact.filter(isDrawn).flatMap((sample) =>
      partsOf(sample, spectrum, { course: line!, from: "exact" })
    ),
    ...gpu.flatMap((sample) => {
      const parts = partsOf(sample, spectrum, { course: line!, from: "gpu" });
      const [bias] = partsOf(exact[sample.update - 1], spectrum, { course: line!, from: "gpu" });
      // The mean of 256 replicas has a 256th of their variance, below which no bias is seen.
      return parts.filter(({ panel }) => panel !== panels[0] || bias.height > parts[1].height / 32);
    }),
  ]);
  const title = "Noise on the gradient: what momentum gains and costs";
  const names = drawn.map(({ line }) => line!);
  const scales = looks.slice(0, names.length);
  const byCourse = <T>(range: T[]) => ({
    field: "course",
    type: "nominal" as const,
    title: null,
    scale: { domain: names, range },
  });
  const color = byCourse(scales.map(({ color }) => color));
  const x = {
    field: "update",
    type: "quantitative" as const,
    title: "update t",
    scale: { nice: false },
    axis: { format: ",d", grid: false, tickCount: 4 },
  };
  const y = {
    field: "height",
    type: "quantitative" as const,
    title: ["E f − f*", "(units of the quadratic)"],
    scale: { type: "log" as const, domain: [1e-4, 3], nice: false },
    axis: {
      labelExpr: "datum.value === 1 ? '1' : replace(format(datum.value, '~e'), '+', '')",
      tickCount: 4,
    },
  };
  return {
    name: "noise",
    title,
    alt: "Three panels of E f - f* against the updates, on a logarithmic axis. The bias falls " +
      "slowly with SGD, faster with NAG at 0.9 and fastest at 0.99; the variance levels off lowest " +
      "with SGD and highest at 0.99, and falls towards that of 0.9 once the finish begins; of " +
      "their sum the run at 0.99 with a finish has the least at the end. 256 replicas on the GPU " +
      "lie on the lines.",
    rows,
    spec: {
      data: { values: rows },
      background: "white",
      padding: 16,
      title: {
        text: title,
        subtitle: "lines: exact  ·  circles: 256 replicas on the GPU, in float32, with " +
          "Box-Muller noise by seed and update",
      },
      config: chartConfig,
      columns: 3,
      facet: { field: "panel", type: "nominal", sort: [...panels], header: { title: null } },
      spec: {
        width: 215,
        height: 230,
        layer: [
          {
            transform: [{ filter: "datum.from === 'exact'" }],
            mark: { type: "line", clip: true, strokeWidth: 2 },
            encoding: { x, y, color, strokeDash: byCourse(scales.map(({ dash }) => dash)) },
          },
          {
            transform: [{ filter: "datum.from === 'gpu'" }],
            mark: { type: "point", clip: true, size: 24, strokeWidth: 1.5, opacity: 1 },
            encoding: { x, y, color },
          },
        ],
      },
    },
  };
}

/** More points make a larger file, not a finer line. */
function isDrawn({ update }: Sample): boolean {
  return update <= 60 || update % 3 === 0;
}

/** f - f* that the mean and the variance of theta make, and both together. */
function partsOf(
  { update, mean, variance }: Sample,
  spectrum: readonly number[],
  of: { course: string; from: "exact" | "gpu" },
) {
  const half = (of: (i: number) => number) =>
    spectrum.reduce((sum, lambda, i) => sum + lambda * of(i) / 2, 0);
  const [bias, spread] = [half((i) => mean[i] ** 2), half((i) => variance[i])];
  return [bias, spread, bias + spread].map((height, k) => ({
    panel: panels[k],
    ...of,
    update,
    height,
  }));
}
