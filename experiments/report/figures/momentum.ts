import { type EntrySummary, evidence, type TableSummary } from "../summary.ts";
import { colorAt, optimizerHues } from "../../charts/vega.ts";
import {
  errorAxis,
  families,
  type Mark,
  marksOf,
  methodNames,
  problemOf,
  seedNote,
  splitDash,
  type TableFigure,
} from "./figure.ts";

interface Point extends Mark {
  readonly optimizer: string;
  readonly momentum: string;
}

/** The error at the end against the momentum's cap, for CM and NAG; what has none is a line. */
export function momentumFigure(summary: TableSummary): TableFigure | undefined {
  const entries = evidence(summary).filter(({ best }) => best !== undefined);
  const hasMomentum = ({ configuration: { optimizer } }: EntrySummary) => optimizer in families;
  const points = entries.filter(hasMomentum).flatMap(pointsOf);
  const others = entries.filter((entry) => !hasMomentum(entry));
  const lines = others.flatMap(pointsOf);
  if (points.length === 0) return undefined;
  const caps = evidence(summary).filter(hasMomentum)
    .toSorted((a, b) => a.configuration.mu - b.configuration.mu).map(momentumOf);
  const names = ["sgd", "cm", "nag", ...others.map(({ configuration }) => configuration.optimizer)];
  const hues = [...optimizerHues(names)].filter(([name]) => name !== "sgd" || lines.length > 0);
  const y = errorAxis(summary, [...points, ...lines]);
  const common = {
    x: {
      field: "momentum",
      type: "nominal" as const,
      title: "cap of the momentum, μ",
      scale: { type: "point" as const, padding: 0.5, domain: [...new Set(caps)] },
      axis: { labelAngle: 0, labelExpr: "split(datum.label, '|')" },
    },
    color: {
      field: "optimizer",
      type: "nominal" as const,
      title: "optimizer",
      scale: {
        domain: hues.map(([optimizer]) => familyOf(optimizer)),
        range: hues.map(([, hue]) => colorAt(hue, 0.5)),
      },
    },
  };
  const { x: _, ...acrossAll } = common;
  return {
    name: `${summary.name}_momentum`,
    title: `${problemOf(summary)}: error against momentum`,
    subtitle: [
      "at the end of the run, each at its best learning rate",
      ...seedNote(entries, "bars"),
    ],
    spec: {
      width: 460,
      height: 320,
      layer: [
        {
          data: { values: lines },
          mark: { type: "rule", strokeWidth: 1.8 },
          encoding: { ...acrossAll, y: { ...y, field: "value" }, strokeDash: splitDash },
        },
        {
          data: { values: points },
          mark: { type: "line", strokeWidth: 1.8 },
          encoding: { ...common, y: { ...y, field: "value" }, strokeDash: splitDash },
        },
        {
          data: { values: points },
          transform: [{ filter: { field: "split", equal: "training" } }],
          mark: { type: "rule", strokeWidth: 1.5 },
          encoding: { ...common, y: { ...y, field: "least" }, y2: { field: "greatest" } },
        },
        {
          data: { values: points },
          transform: [{ filter: { field: "split", equal: "training" } }],
          mark: { type: "circle", size: 55, opacity: 1 },
          encoding: { ...common, y: { ...y, field: "value" } },
        },
      ],
    },
  };
}

function pointsOf(entry: EntrySummary): Point[] {
  const optimizer = familyOf(entry.configuration.optimizer);
  const momentum = momentumOf(entry);
  return marksOf(entry.best!.final).map((mark) => ({ ...mark, optimizer, momentum }));
}

/** NAG, HF*. */
function familyOf(optimizer: string): string {
  return methodNames[optimizer] ?? optimizer.toUpperCase();
}

/** A cap, and under it the momentum that the schedule reached instead. */
function momentumOf({ configuration: { mu }, notReached }: EntrySummary): string {
  return notReached === undefined ? String(mu) : `${mu}|(reaches ${Number(notReached.toFixed(4))})`;
}
