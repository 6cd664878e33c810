// The curvature of networks while they are trained: what --curvature-every has measured.

import type { ReplicaReport, Trainer } from "../../mod.ts";
import type { ChartOptions } from "../charts/loss_chart.ts";
import { choices, integer } from "../terminal/flags.ts";
import { type CellRow, type Configuration, kept } from "./cell.ts";
import { type FigureGroupName, figureGroupNames, figureGroups } from "./curvature_figures.ts";
import { evenParts } from "./even_parts.ts";
import type { FigureGroup, FiguresByName, MeasuredNetwork } from "./figure_group.ts";
import type { Column } from "./network_kind.ts";

/** What is measured unless --curvature-figures says otherwise. */
const usual: readonly FigureGroupName[] = ["spectrum"];

/** The flags of it. */
export const curvatureFlags = {
  "curvature-every": integer({
    atLeast: 1,
    unit: "updates",
    shown: "off",
    help:
      "How often to measure the curvature at theta, for a row of curve.csv and curvature.svg, over " +
      "--eval-cases training cases that the seed chooses.",
  }),
  "curvature-figures": choices(figureGroupNames, {
    default: usual,
    help: "What is measured. " + figureGroupNames.map((name) => {
      const { help, gradients } = figureGroups[name];
      return `${name}: ${help}; each time costs ${costOf(gradients)}.`;
    }).join(" "),
  }),
} as const;

function costOf(gradients: FigureGroup["gradients"]): string {
  if ("cases" in gradients && gradients.cases === 0) return "next to nothing";
  return "cases" in gradients
    ? `about ${Math.round(gradients.cases)} gradients over these cases`
    : `about ${Math.round(gradients.minibatches)} updates`;
}

/** What a configuration has of these flags, where they are given. */
export function ofCurvature(
  { curvatureEvery, curvatureFigures }: {
    readonly curvatureEvery?: number | undefined;
    readonly curvatureFigures: readonly FigureGroupName[];
  },
): Pick<Configuration, "curvatureEvery" | "curvatureFigures"> {
  if (curvatureEvery === undefined) return {};
  const asked = figureGroupNames.filter((name) => curvatureFigures.includes(name));
  const isUsual = asked.length === 1 && asked[0] === usual[0];
  return { curvatureEvery, ...!isUsual && { curvatureFigures: asked } };
}

/** What is measured of a network. */
function groupsOf(
  { curvatureEvery, curvatureFigures = usual }: Configuration,
): readonly FigureGroup[] {
  if (curvatureEvery === undefined) return [];
  return curvatureFigures.map((name) => figureGroups[name]);
}

/** Whether the spectrum of a network is measured. */
export function isOfSpectrum(configuration: Configuration): boolean {
  return groupsOf(configuration).includes(figureGroups.spectrum);
}

/** What a measurement of each network costs, in updates. */
export function curvatureUpdates(configuration: Configuration): number {
  const { reportCases, batchSize } = configuration;
  return groupsOf(configuration).reduce(
    (sum, { gradients }) =>
      sum +
      ("cases" in gradients ? gradients.cases * reportCases / batchSize : gradients.minibatches),
    0,
  );
}

/** Whether the curvature is measured after so many updates. */
export function isMeasured({ curvatureEvery }: Configuration, update: number): boolean {
  return curvatureEvery !== undefined && update % curvatureEvery === 0;
}

/** What rows of curve.csv tell of the curvature. */
export type CurvatureFigures = NonNullable<CellRow["curvature"]>;

/**
 * Measures the networks of a trainer at theta, as many side by side as fit into `memory` bytes.
 *
 * @param reports Of their last update, if there was one.
 */
export async function measureCurvature(
  trainer: Trainer,
  { configurations, reports, memory }: {
    configurations: readonly Configuration[];
    reports: readonly ReplicaReport[] | undefined;
    memory: number;
  },
): Promise<CurvatureFigures[]> {
  const { gpu, model, update } = trainer;
  const [{ reportCases, batchSize }] = configurations;
  const cases = Math.min(reportCases, model.cases.train);
  const networks = await networksOf(trainer, configurations, reports);
  const all: FiguresByName[][] = [];
  for (const group of groupsOf(configurations[0])) {
    const of = { gpu, model, cases, batchSize };
    const fit = Math.max(1, Math.floor(memory / group.bytes(of)));
    const figures: FiguresByName[] = [];
    for (const some of evenParts(networks, Math.min(networks.length, fit))) {
      figures.push(...await group.measure({ ...of, networks: some, update }));
    }
    all.push(figures);
  }
  return configurations.map((configuration, r) => {
    const limit = reports && stabilityLimit(configuration, reports[r].scalars);
    const figures = Object.assign({}, ...all.map((of) => of[r]));
    return kept({ ...figures, ...limit !== undefined && { stabilityLimit: limit } });
  });
}

/** The networks at theta, with the velocities that theorem 2.1 is about. */
async function networksOf(
  trainer: Trainer,
  configurations: readonly Configuration[],
  reports: readonly ReplicaReport[] | undefined,
): Promise<MeasuredNetwork[]> {
  const isAsked = groupsOf(configurations[0]).includes(figureGroups.theorem);
  const state = isAsked && reports ? await trainer.save() : undefined;
  const networks: MeasuredNetwork[] = [];
  for (const [r, configuration] of configurations.entries()) {
    const velocity = isLinear(configuration)
      ? state?.replicas[r].states.velocity?.values
      : undefined;
    networks.push({
      seed: configuration.seed,
      theta: await trainer.theta(r),
      ...velocity && reports && { momentum: { mu: reports[r].scalars.momentum, velocity } },
    });
  }
  return networks;
}

/** Whether an optimizer is CM, NAG or between them, with one velocity of all tensors. */
function isLinear({ optimizer, momentumIn, fileSha256 }: Configuration): boolean {
  const isShipped = momentumIn === undefined && fileSha256 === undefined;
  return isShipped && ["cm", "nag", "lead"].includes(optimizer);
}

/**
 * The eigenvalue of a quadratic up to which an optimizer is stable, where it is known: 2 / eps of SGD,
 * 2 (1 + mu) / eps of CM, 2 (1 + mu) / ((1 + 2 mu) eps) of NAG, and 2 (1 + mu) / ((1 + 2 k mu) eps)
 * with a lead of k times mu. Beyond it the factor by which an update takes a deviation along the
 * eigendirection to the next is below -1.
 */
export function stabilityLimit(
  { optimizer, momentumIn, fileSha256, own }: Configuration,
  { learning_rate: eps, momentum: mu }: ReplicaReport["scalars"],
): number | undefined {
  if (momentumIn !== undefined || fileSha256 !== undefined) return undefined;
  if (optimizer === "sgd") return 2 / eps;
  const leads = new Map([["cm", 0], ["nag", 1], ["lead", (own as { lead?: number })?.lead]]);
  const lead = leads.get(optimizer);
  return lead === undefined ? undefined : 2 * (1 + mu) / ((1 + 2 * lead * mu) * eps);
}

/** Columns of curve.csv where networks are measured. */
export function curvatureColumns(
  configurations: readonly Configuration[],
): readonly Column<CellRow>[] {
  const groups = new Set(configurations.flatMap(groupsOf));
  if (groups.size === 0) return [];
  const names = Object.values(figureGroups).filter((group) => groups.has(group))
    .flatMap(({ columns }) => Object.entries(columns));
  return [...names, ["stability_limit", "stabilityLimit"] as const]
    .map(([name, figure]) => ({ name, cell: ({ curvature }) => curvature?.[figure] }));
}

/** What curvature.svg shows. */
export const curvatureChart = {
  figure: "hessian_top",
  figureTitle: "largest eigenvalue of the Hessian",
  unit: "of the training loss",
  limit: {
    figure: "stability_limit",
    title: "the largest at which the optimizer is stable on a quadratic",
  },
} as const satisfies ChartOptions;
