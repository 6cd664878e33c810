import type { TopLevelSpec } from "vega-lite";
import { decadeTicks } from "../charts/loss_chart.ts";
import { csvLine } from "../files/tables.ts";
import { print } from "../terminal/terminal.ts";
import { chartConfig, optimizerColor, renderSvg } from "../charts/vega.ts";
import { areFinite, type Cell } from "../study/cell.ts";
import type { PlannedCell } from "../study/ledger.ts";
import type { PlannedPhases } from "./phases_grid.ts";
import { type ExtraSection, writeExtraSection } from "../report/extra_sections.ts";
import { formatFigure } from "../report/text_table.ts";
import { sectionText } from "../report/section_text.ts";

/** The error of a network after an update. */
export interface Point {
  /** The update after which it left the trunk; null for the trunk itself. */
  readonly branchAt: number | null;
  readonly mu: number;
  readonly seed: number;
  readonly update: number;
  readonly train: number;
  readonly test: number;
}

/** The mean over seeds of the points that agree in the rest. */
export type Mean = Omit<Point, "seed">;

/**
 * Writes phases.csv, the figures and the section of the report from cells into their folder; prints
 * it.
 */
export async function writePhases(
  write: (name: string, text: string) => void,
  plan: PlannedPhases,
  cells: ReadonlyMap<string, Cell>,
): Promise<void> {
  const points = pointsOf(plan, cells);
  const columns = [
    "branch_at",
    "mu",
    "seed",
    "update",
    "train_squared_error",
    "test_squared_error",
  ];
  const lines = points.map(({ branchAt, mu, seed, update, train, test }) => [
    branchAt,
    mu,
    seed,
    update,
    train,
    test,
  ]);
  write("phases.csv", [columns, ...lines].map(csvLine).join(""));
  const means = meansOf(points, plan.trunk.length);
  const caps = [...new Set(means.map(({ mu }) => mu))].sort((a, b) => a - b);
  write("phases_course.svg", await renderSvg(courseSpec(means, caps)));
  write("phases_gain.svg", await renderSvg(gainSpec(means, caps)));
  const section = sectionOf(means, caps, plan);
  writeExtraSection(write, "phases", section);
  print(sectionText(section));
}

function pointsOf(
  { trunk, branchings }: PlannedPhases,
  cells: ReadonlyMap<string, Cell>,
): Point[] {
  const points = (networks: readonly PlannedCell[], branchAt: number | null) =>
    networks.flatMap(({ id, configuration: { mu, seed } }) =>
      (cells.get(id)?.result.curve ?? []).flatMap(({ update, train, test }) =>
        areFinite({ train, test }) && update > 0
          ? [{
            ...{ branchAt, mu, seed, update },
            train: train.squaredError,
            test: test.squaredError,
          }]
          : []
      )
    );
  return [
    ...points(trunk, null),
    ...branchings.flatMap(({ at, networks }) => points(networks, at)),
  ];
}

/** Means over so many seeds: where a network has diverged, and so tells nothing more, there is none. */
export function meansOf(points: readonly Point[], seeds: number): Mean[] {
  const key = ({ branchAt, mu, update }: Point) => `${branchAt},${mu},${update}`;
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const groups = [...Map.groupBy(points, key).values()].filter(({ length }) => length === seeds);
  return groups.map((same) => ({
    branchAt: same[0].branchAt,
    mu: same[0].mu,
    update: same[0].update,
    train: mean(same.map(({ train }) => train)),
    test: mean(same.map(({ test }) => test)),
  }));
}

/** What the report says of them; exported for tests. */
export function sectionOf(
  means: readonly Mean[],
  caps: readonly number[],
  { trunk, branchings }: PlannedPhases,
): ExtraSection {
  const high = caps[caps.length - 1];
  const { learningRate } = trunk[0].configuration;
  const rows = branchings.flatMap(({ at }) => {
    const branch = means.filter(({ branchAt }) => branchAt === at);
    const updates = [...new Set(branch.map(({ update }) => update))].sort((a, b) => a - b);
    const marks = [updates[Math.floor(updates.length / 4)], updates[updates.length - 1]];
    return marks.filter((mark) => mark !== undefined).map((mark) => {
      const reached = caps.map((mu) => branch.find((p) => p.mu === mu && p.update === mark));
      const least = Math.min(...reached.map((p) => p?.train ?? Infinity));
      return [
        String(at),
        String(mark - at),
        ...reached.flatMap((p) => [formatFigure(p?.train), formatFigure(p?.test)]),
        reached.flatMap((p) => p?.train === least ? [p.mu] : []).join(", "),
      ];
    });
  });
  return {
    title: "Where momentum helps: the two phases of training",
    text: [
      `One network (NAG, momentum up to ${high}, learning rate ${learningRate}, ` +
      `${trunk.length} seeds) is the trunk. After some of its updates branches leave it, from the ` +
      "same parameters and velocities, each with a cap of its own for the momentum schedule. While " +
      "the parameters travel far along directions of low curvature (the transient phase), high " +
      "momentum gets on faster; once they settle, low momentum damps the noise and the " +
      "oscillation that high momentum keeps up. The last column says which cap is ahead.",
    ],
    tables: [{
      title: "Squared error of the branches, means over all seeds",
      columns: [
        "branch at",
        "updates later",
        ...caps.flatMap((mu) => [`training, mu ≤ ${mu}`, `test, mu ≤ ${mu}`]),
        "lowest training error: mu ≤",
      ],
      rows,
    }],
    figures: [
      {
        file: "phases_course.svg",
        alt: "The trunk's error against updates, and the branches that leave it",
      },
      {
        file: "phases_gain.svg",
        alt: "The error of each branch of lower momentum over that of the highest, against the " +
          "updates since they parted",
      },
    ],
  };
}

const look = { background: "white", padding: 16, config: chartConfig };
const errorTitle = ["squared error", "(sum over pixels, mean over seeds)"];

/** The trunk and its branches; training errors solid, test errors dashed. */
export function courseSpec(means: readonly Mean[], caps: readonly number[]): TopLevelSpec {
  const values = means.flatMap(({ branchAt, mu, update, train, test }) =>
    ([["training", train], ["test", test]] as const).map(([split, value]) => ({
      line: branchAt === null ? "trunk" : `${branchAt} ${mu}`,
      network: branchAt === null ? "trunk" : `branch, μ ≤ ${mu}`,
      ...{ split, value, update },
    }))
  );
  const drawn = values.filter(({ value }) => value > 0);
  const errors = drawn.map(({ value }) => value);
  const domain = ["trunk", ...caps.map((mu) => `branch, μ ≤ ${mu}`)];
  const colors = caps.map((_, i) =>
    i === caps.length - 1 ? optimizerColor("nag", 0.6) : optimizerColor("cm", 0.3 + 0.4 * i)
  );
  return {
    ...look,
    title: {
      text: "Branches into lower and higher momentum",
      subtitle: [
        "training error solid, test error dashed",
        ...zeroNote(drawn.length < values.length),
      ],
    },
    width: 640,
    height: 400,
    data: { values: drawn },
    mark: { type: "line", strokeWidth: 2, clip: true },
    encoding: {
      x: { field: "update", type: "quantitative", title: "update", axis: { grid: false } },
      y: {
        field: "value",
        type: "quantitative",
        title: errorTitle,
        scale: { type: "log", nice: false },
        axis: {
          format: "~g",
          ...errors.length > 0 &&
            { values: decadeTicks([Math.min(...errors), Math.max(...errors)]) },
        },
      },
      color: {
        field: "network",
        type: "nominal",
        title: null,
        scale: { domain, range: ["#9aa1ab", ...colors] },
      },
      strokeDash: {
        field: "split",
        type: "nominal",
        legend: null,
        scale: { domain: ["training", "test"], range: [[1, 0], [4, 3]] },
      },
      detail: { field: "line" },
    },
  };
}

function zeroNote(hasZeros: boolean): string[] {
  return hasZeros ? ["errors of 0 are left out, as they cannot stand on a log axis"] : [];
}

/** Below 1 the lower momentum is ahead. */
export function gainSpec(means: readonly Mean[], caps: readonly number[]): TopLevelSpec {
  const high = caps[caps.length - 1];
  const values = means.flatMap(({ branchAt, mu, update, train, test }) => {
    const other = means.find((p) =>
      p.branchAt === branchAt && p.mu === high && p.update === update
    );
    if (branchAt === null || mu === high || !other) return [];
    const common = { branch: branchAt, cap: `μ ≤ ${mu}`, later: update - branchAt };
    return [
      { ...common, split: "training", ratio: train / other.train },
      { ...common, split: "test", ratio: test / other.test },
    ].filter(({ ratio }) => Number.isFinite(ratio));
  });
  const moments = [...new Set(values.map(({ branch }) => branch))].sort((a, b) => a - b);
  const range = moments.map((_, i) => optimizerColor("nag", i / Math.max(1, moments.length - 1)));
  const line = {
    mark: { type: "line" as const, strokeWidth: 2 },
    encoding: {
      x: {
        field: "later",
        type: "quantitative" as const,
        title: "updates since they parted",
        axis: { grid: false },
      },
      y: {
        field: "ratio",
        type: "quantitative" as const,
        title: [`error over that of μ ≤ ${high}`, "(below 1 the lower momentum is ahead)"],
        scale: { zero: false },
      },
      color: {
        field: "branch",
        type: "nominal" as const,
        title: "parted at update",
        scale: { domain: moments, range },
      },
      strokeDash: {
        field: "split",
        type: "nominal" as const,
        legend: null,
        scale: { domain: ["training", "test"], range: [[1, 0], [4, 3]] },
      },
    },
  };
  const rule = {
    mark: { type: "rule" as const, color: "#6b7280", strokeWidth: 1 },
    encoding: { y: { datum: 1 } },
  };
  return {
    ...look,
    title: {
      text: "Lower momentum against the highest, from the same point",
      subtitle: "training error solid, test error dashed",
    },
    data: { values },
    facet: { field: "cap", type: "nominal", header: { title: null } },
    spec: { width: 560, height: 340, layer: [rule, line] },
  };
}
