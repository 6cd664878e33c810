import type { TopLevelSpec } from "vega-lite";
import type { SequenceTask } from "../../mod.ts";

/** A sequence and what a network made of it. */
export interface SequenceChartOptions {
  title: string;
  task: Pick<SequenceTask, "inputs" | "outputs" | "loss" | "targets">;
  /** Steps of the sequence. */
  length: number;
  /** [T, inputs] */
  inputs: ArrayLike<number>;
  /** [outputs] for the last step, or [T, outputs]. */
  targets: ArrayLike<number>;
  /** [T, outputs], before any softmax. */
  outputs: ArrayLike<number>;
  inputNames: readonly string[];
  outputNames: readonly string[];
}

interface Cell {
  part: "inputs" | "targets" | "outputs";
  name: string;
  step: number;
  value: number;
}

/** Inputs, targets and outputs of a sequence as rows of cells, darker where larger; an SVG text. */
export async function sequenceChart(options: SequenceChartOptions): Promise<string> {
  const [vega, vegaLite] = await Promise.all([import("vega"), import("vega-lite")]);
  const cells = cellsOf(options);
  const panel = (part: Cell["part"], names: readonly string[], isLast: boolean) => ({
    transform: [{ filter: { field: "part", equal: part } }],
    width: Math.min(900, Math.max(320, 9 * options.length)),
    height: 16 * names.length,
    mark: { type: "rect" as const },
    encoding: {
      x: {
        field: "step",
        type: "ordinal" as const,
        title: isLast ? "step" : null,
        axis: isLast ? { labelOverlap: true, labelAngle: 0, ticks: false } : null,
        scale: { domain: Array.from({ length: options.length }, (_, t) => t + 1) },
      },
      y: { field: "name", type: "nominal" as const, title: part, sort: [...names] },
      color: {
        field: "value",
        type: "quantitative" as const,
        title: part,
        scale: { scheme: "blues" as const },
      },
    },
  });
  const spec: TopLevelSpec = {
    background: "white",
    padding: 16,
    title: { text: options.title, anchor: "start" },
    data: { values: cells },
    vconcat: [
      panel("inputs", options.inputNames, false),
      panel("targets", options.outputNames, false),
      panel("outputs", options.outputNames, true),
    ],
    resolve: { scale: { color: "independent" } },
    config: { font: "Helvetica, Arial, sans-serif", view: { stroke: null } },
  };
  const view = new vega.View(vega.parse(vegaLite.compile(spec).spec), {
    renderer: "none",
    logLevel: vega.Error,
  });
  const svg = await view.toSVG();
  view.finalize();
  return svg;
}

function cellsOf(options: SequenceChartOptions): Cell[] {
  const { task, length, inputs, targets, inputNames, outputNames } = options;
  const steps = Array.from({ length }, (_, t) => t);
  const row = (part: Cell["part"], names: readonly string[], values: ArrayLike<number>) =>
    steps.flatMap((t) =>
      names.map((name, j) => ({ part, name, step: t + 1, value: values[t * names.length + j] }))
    );
  const wanted = task.targets === "all"
    ? row("targets", outputNames, targets)
    : outputNames.map((name, j) => ({
      part: "targets" as const,
      name,
      step: length,
      value: targets[j],
    }));
  const outputs = task.loss === "cross-entropy"
    ? softmax(options.outputs, outputNames.length)
    : options.outputs;
  return [
    ...row("inputs", inputNames, inputs),
    ...wanted,
    ...row("outputs", outputNames, outputs),
  ];
}

/** The softmax of each row of `width` values. */
export function softmax(values: ArrayLike<number>, width: number): number[] {
  return Array.from({ length: values.length }, (_, i) => {
    const start = i - i % width;
    const row = Array.from({ length: width }, (_, j) => values[start + j]);
    const largest = Math.max(...row);
    const sum = row.reduce((sum, value) => sum + Math.exp(value - largest), 0);
    return Math.exp(values[i] - largest) / sum;
  });
}
