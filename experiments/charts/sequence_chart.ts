import type { TopLevelSpec } from "vega-lite";
import type { SequenceTask } from "../../mod.ts";
import { chartConfig, optimizerColor, renderSvg } from "./vega.ts";

/** A sequence and what a network made of it. */
export interface SequenceChartOptions {
  title: string;
  task: Pick<SequenceTask, "loss" | "targets">;
  /** Steps of the sequence. */
  length: number;
  /** [T, inputs] */
  inputs: ArrayLike<number>;
  /** [outputs] for the last step, or [T, outputs]. */
  targets: ArrayLike<number>;
  /** [T, outputs], before any softmax. */
  outputs: ArrayLike<number>;
  /** Without names inputs are not shown. */
  inputNames: readonly string[];
  outputNames: readonly string[];
  /** The unit of each output, where targets and outputs are numbers of standardized ones. */
  scales?: readonly { readonly mean: number; readonly deviation: number }[];
}

/** What a mark shows: a value of a step. */
interface Mark {
  part: Part;
  name: string;
  step: number;
  value: number;
}

type Part = "inputs" | "target" | "output";

/**
 * A sequence and what a network made of it, as an SVG text. Inputs are rows of cells, darker where
 * larger. Target and output share a scale: as lines, or as rows of cells where they are classes.
 */
export function sequenceChart(options: SequenceChartOptions): Promise<string> {
  const { task, inputNames, outputNames, title } = options;
  const marks = marksOf(options);
  const inputs = inputNames.length > 0 ? [cells(options, "inputs", inputNames)] : [];
  const areClasses = task.loss === "cross-entropy", shown = outputNames.slice(0, mostPanels);
  const spec = {
    background: "white" as const,
    padding: 16,
    title: { text: title, subtitle: areClasses ? "" : lastStep(marks, options) },
    data: { values: marks },
    vconcat: areClasses
      ? [
        ...inputs,
        cells(options, "target", outputNames),
        withSteps(cells(options, "output", outputNames)),
      ]
      : [
        ...inputs,
        ...shown.map((name, i) => {
          const panel = lines(options, name);
          return i === shown.length - 1 ? withSteps(panel) : panel;
        }),
      ],
    resolve: { scale: { color: "independent" as const } },
    config: chartConfig,
  };
  return renderSvg(spec as TopLevelSpec);
}

/** More outputs that are numbers make a chart that nobody reads to its end. */
const mostPanels = 8;

/** The numbers that count, in a line for each name that is shown. */
function lastStep(marks: readonly Mark[], { length, outputNames }: SequenceChartOptions) {
  const told = (part: Part, name: string) => {
    const value = marks.find((mark) =>
      mark.part === part && mark.name === name && mark.step === length
    )?.value;
    return `${part} ${value?.toPrecision(4) ?? "not finite"}`;
  };
  const words = outputNames.slice(0, mostPanels).map((name) =>
    `${name} at the last step: ${told("target", name)}, ${told("output", name)}`
  );
  const left = outputNames.length - words.length;
  return left > 0 ? [...words, `and ${left} more, which are not shown`] : words;
}

/** The steps, without an axis: the lowest panel has it. */
function steps({ length }: SequenceChartOptions) {
  return {
    field: "step",
    type: "ordinal" as const,
    title: null as string | null,
    axis: null as object | null,
    scale: { type: "band" as const, domain: Array.from({ length }, (_, t) => t + 1) },
  };
}

function withSteps<Panel extends { encoding: { x: ReturnType<typeof steps> } }>(panel: Panel) {
  const { domain } = panel.encoding.x.scale;
  const every = domain.length > 40 ? 10 : domain.length > 10 ? 5 : 1;
  const values = domain.filter((step) => step === 1 || step % every === 0);
  const axis = { values, labelOverlap: true, labelAngle: 0, ticks: false };
  return {
    ...panel,
    encoding: { ...panel.encoding, x: { ...panel.encoding.x, title: "step", axis } },
  };
}

function panelWidth({ length }: SequenceChartOptions): number {
  return Math.min(860, Math.max(320, 9 * length));
}

/** Rows of cells. Targets and outputs are probabilities, on one scale with one legend. */
function cells(options: SequenceChartOptions, part: Part, names: readonly string[]) {
  const isInput = part === "inputs";
  return {
    transform: [{ filter: { field: "part", equal: part } }],
    width: panelWidth(options),
    height: 16 * names.length,
    mark: { type: "rect" as const },
    encoding: {
      x: steps(options),
      y: { field: "name", type: "nominal" as const, title: part, sort: [...names] },
      color: {
        field: "value",
        type: "quantitative" as const,
        title: isInput ? "inputs" : ["probability", "(target, output)"],
        scale: { scheme: "blues" as const, ...isInput ? {} : { domain: [0, 1] } },
        ...part === "target" ? { legend: null } : {},
      },
    },
  };
}

/** The target and the output of one name, on one scale. */
function lines(options: SequenceChartOptions, name: string) {
  const only = (part: Part) => [{ filter: { field: "part", equal: part } }];
  const isLast = options.task.targets === "last";
  const line = { type: "line" as const, strokeWidth: 1.8 };
  // The smaller is above the larger where they agree.
  const dot = (size: number) => ({ type: "circle" as const, size, opacity: 1 });
  const atLast = { filter: { field: "step", equal: options.length } };
  return {
    transform: [{ filter: { field: "name", equal: name } }],
    width: panelWidth(options),
    height: 110,
    encoding: {
      x: steps(options),
      y: {
        field: "value",
        type: "quantitative" as const,
        title: name,
        scale: { zero: false, padding: 6 },
        axis: { tickCount: 5 },
      },
      color: {
        field: "part",
        type: "nominal" as const,
        title: name,
        scale: {
          domain: ["target", "output"],
          range: [optimizerColor("cm"), optimizerColor("nag")],
        },
      },
    },
    layer: [
      { transform: only("output"), mark: line },
      ...isLast
        ? [
          {
            transform: only("target"),
            mark: { type: "rule" as const, strokeWidth: 1.5, strokeDash: [5, 4] },
            encoding: { x: null },
          },
          { transform: [...only("target"), atLast], mark: dot(130) },
          { transform: [...only("output"), atLast], mark: dot(45) },
        ]
        : [{ transform: only("target"), mark: { ...line, strokeDash: [5, 4] } }],
    ],
  };
}

/** What is finite of a sequence; the softmax of outputs that are classes. */
function marksOf(options: SequenceChartOptions): Mark[] {
  const { task, length, inputs, targets, inputNames, outputNames } = options;
  const steps = Array.from({ length }, (_, t) => t);
  const inUnit = (value: number, j: number) => {
    const { mean, deviation } = options.scales?.[j] ?? { mean: 0, deviation: 1 };
    return mean + deviation * value;
  };
  const rows = (part: Part, names: readonly string[], values: ArrayLike<number>) =>
    steps.flatMap((t) =>
      names.map((name, j) => {
        const value = values[t * names.length + j];
        return { part, name, step: t + 1, value: part === "inputs" ? value : inUnit(value, j) };
      })
    );
  const last = outputNames.map((name, j) => (
    { part: "target" as const, name, step: length, value: inUnit(targets[j], j) }
  ));
  const outputs = task.loss === "cross-entropy"
    ? softmax(options.outputs, outputNames.length)
    : options.outputs;
  return [
    ...rows("inputs", inputNames, inputs),
    ...task.targets === "all" ? rows("target", outputNames, targets) : last,
    ...rows("output", outputNames, outputs),
  ].filter(({ value }) => Number.isFinite(value));
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
