import {
  classicalMomentum,
  constant,
  lowMomentumFinish,
  nesterov,
  nesterov1983,
  type Optimizer,
  paperMomentum,
  type Schedule,
  sgd,
} from "../../mod.ts";
import {
  choice,
  choices,
  type FlagTable,
  integer,
  integers,
  numbers,
  yesNo,
} from "../terminal/flags.ts";
import { adapterPreferences } from "./adapter.ts";
import type { Cell } from "../files/tables.ts";

/** What may differ between the networks of one run. */
export interface Setting {
  readonly optimizer: "sgd" | "cm" | "nag";
  /** The cap of the momentum schedule; 0 for sgd. */
  readonly mu: number;
  /** The momentum schedule; "none" for sgd. */
  readonly schedule: string;
  readonly learningRate: number;
  readonly init: string;
  readonly initScale: number;
  readonly seed: number;
}

/** The columns that name a setting in every table. */
export const settingColumns = [
  "problem",
  "optimizer",
  "mu",
  "schedule",
  "learning_rate",
  "init",
  "init_scale",
  "seed",
] as const;

/** The cells of {@linkcode settingColumns}. */
export function settingCells(
  problem: string,
  setting: Setting,
): Record<typeof settingColumns[number], Cell> {
  const { optimizer, mu, schedule, learningRate, init, initScale, seed } = setting;
  return {
    problem,
    optimizer,
    mu,
    schedule,
    learning_rate: learningRate,
    init,
    init_scale: initScale,
    seed,
  };
}

/** The flags of the optimizer and its schedules that all training programs share. */
export const optimizerFlags = {
  optimizer: choices(["nag", "cm", "sgd"], {
    default: ["nag"],
    help: "Nesterov's accelerated gradient, classical momentum or stochastic gradient descent.",
  }),
  "learning-rate": numbers({
    default: [0.01],
    above: 0,
    help: "The learning rate, constant within a run.",
  }),
  seed: integers({
    default: [1],
    atLeast: 0,
    help: "Fixes the initial weights and the minibatches, the same for every optimizer and rate.",
  }),
  updates: integer({ default: 5000, atLeast: 1, help: "How long to train.", unit: "updates" }),
  "batch-size": integer({ default: 200, atLeast: 1, help: "Cases of a minibatch.", unit: "cases" }),
  every: integer({
    atLeast: 1,
    shown: "a hundredth of the run, or as seldom as keeps evaluation to a tenth of the time",
    help: "How often to evaluate and to write a row of curve.csv.",
    unit: "updates",
  }),
} satisfies FlagTable;

/** The flags of the autoencoders' momentum schedule. */
export const momentumFlags = {
  mu: numbers({
    default: [0.99],
    atLeast: 0,
    below: 1,
    help: "The cap mu_max of the momentum schedule. Means nothing to sgd.",
  }),
  schedule: choices(["paper", "nesterov1983", "constant"], {
    default: ["paper"],
    help: "How the momentum grows: 1 - 1/(2(floor(t/period) + 1)) up to the cap, Nesterov's of " +
      "1983 up to the cap, or the cap from the start.",
  }),
  "schedule-period": integer({
    default: 250,
    atLeast: 1,
    help: "Between two rises of the paper's schedule; fewer compress it into a shorter run.",
    unit: "updates",
  }),
  finish: integer({
    default: 0,
    atLeast: 0,
    help: "Length of the low-momentum end, at the smaller of 0.9 and the schedule.",
    unit: "updates",
  }),
} satisfies FlagTable;

/** The flags of the machine that all training programs share. */
export const machineFlags = {
  adapter: choice(adapterPreferences, { default: "any", help: "The GPU adapter to take." }),
  profile: yesNo({
    default: false,
    help: "Measures GPU time by kernel; steps are slower meanwhile.",
  }),
  tune: yesNo({
    default: true,
    help:
      "Measures which variants of kernels are fastest here, once for each adapter and size: the " +
      "same results, sooner. What it finds is kept in the user's cache folder.",
  }),
} satisfies FlagTable;

/** The scale of the initial weights. */
export const initScale = numbers({
  default: [1],
  above: 0,
  help: "Multiplies the initial weights.",
});

/** The values that each part of a setting takes in a grid. */
export type Grid = { readonly [Part in keyof Setting]: readonly Setting[Part][] };

/**
 * Every combination of the grid's values, each once: what means nothing to an optimizer does not
 * multiply its settings.
 */
export function expandGrid(grid: Grid): Setting[] {
  const settings = new Map<string, Setting>();
  for (const optimizer of grid.optimizer) {
    const plain = optimizer === "sgd";
    for (const mu of plain ? [0] : grid.mu) {
      for (const schedule of plain ? ["none"] : grid.schedule) {
        for (const learningRate of grid.learningRate) {
          for (const init of grid.init) {
            for (const initScale of grid.initScale) {
              for (const seed of grid.seed) {
                const setting = { optimizer, mu, schedule, learningRate, init, initScale, seed };
                settings.set(JSON.stringify(setting), setting);
              }
            }
          }
        }
      }
    }
  }
  return [...settings.values()];
}

/** The momentum of a setting over a run of `updates` updates whose last `finish` are at most 0.9. */
export function momentumOf(
  { mu, schedule }: Setting,
  { schedulePeriod, finish, updates }: { schedulePeriod: number; finish: number; updates: number },
): Schedule {
  const growing = schedule === "nesterov1983"
    ? nesterov1983({ cap: mu })
    : schedule === "constant"
    ? constant(mu)
    : paperMomentum({ cap: mu, period: schedulePeriod });
  return finish > 0 ? lowMomentumFinish(growing, { updates, length: finish }) : growing;
}

/** The optimizer of a setting. */
export function optimizerOf(
  { optimizer, learningRate }: Pick<Setting, "optimizer" | "learningRate">,
  momentum: Schedule,
): Optimizer {
  if (optimizer === "sgd") return sgd({ learningRate });
  return (optimizer === "cm" ? classicalMomentum : nesterov)({ learningRate, momentum });
}
