import type { Rates } from "../gpu/scalars.ts";
import { constant, type Schedule } from "./schedule.ts";

/** Learning rate and momentum: a number stands for the same at every update. */
export interface MomentumOptions {
  /** eps, above 0. */
  learningRate: number | Schedule;
  /** mu, at least 0 and below 1. */
  momentum: number | Schedule;
}

/**
 * A first-order method: theta moves by the velocity v, and the gradient is taken at
 * phi = theta + lead v. The parameters that lie on the GPU are phi; theta = phi - lead v is where
 * the network is evaluated.
 */
export interface Optimizer {
  /** Its name in tables. */
  readonly name: "sgd" | "cm" | "nag";
  /** eps by update. */
  readonly learningRate: Schedule;
  /** mu by update. */
  readonly momentum: Schedule;
  /** How far phi leads theta along v before update `step`. */
  readonly lead: Schedule;
}

/**
 * Stochastic gradient descent: theta' = theta - eps grad f(theta).
 *
 * ```ts
 * import { sgd } from "../../mod.ts";
 *
 * const optimizer = sgd({ learningRate: (step) => 0.1 / (1 + step / 1000) });
 * console.log(optimizer.learningRate(1000)); // 0.05
 * ```
 */
export function sgd({ learningRate }: { learningRate: number | Schedule }): Optimizer {
  return {
    name: "sgd",
    learningRate: asSchedule(learningRate),
    momentum: constant(0),
    lead: constant(0),
  };
}

/**
 * Classical momentum (paper, equations 1 and 2): v' = mu v - eps grad f(theta),
 * theta' = theta + v'.
 */
export function classicalMomentum({ learningRate, momentum }: MomentumOptions): Optimizer {
  return {
    name: "cm",
    learningRate: asSchedule(learningRate),
    momentum: asSchedule(momentum),
    lead: constant(0),
  };
}

/**
 * Nesterov's accelerated gradient (paper, equations 3 and 4): v' = mu v - eps grad f(theta + mu v),
 * theta' = theta + v'. Kept as phi = theta + mu v, so that the gradient is taken where the
 * parameters stand; the schedule is evaluated once past the last update.
 *
 * ```ts
 * import { nesterov, paperMomentum } from "../../mod.ts";
 *
 * const optimizer = nesterov({ learningRate: 0.01, momentum: paperMomentum({ cap: 0.99 }) });
 * console.log(optimizer.lead(1000)); // 0.9
 * ```
 */
export function nesterov({ learningRate, momentum }: MomentumOptions): Optimizer {
  const schedule = asSchedule(momentum);
  return {
    name: "nag",
    learningRate: asSchedule(learningRate),
    momentum: schedule,
    lead: schedule,
  };
}

/** The scalars of update `step`. */
export function ratesOf(optimizer: Optimizer, step: number): Rates {
  return {
    learningRate: optimizer.learningRate(step),
    momentum: optimizer.momentum(step),
    lead: optimizer.lead(step),
    nextLead: optimizer.lead(step + 1),
  };
}

function asSchedule(value: number | Schedule): Schedule {
  return typeof value === "number" ? constant(value) : value;
}
