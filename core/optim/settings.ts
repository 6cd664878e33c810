// The settings that families share, declared once.

import type { Setting } from "./family.ts";

/** eps of the paper, lr elsewhere. */
export const learningRate: Setting = {
  name: "learningRate",
  above: 0,
  help: "The learning rate.",
};

/** mu. */
export const momentum: Setting = {
  name: "momentum",
  atLeast: 0,
  below: 1,
  help: "The momentum, or the schedule by which it grows.",
};

/** The share of a mean that an update keeps. */
export function beta(name: string, of: string, value: number): Setting {
  return shareOf(name, `mean of the ${of}`, value);
}

/** The share of something that an update keeps. */
export function shareOf(name: string, what: string, value: number): Setting {
  return {
    name,
    default: value,
    atLeast: 0,
    below: 1,
    help: `The share that the ${what} keeps at an update.`,
  };
}

/** What keeps a quotient finite. */
export const epsilon: Setting = {
  name: "epsilon",
  default: 1e-8,
  above: 0,
  help: "Added to the root of the mean square.",
};

/** Decoupled: weights shrink by learning rate x weight decay at an update. */
export function weightDecay(value: number): Setting {
  return {
    name: "weightDecay",
    default: value,
    atLeast: 0,
    weightsOnly: true,
    help: "The share of the learning rate by which weights, not biases, shrink at an update.",
  };
}

/** `setting` with another default. */
export function withDefault(setting: Setting, value: number): Setting {
  return { ...setting, default: value };
}

/** What AdamW and its kin have in common, as Adam's authors set it. */
const ofAdam = {
  learningRate: withDefault(learningRate, 1e-3),
  beta1: beta("beta1", "gradient", 0.9),
  beta2: beta("beta2", "square", 0.999),
  epsilon,
  weightDecay: weightDecay(0),
};

/**
 * The settings that AdamW and its kin have in common, where `others` says a default or a setting that
 * is not Adam's.
 */
export function adamSettings(
  others: { readonly [Name in keyof typeof ofAdam]?: number | Setting } = {},
): Setting[] {
  const names = Object.keys(ofAdam) as (keyof typeof ofAdam)[];
  return names.map((name) => {
    const other = others[name] ?? ofAdam[name];
    return typeof other === "number" ? withDefault(ofAdam[name], other) : other;
  });
}
