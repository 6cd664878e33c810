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
  return {
    name,
    default: value,
    atLeast: 0,
    below: 1,
    help: `The share that the mean of the ${of} keeps at an update.`,
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
