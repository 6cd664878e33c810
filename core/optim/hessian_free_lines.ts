// What Hessian-free decides of each replica: lines of WGSL on its numbers, which never leave the GPU.

import { conjugateGradientNumbers } from "./conjugate_gradient.ts";

/** What reports tell of an update. */
export const toldNumbers = [
  "lambda",
  "rho",
  "step",
  "step_norm",
  "guard",
  "cg_steps",
  "cg_steps_total",
  "gradient_equivalents",
] as const;

/** Numbers of a replica that are told to nobody; all but the first live within an update. */
const ownNumbers = [
  "lambda_given",
  // Losses less that at theta, each with its weight decay: the last mark's, the candidate's.
  ...["penalty", "marked", "loss_marked", "loss_candidate", "value_candidate", "takes"],
  // Of the candidate p: p'p and g'p.
  ...["size_squared", "slope"],
  // Of the line search, and passes over the gradient cases besides the gradient's.
  ...["searching", "tries", "passes"],
] as const;

/** All numbers of a replica. */
export const hessianFreeNumbers: readonly string[] = [
  ...toldNumbers,
  ...conjugateGradientNumbers,
  ...ownNumbers,
];

/** Reductions of the line search after which the update is rejected. */
export const MOST_TRIES = 60;

/** The steps, up to `most`, after which the loss is looked at: ceil(5 * 1.3^j) (Martens 2010). */
export function marksUpTo(most: number): number[] {
  const marks: number[] = [];
  for (let j = 0;; j++) {
    const mark = Math.ceil(5 * 1.3 ** j);
    if (mark > most) return marks;
    if (mark !== marks.at(-1)) marks.push(mark);
  }
}

/** Before conjugate gradient; 1/4 of structural damping is that of the published code. */
export const begin = `
    // What is given holds once: from then on lambda follows rho.
    lambda = select(lambda, lambda_first, lambda_given != lambda_first);
    lambda_given = lambda_first;
    most_steps = cg_steps_wanted;
    tolerance = stall;
    guards = hot_start_guard;
    marked = 0;
    passes = 0;
    series[first] = lambda * structural_damping / 4;`;

/**
 * At a mark: a new iterate is the candidate where its loss is below that of the mark before, or where it
 * is the first. What is left at the end is where a walk back from the last mark would have stopped.
 */
export const judge = (cases: number) => `
    takes = 0;
    if (backtrack > 0) & (iterations > marked) {
      let loss = change / ${cases}f + penalty;
      if (marked == 0) | (loss < loss_marked) {
        takes = 1;
        loss_candidate = loss;
        value_candidate = value;
      }
      loss_marked = loss;
      marked = iterations;
      passes += 1;
    }`;

/** After the last step: where no mark was judged the last iterate is the candidate. */
export const choose = `
    takes = select(1f, 0f, marked > 0);
    value_candidate = select(value_candidate, value, takes > 0);`;

/** Of the candidate. */
export const measureCandidate = `
    size_squared = itself;
    slope = along;`;

/**
 * How far the quadratic model is to be trusted: rho, the change of the loss over the curvature cases by
 * what the model promised, and what it makes of lambda (Levenberg, Marquardt).
 */
export const trust = (cases: number) => `
    let change_of_loss = change / ${cases}f + penalty;
    let promised = select(value_candidate - lambda / 2 * size_squared, value_candidate, damped_rho > 0);
    rho = change_of_loss / promised;
    // Where both are rounding, rho is noise.
    if abs(promised) >= 1e-6 * abs(level) / ${cases}f {
      if !is_finite(rho) | (rho < 0.25) | (change_of_loss > 0) {
        lambda *= 1.5;
      } else if rho > 0.75 {
        lambda *= 2f / 3;
      }
    }
    lambda = clamp(lambda, max(1e-8, lambda_min), 1e8);
    step = step_size;
    tries = 0;
    searching = line_search;
    // The loss at the candidate is known from its mark.
    let known = (takes == 0) & (step == 1) & is_finite(loss_candidate);
    if known & (loss_candidate <= 0.01 * slope) {
      searching = 0;
    }`;

/** A try of the line search (Armijo): shorter, or done. */
export const search = (cases: number) => `
    if searching > 0 {
      let loss = change / ${cases}f + penalty;
      passes += 1;
      if is_finite(loss) & (loss <= 0.01 * step * slope) {
        searching = 0;
      } else {
        tries += 1;
        step *= 0.8;
        if tries >= ${MOST_TRIES} {
          step = 0;
          searching = 0;
        }
      }
    }`;

/**
 * What the update came to. A pass forward counts a third of a gradient over 200 cases, one backward two
 * thirds, a product with the Gauss-Newton matrix four.
 */
export const finish = ({ gradient, curvature }: { gradient: number; curvature: number }) => `
    step_norm = step * sqrt(size_squared);
    cg_steps = iterations;
    cg_steps_total += iterations;
    guard += reset;
    let products = iterations + 1;
    gradient_equivalents +=
      (${gradient}f * (3 + passes) + ${curvature}f * (2 + 4 * products)) / 600;`;
