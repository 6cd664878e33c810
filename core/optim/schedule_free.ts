// What schedule-free methods share: a base sequence z, its average x, where the network is
// evaluated, and the point y between them, where the gradient is taken and which is kept.

import type { Family, Numbers, Setting, SettingValue } from "./family.ts";
import type { GroupOptions } from "./optimizer.ts";

/** Settings that schedule-free methods share. */
export interface AveragingOptions extends GroupOptions {
  /** beta, the share of the average in the gradient point, above 0 and below 1. Default: 0.9. */
  momentum?: SettingValue;
  /** Updates over which the rate rises linearly. Default: 0. */
  warmUp?: number;
  /** r: update t weighs t^r in the average, at least 0. Default: 0. */
  weightPower?: number;
  /** wd, of weights alone, at least 0; taken at the gradient point. Default: 0. */
  weightDecay?: SettingValue;
}

/** The settings of the average. */
export const averagingSettings: readonly Setting[] = [
  {
    name: "momentum",
    default: 0.9,
    above: 0,
    below: 1,
    help: "The share of the average in the point where the gradient is taken.",
  },
  {
    name: "warmUp",
    default: 0,
    atLeast: 0,
    whole: true,
    help: "Updates over which the learning rate rises linearly.",
  },
  {
    name: "weightPower",
    default: 0,
    atLeast: 0,
    help: "The power of the number of the update in its weight in the average.",
  },
];

/** What the lines read of the average. */
export const averagingScalars = ["rate", "decay", "pull", "stride"] as const;

/** How the average goes on; y is average_share x + (1 - average_share) z. */
export const averaging: Required<
  Pick<Family, "running" | "compute" | "theta" | "averages" | "lead">
> = {
  averages: true,
  running: { average_share: 1, weights: 0, largest_rate: 0 },
  // With beta of y, beta' of the next one and k = beta' (1 - c) / beta, where c is 1 - kept:
  // z' = z - gamma h and y' = y + (1 - k) (z - y) - gamma (1 - beta' (1 - c)) h.
  compute(now, next, running, update) {
    const t = update + 1;
    const rate = t < now.warmUp ? now.learningRate * t / now.warmUp : now.learningRate;
    const largest_rate = Math.max(running.largest_rate, rate);
    const weights = running.weights + t ** now.weightPower * largest_rate ** 2;
    const kept = running.weights / weights;
    const average_share = next.momentum;
    return {
      scalars: {
        rate,
        decay: now.weightDecay,
        pull: 1 - average_share * kept / running.average_share,
        stride: rate * (1 - average_share * kept),
        average_share,
      },
      running: { average_share, weights, largest_rate },
    };
  },
  theta: ({ average_share }) => averageAt(average_share),
  lead: ({ momentum }, running) => ({
    theta: averageAt(momentum),
    running: { ...running, average_share: momentum },
  }),
};

/** x on the line through y and z. */
function averageAt(share: number): Numbers {
  return { parameters: 1 / share, base: 1 - 1 / share };
}
