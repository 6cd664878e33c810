import { colorAt, optimizerHues } from "../../charts/vega.ts";
import { byChoosingError } from "../verdicts.ts";
import { type EntrySummary, evidence, type TableSummary } from "../summary.ts";
import {
  errorAxis,
  type Mark,
  marksOf,
  methodOf,
  problemOf,
  seedNote,
  type TableFigure,
} from "./figure.ts";

interface Point extends Mark {
  readonly method: string;
  readonly cgSteps: number | undefined;
}

/** What an entry of Hessian-free is set to; undefined for others. */
export function dialOf(
  { configuration }: EntrySummary,
): { readonly cgSteps: number; readonly decay: number } | undefined {
  return configuration.own as { cgSteps: number; decay: number } | undefined;
}

/** The error at the end against the steps of conjugate gradient, a line a decay; others are lines. */
export function cgStepsFigure(summary: TableSummary): TableFigure | undefined {
  const entries = evidence(summary).filter(({ best }) => best !== undefined);
  const dialled = entries.filter(dialOf);
  if (dialled.length === 0) return undefined;
  const of = (name: string) =>
    entries.filter(({ configuration }) => configuration.optimizer === name);
  // Of NAG the momentum that the first seed finds best.
  const others = [...of("sgd"), ...byChoosingError(of("nag")).slice(0, 1)];
  const points = dialled.flatMap(pointsOf), lines = others.flatMap(pointsOf);
  const decays = [...new Set(dialled.map((entry) => dialOf(entry)!.decay))].toSorted((a, b) =>
    a - b
  );
  const steps = [...new Set(dialled.map((entry) => dialOf(entry)!.cgSteps))].toSorted((a, b) =>
    a - b
  );
  const hues = optimizerHues(["sgd", "cm", "nag", "hf-dagger"]);
  const y = errorAxis(summary, [...points, ...lines]);
  const color = {
    field: "method",
    type: "nominal" as const,
    title: null,
    scale: {
      domain: [...decays.map(decayWords), ...others.map(nameOf)],
      range: [
        ...decays.map((_, i) =>
          colorAt(hues.get("hf-dagger")!, i / Math.max(1, decays.length - 1))
        ),
        ...others.map(({ configuration }) => colorAt(hues.get(configuration.optimizer)!, 0.5)),
      ],
    },
  };
  const x = {
    field: "cgSteps",
    type: "quantitative" as const,
    title: "CG steps an update",
    scale: {
      type: "log" as const,
      domain: [steps[0] / 1.15, steps[steps.length - 1] * 1.15],
      nice: false,
    },
    axis: { values: steps, grid: false, format: "d" },
  };
  return {
    name: `${summary.name}_cg_steps`,
    title: `${problemOf(summary)}: Hessian-free as momentum`,
    subtitle: [
      "training error at the end of the run, all with as many gradients; SGD and NAG at their best rate",
      ...seedNote(entries, "bars"),
    ],
    spec: {
      width: 460,
      height: 340,
      layer: [
        {
          data: { values: lines },
          mark: { type: "rule", strokeWidth: 1.8, strokeDash: [5, 4] },
          encoding: { color, y: { ...y, field: "value" } },
        },
        {
          data: { values: points },
          mark: { type: "line", strokeWidth: 1.8 },
          encoding: { x, color, y: { ...y, field: "value" } },
        },
        {
          data: { values: points },
          mark: { type: "rule", strokeWidth: 1.5 },
          encoding: { x, color, y: { ...y, field: "least" }, y2: { field: "greatest" } },
        },
        {
          data: { values: points },
          mark: { type: "circle", size: 55, opacity: 1 },
          encoding: { x, color, y: { ...y, field: "value" } },
        },
      ],
    },
  };
}

function pointsOf(entry: EntrySummary): Point[] {
  const cgSteps = dialOf(entry)?.cgSteps, method = nameOf(entry);
  return marksOf(entry.best!.final).filter(({ split }) => split === "training")
    .map((mark) => ({ ...mark, method, cgSteps }));
}

function nameOf(entry: EntrySummary): string {
  const dial = dialOf(entry);
  return dial ? decayWords(dial.decay) : methodOf(entry.configuration);
}

function decayWords(decay: number): string {
  return `HF†, decay ${decay}`;
}
