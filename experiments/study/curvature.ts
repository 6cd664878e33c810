// The curvature of networks while they are trained: what --curvature-every has measured.

import {
  Curvature,
  curvatureBytes,
  type Gpu,
  hutchinson,
  lanczos,
  type ReplicaPoint,
  type ReplicaReport,
  type Trainer,
} from "../../mod.ts";
import type { ChartOptions } from "../charts/loss_chart.ts";
import { integer } from "../terminal/flags.ts";
import { type CellRow, type Configuration, kept } from "./cell.ts";
import { evenParts } from "./even_parts.ts";
import type { Column } from "./network_kind.ts";

/** Steps of Lanczos' method with each matrix, and samples of the trace. */
const STEPS = 20, SAMPLES = 10;

/** A product costs so many passes over the cases, where a gradient costs 3; see `Curvature`. */
const PASSES = { "gauss-newton": 5, hessian: 6 } as const;

/** What a measurement costs, in gradients over its cases. */
const gradients = (STEPS * PASSES["gauss-newton"] + (STEPS + SAMPLES) * PASSES.hessian) / 3;

/** The flag of it. */
export const curvatureFlag = integer({
  atLeast: 1,
  unit: "updates",
  shown: "off",
  help:
    "How often to measure the curvature at theta, for a row of curve.csv and curvature.svg: the " +
    "largest eigenvalues of the Gauss-Newton matrix and of the Hessian, by Lanczos' method, and the " +
    "trace of the Hessian, by Hutchinson's; over --eval-cases training cases that the seed " +
    `chooses. Each time costs about ${Math.round(gradients)} gradients over these.`,
});

/** What a measurement of each network costs, in updates. */
export function curvatureUpdates({ reportCases, batchSize }: Configuration): number {
  return gradients * reportCases / batchSize;
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
  const { gpu, model } = trainer;
  const [{ reportCases, batchSize: blockCases }] = configurations;
  const cases = Math.min(reportCases, model.cases.train);
  const networks: ReplicaPoint[] = [];
  for (const [r, { seed }] of configurations.entries()) {
    networks.push({ seed, theta: await trainer.theta(r) });
  }
  const bytes = curvatureBytes(gpu, model, { cases, blockCases, steps: STEPS });
  const figures: CurvatureFigures[] = [];
  const fit = Math.min(networks.length, Math.max(1, Math.floor(memory / bytes)));
  for (const replicas of evenParts(networks, fit)) {
    figures.push(...await figuresOf(gpu, { model, replicas, cases, blockCases }));
  }
  return figures.map((all, r) => {
    const limit = reports && stabilityLimit(configurations[r], reports[r].scalars);
    return kept({ ...all, ...limit !== undefined && { stabilityLimit: limit } });
  });
}

async function figuresOf(
  gpu: Gpu,
  options: Omit<Parameters<typeof Curvature.open>[1], "matrix">,
): Promise<CurvatureFigures[]> {
  const newton = await Curvature.open(gpu, { ...options, matrix: "gauss-newton" });
  const tops = await lanczos(newton, { steps: STEPS }).finally(() => newton.free());
  const hessian = await Curvature.open(gpu, { ...options, matrix: "hessian" });
  try {
    const spectra = await lanczos(hessian, { steps: STEPS });
    const traces = await hutchinson(hessian, { samples: SAMPLES });
    return tops.map(({ values: [gaussNewtonTop] }, r) => ({
      gaussNewtonTop,
      hessianTop: spectra[r].values[0],
      hessianTrace: traces[r].trace,
      hessianTraceError: traces[r].standardError,
    }));
  } finally {
    hessian.free();
  }
}

/**
 * The eigenvalue of a quadratic up to which an optimizer is stable, where it is known: 2 / eps of SGD,
 * 2 (1 + mu) / eps of CM and 2 (1 + mu) / ((1 + 2 mu) eps) of NAG. Beyond it the factor by which an
 * update takes a deviation along the eigendirection to the next is below -1.
 */
export function stabilityLimit(
  { optimizer, momentumIn, fileSha256 }: Configuration,
  { learning_rate: eps, momentum: mu }: ReplicaReport["scalars"],
): number | undefined {
  if (momentumIn !== undefined || fileSha256 !== undefined) return undefined;
  if (optimizer === "sgd") return 2 / eps;
  if (optimizer === "cm") return 2 * (1 + mu) / eps;
  if (optimizer === "nag") return 2 * (1 + mu) / ((1 + 2 * mu) * eps);
  return undefined;
}

const names = {
  gauss_newton_top: "gaussNewtonTop",
  hessian_top: "hessianTop",
  hessian_trace: "hessianTrace",
  hessian_trace_error: "hessianTraceError",
  stability_limit: "stabilityLimit",
} as const;

/** Columns of curve.csv where networks are measured. */
export const curvatureColumns: readonly Column<CellRow>[] = Object.entries(names)
  .map(([name, figure]) => ({ name, cell: ({ curvature }) => curvature?.[figure] }));

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
