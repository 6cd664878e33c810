import type { TopLevelSpec } from "vega-lite";
import { looksOf } from "./looks.ts";
import { capitalize, decadeTicks } from "./loss_chart.ts";
import { chartConfig, optimizerHues, renderSvg } from "./vega.ts";

/** How the tuning of an optimizer paid. */
export interface TuningCourse {
  readonly optimizer: string;
  /** The least error that is expected of 1, 2, ... random settings. */
  readonly expected: readonly number[];
}

/** What a chart of {@linkcode TuningCourse}s is of. */
interface Telling {
  readonly problem: string;
  readonly figureTitle: string;
  readonly unit: string;
}

/** The least error that is expected of k random settings against k, as an SVG text. */
export function expectedBestChart(
  courses: readonly TuningCourse[],
  telling: Telling,
): Promise<string> {
  const { title, subtitle, spec } = expectedBestFigure(courses, telling);
  return renderSvg({
    ...{ background: "white", padding: 16, config: chartConfig },
    title: { text: title, subtitle },
    ...spec,
  } as TopLevelSpec);
}

/** The same, still to be drawn. */
export function expectedBestFigure(
  courses: readonly TuningCourse[],
  { problem, figureTitle, unit }: Telling,
) {
  const hues = optimizerHues(courses.map(({ optimizer }) => optimizer));
  const looks = looksOf(
    courses.map(({ optimizer }) => ({ hue: hues.get(optimizer)!, mu: undefined })),
  );
  const all = courses.flatMap(({ optimizer, expected }) =>
    expected.map((error, i) => ({ optimizer, settings: i + 1, error }))
  );
  const values = all.filter(({ error }) => Number.isFinite(error) && error > 0);
  const zeros = all.filter(({ error }) => error === 0).length;
  const errors = values.map(({ error }) => error);
  const domain: [number, number] = errors.length > 0
    ? [Math.min(...errors) / 1.1, Math.max(...errors) * 1.1]
    : [0.1, 10];
  const most = Math.max(...courses.map(({ expected }) => expected.length));
  const ticks = decadeTicks(domain);
  const legend = (range: readonly unknown[]) => ({
    field: "optimizer",
    type: "nominal" as const,
    title: "optimizer",
    scale: { domain: courses.map(({ optimizer }) => optimizer), range },
  });
  const spec = {
    width: 560,
    height: 380,
    data: { values },
    mark: { type: "line", strokeWidth: 2, strokeJoin: "round" },
    encoding: {
      x: {
        field: "settings",
        type: "quantitative",
        title: "settings tried, k",
        scale: { type: "log", base: 2, domain: [1, most], nice: false },
        axis: { format: "d", grid: false },
      },
      y: {
        field: "error",
        type: "quantitative",
        title: [`expected least ${figureTitle}`, `(${unit})`],
        scale: { type: "log", domain, nice: false },
        axis: { format: "~g", ...ticks.length > 1 && { values: ticks } },
      },
      color: legend(looks.map(({ color }) => color)),
      strokeDash: legend(looks.map(({ dash }) => dash)),
    },
  };
  return {
    title: capitalize(`${problem}: the best of k random settings`),
    subtitle: [
      "expected over all choices of k among those drawn, which are the same for all",
      ...zeros > 0 ? [`${zeros} of ${all.length} are 0, which cannot stand on a log axis`] : [],
    ],
    spec,
  };
}
