import { optimizerColor } from "../../charts/vega.ts";
import { biasesBaseline } from "../../problems/recurrent_kind.ts";
import { type EntrySummary, evidence, type TableSummary } from "../summary.ts";
import { type Mark, marksOf, seedNote, type TableFigure } from "./figure.ts";

interface Point extends Mark {
  readonly problem: string;
  readonly momentum: string;
  readonly optimizer: string;
  readonly biases: number | undefined;
}

const noMomentum = "no momentum", optimizers = ["CM", noMomentum, "NAG"];

/** The zero-one loss of each problem against the momentum, and that of the output biases alone. */
export function recurrentFigure(summary: TableSummary): TableFigure | undefined {
  const entries = evidence(summary);
  const points = entries.flatMap(pointsOf);
  if (points.length === 0) return undefined;
  const momenta = [...new Set(entries.map(({ configuration }) => configuration.mu))]
    .toSorted((a, b) => a - b).map(String);
  const { name, unit } = summary.figure;
  const y = { type: "quantitative", title: name, axis: { format: "~g" } };
  const common = {
    x: {
      field: "momentum",
      type: "nominal",
      title: "momentum after the warm-up, μ",
      scale: { domain: momenta },
      axis: { labelAngle: 0 },
    },
    xOffset: { field: "optimizer", scale: { domain: optimizers } },
    color: {
      field: "optimizer",
      type: "nominal",
      title: "optimizer",
      scale: {
        domain: optimizers,
        range: optimizers.map((name) => optimizerColor(name.toLowerCase())),
      },
      legend: { symbolType: "circle", symbolSize: 80 },
    },
  };
  return {
    name: `${summary.name}_momentum`,
    isLinear: true,
    title: "Recurrent networks: zero-one loss against momentum",
    subtitle: [
      `${name}: ${unit}`,
      "at the end of the run, each at its best learning rate; dots: training, rings: test",
      "dotted: the error of the output biases alone",
      ...seedNote(entries, "bars"),
    ],
    spec: {
      data: { values: points },
      facet: { field: "problem", type: "nominal", title: null, sort: [...summary.rows] },
      columns: 2,
      spec: {
        width: 300,
        height: 200,
        layer: [
          {
            mark: { type: "rule", color: "#6b7280", strokeDash: [2, 3], strokeWidth: 1.5 },
            encoding: { y: { ...y, field: "biases", aggregate: "min" } },
          },
          {
            mark: { type: "rule", strokeWidth: 1.5 },
            encoding: { ...common, y: { ...y, field: "least" }, y2: { field: "greatest" } },
          },
          // Fresh sequences train, so both errors are nearly one.
          {
            transform: [{ filter: { field: "split", equal: "training" } }],
            mark: { type: "circle", size: 36, opacity: 1 },
            encoding: { ...common, y: { ...y, field: "value" } },
          },
          {
            transform: [{ filter: { field: "split", equal: "test" } }],
            mark: { type: "point", size: 130, opacity: 1, strokeWidth: 1.6 },
            encoding: { ...common, y: { ...y, field: "value" } },
          },
        ],
      },
      resolve: { scale: { y: "independent" } },
    },
  };
}

function pointsOf({ row: problem, configuration, best }: EntrySummary): Point[] {
  if (!best || configuration.network !== "recurrent") return [];
  const { mu, optimizer } = configuration;
  const setting = {
    problem,
    momentum: String(mu),
    optimizer: mu === 0 ? noMomentum : optimizer.toUpperCase(),
    biases: biasesBaseline(configuration),
  };
  return marksOf(best.final).map((mark) => ({ ...mark, ...setting }));
}
