import { marksUpTo } from "../optim/hessian_free_lines.ts";
import { conjugateGradient, dot, type Iterate } from "./conjugate_gradient.ts";

/** What Hessian-free is given of a network at one update, in float64. */
export interface HessianFreeProblem {
  /** Of each gradient case the loss at theta. */
  loss(theta: Float64Array): Float64Array;
  /** Of each curvature case. */
  curvatureLoss(theta: Float64Array): Float64Array;
  /** Of the mean loss over the gradient cases. */
  gradient(theta: Float64Array): Float64Array;
  /** The Gauss-Newton matrix of the curvature cases at theta, times v. */
  product(theta: Float64Array, v: Float64Array): Float64Array;
  /** 1 where weight decay reaches, else 0. Default: everywhere. */
  decayed?: Float64Array;
  /** The mean over the gradient cases of the squared gradient of each, for the preconditioner. */
  squares?(theta: Float64Array): Float64Array;
}

/** Settings of `hessianFree()` by their names there. */
export type HessianFreeSettings =
  & Record<"cgSteps" | "decay" | "lambdaMin" | "stepSize" | "l2" | "tolerance", number>
  & Record<"backtrack" | "lineSearch" | "hotStartGuard" | "dampedRho", boolean>;

/** What goes from update to update. */
export interface HessianFreeState {
  /** Where the network is. */
  theta: Float64Array;
  /** The last iterate of conjugate gradient. */
  velocity: Float64Array;
  /** The damping. */
  lambda: number;
}

/** What an update came to. */
export interface HessianFreeUpdate extends HessianFreeState {
  /** The change of the loss over the curvature cases, by what the model promised. */
  rho: number;
  /** What the candidate was multiplied by. */
  step: number;
  /** Steps of conjugate gradient. */
  cgSteps: number;
}

/** Which of the losses at the marks a walk back from the last one stops at. */
export function walkBack(losses: readonly number[]): number {
  let at = losses.length - 1;
  while (at > 0 && losses[at - 1] <= losses[at]) at--;
  return at;
}

/** One update of Hessian-free optimization (Martens 2010; see `hessianFree()`). */
export function hessianFreeUpdate(
  problem: HessianFreeProblem,
  { theta, velocity, lambda }: HessianFreeState,
  settings: HessianFreeSettings,
): HessianFreeUpdate {
  const { decay, l2, backtrack, lineSearch, dampedRho } = settings;
  const plus = (p: Float64Array, step = 1) => theta.map((theta, i) => theta + step * p[i]);
  const { decayed = theta.map(() => 1) } = problem;
  const decays = decayed.map((decayed) => l2 * decayed);
  const penalty = (p: Float64Array) => dot(decays, p.map((p, i) => p * (theta[i] + p / 2)));
  const first = problem.loss(theta);
  const change = (p: Float64Array) => meanChange(problem.loss(plus(p)), first) + penalty(p);
  const g = problem.gradient(theta).map((g, i) => g + decays[i] * theta[i]);
  const squares = problem.squares?.(theta);
  const iterates = conjugateGradient({
    product: (v) => problem.product(theta, v).map((Gv, i) => Gv + (lambda + decays[i]) * v[i]),
    gradient: g,
    start: velocity.map((v) => decay * v),
    ...squares && { preconditioner: squares.map((h, i) => (h + lambda + decays[i]) ** 0.75) },
    steps: settings.cgSteps,
    tolerance: settings.tolerance,
    guard: settings.hotStartGuard,
  });
  const last = iterates[iterates.length - 1];
  const { x: p, value } = backtrack ? candidateOf(iterates, change) : last;
  const promised = dampedRho ? value : value - lambda / 2 * dot(p, p);
  const atTheta = problem.curvatureLoss(theta);
  const found = meanChange(problem.curvatureLoss(plus(p)), atTheta) + penalty(p);
  const rho = found / promised;
  const isNoise = Math.abs(promised) < 1e-6 * Math.abs(mean(atTheta));
  const step = lineSearch
    ? armijo((step) => change(p.map((p) => step * p)), dot(g, p), settings.stepSize)
    : settings.stepSize;
  const velocityAfter = step === 0 ? theta.map(() => 0) : last.x;
  return {
    theta: plus(p, step),
    velocity: velocityAfter,
    lambda: isNoise ? lambda : nextLambda(lambda, rho, found, settings.lambdaMin),
    rho,
    step,
    cgSteps: iterates.length - 1,
  };
}

/** Levenberg and Marquardt: damping grows where the model promised too much. */
export function nextLambda(lambda: number, rho: number, change: number, least: number): number {
  const factor = !(rho >= 1 / 4) || change > 0 ? 3 / 2 : rho > 3 / 4 ? 2 / 3 : 1;
  return Math.min(Math.max(factor * lambda, 1e-8, least), 1e8);
}

/** The first of step, 0.8 step, ... that lowers the loss by a hundredth of what the slope says; or 0. */
export function armijo(change: (step: number) => number, slope: number, step: number): number {
  for (let reductions = 0; reductions < 60; reductions++) {
    if (change(step) <= 0.01 * step * slope) return step;
    step *= 0.8;
  }
  return 0;
}

function candidateOf(iterates: readonly Iterate[], change: (p: Float64Array) => number): Iterate {
  const last = iterates.length - 1;
  const marks = [...new Set([...marksUpTo(last), last])];
  return iterates[marks[walkBack(marks.map((mark) => change(iterates[mark].x)))]];
}

function meanChange(after: Float64Array, before: Float64Array): number {
  return mean(after.map((loss, i) => loss - before[i]));
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
