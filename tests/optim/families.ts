// Every family of optimizers, a row each: how it is made of the settings of its rule in float64
// (core/reference/rules), which the known answers hold as well.

import { adamW, type AdamWOptions } from "../../core/optim/adamw.ts";
import { adan } from "../../core/optim/adan.ts";
import { adaptiveHeavyBall } from "../../core/optim/adaptive_heavy_ball.ts";
import { adEMAMix } from "../../core/optim/ademamix.ts";
import { aggMo, type AggMoOptions } from "../../core/optim/aggmo.ts";
import { classicalMomentum } from "../../core/optim/classical_momentum.ts";
import type { Optimizer } from "../../core/optim/family.ts";
import { lion } from "../../core/optim/lion.ts";
import { lookahead, type LookaheadOptions } from "../../core/optim/lookahead.ts";
import { lowRankMomentum } from "../../core/optim/low_rank_momentum.ts";
import { nadamW } from "../../core/optim/nadamw.ts";
import { momentumWithLead } from "../../core/optim/momentum_with_lead.ts";
import { muon, type MuonOptions } from "../../core/optim/muon.ts";
import { nesterov } from "../../core/optim/nesterov.ts";
import { qhm } from "../../core/optim/qhm.ts";
import { scheduleFreeAdamW } from "../../core/optim/schedule_free_adamw.ts";
import { scheduleFreeSGD } from "../../core/optim/schedule_free_sgd.ts";
import { restartedNesterov, type RestartOptions } from "../../core/optim/restart.ts";
import { sgd } from "../../core/optim/sgd.ts";
import { nesterov1983, paperMomentum } from "../../core/optim/schedule.ts";
import { simplifiedAdEMAMix } from "../../core/optim/simplified_ademamix.ts";
import { partialMomentum, type PartialMomentumOptions } from "../../core/optim/partial_momentum.ts";

/** A family in the table. */
export interface FamilyRow {
  /** The optimizer of a rule's settings. */
  make(settings: never): Optimizer;
  /** Settings to try it with on tensors of odd shapes, for its rule as well. */
  settings: Readonly<Record<string, unknown>>;
  /** Bytes of state a parameter, of 64 rows of weights and, with the padding, 8 of biases. */
  stateBytes: number;
}

/** Bytes a parameter of a family that keeps so many of weights and of biases. */
function bytes({ weights, biases }: { weights: number; biases: number }): number {
  return (64 * weights + 8 * biases) / 72;
}

const rising = paperMomentum({ cap: 0.9, period: 3 });

/** By the names of the rules. */
export const families: Readonly<Record<string, FamilyRow>> = {
  "sgd": { make: sgd, settings: { learningRate: 0.2 }, stateBytes: 0 },
  "cm": {
    make: classicalMomentum,
    settings: { learningRate: 0.1, momentum: rising },
    stateBytes: 4,
  },
  "nag": { make: nesterov, settings: { learningRate: 0.1, momentum: rising }, stateBytes: 4 },
  "lead": {
    make: momentumWithLead,
    settings: { learningRate: 0.1, momentum: rising, lead: 1.5 },
    stateBytes: 4,
  },
  "qhm": {
    make: qhm,
    settings: { learningRate: 0.5, momentum: 0.9, nu: 0.7 },
    stateBytes: 4,
  },
  "adamw": {
    make: ({ v0, ...settings }: { v0?: number }) =>
      adamW({ ...settings, ...v0 !== undefined && { initialSquare: v0 } }),
    settings: { learningRate: 0.02, beta1: 0.9, beta2: 0.99, epsilon: 1e-6, weightDecay: 0.1 },
    stateBytes: 8,
  },
  "nadamw": {
    make: nadamW,
    settings: {
      ...{ learningRate: 0.02, beta1: 0.9, beta2: 0.99, epsilon: 1e-6 },
      ...{ psi: 0.5, weightDecay: 0.1 },
    },
    stateBytes: 8,
  },
  "adan": {
    make: ({ noProx, ...settings }: { noProx?: boolean }) => adan({ ...settings, prox: !noProx }),
    settings: {
      ...{ learningRate: 0.02, beta1: 0.9, beta2: 0.8, beta3: 0.99, epsilon: 1e-6 },
      weightDecay: 0.1,
    },
    stateBytes: 16,
  },
  "ademamix": {
    make: adEMAMix,
    settings: {
      ...{ learningRate: 0.02, beta1: 0.9, beta2: 0.99, beta3: 0.999, alpha: 5, warmUp: 8 },
      ...{ epsilon: 1e-6, weightDecay: 0.1 },
    },
    stateBytes: 12,
  },
  "simplified-ademamix": {
    make: simplifiedAdEMAMix,
    settings: {
      ...{ learningRate: 0.002, beta1: 0.9, beta2: 0.95, alpha: 2 },
      ...{ epsilon: 1e-6, weightDecay: 0.1 },
    },
    stateBytes: 8,
  },
  "schedule-free-sgd": {
    make: scheduleFreeSGD,
    settings: { learningRate: 0.5, momentum: 0.9, warmUp: 5, weightPower: 1, weightDecay: 0.1 },
    stateBytes: 4,
  },
  "schedule-free-adamw": {
    make: scheduleFreeAdamW,
    settings: {
      ...{ learningRate: 0.05, momentum: 0.9, warmUp: 5, weightPower: 1, weightDecay: 0.1 },
      ...{ beta2: 0.99, epsilon: 1e-6 },
    },
    stateBytes: 8,
  },
  "lion": {
    make: lion,
    settings: { learningRate: 0.02, beta1: 0.9, beta2: 0.99, weightDecay: 0.1 },
    stateBytes: 4,
  },
  "adaptive-heavy-ball": {
    make: adaptiveHeavyBall,
    settings: { learningRate: 0.1, delta: 0.4 },
    stateBytes: 8,
  },
  "restart": {
    // Its own schedule is the one that the answers are for.
    make: ({ momentum: _, ...settings }: RestartOptions & { momentum: unknown }) =>
      restartedNesterov(settings),
    settings: { learningRate: 0.4, momentum: nesterov1983() },
    stateBytes: 4,
  },
  "aggmo": {
    make: ({ momenta, ...settings }: AggMoOptions & { momenta: AggMoOptions["betas"] }) =>
      aggMo({ ...settings, ...momenta && { betas: momenta } }),
    settings: { learningRate: 0.05, momenta: [0, rising, 0.95] },
    stateBytes: 8,
  },
  "lookahead": {
    make: ({ inner, ...options }: LookaheadOptions & { inner: Inner }) =>
      lookahead(families[inner.rule].make(inner.settings as never), options),
    settings: {
      inner: { rule: "nag", settings: { learningRate: 0.1, momentum: rising } },
      period: 3,
      alpha: 0.4,
      velocity: "pull",
    },
    stateBytes: 12,
  },
  "partial": {
    // The rule is told by a mask what the optimizer is told by a choice.
    make: ({ mask: _, ...settings }: PartialMomentumOptions & { mask: boolean[] }) =>
      partialMomentum(settings),
    settings: {
      ...{ learningRate: 0.1, momentum: rising },
      ...{ in: "weights", mask: [true, false, true, false, true, false] },
    },
    stateBytes: bytes({ weights: 4, biases: 0 }),
  },
  "muon": {
    // The rule's AdamW has settings in a place of its own.
    make: ({ others, ...settings }: MuonOptions & { others: AdamWOptions }) => {
      const { learningRate, weightDecay, ...shared } = others;
      const renamed = { otherLearningRate: learningRate!, otherWeightDecay: weightDecay! };
      return muon({ ...settings, ...shared, ...renamed });
    },
    settings: {
      ...{ learningRate: 0.02, momentum: rising, steps: 5, weightDecay: 0.1, matrices: "all" },
      others: { learningRate: 0.02, beta1: 0.9, beta2: 0.99, epsilon: 1e-6, weightDecay: 0.1 },
    },
    stateBytes: bytes({ weights: 4, biases: 8 }),
  },
  "low-rank": {
    make: lowRankMomentum,
    settings: { learningRate: 0.1, momentum: rising, rank: 2 },
    // 8 columns, with the padding, for each of 64 rows and 32 columns.
    stateBytes: bytes({ weights: 4 * 8 * (64 + 32) / (64 * 32), biases: 4 }),
  },
};

/** An optimizer within another one, as the answers name it. */
interface Inner {
  readonly rule: string;
  readonly settings: unknown;
}
