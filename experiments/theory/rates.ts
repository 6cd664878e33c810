import type { Optimizer, reference, SettingValue } from "../../mod.ts";

/** The scalars of update `step` of SGD, classical momentum or Nesterov's accelerated gradient. */
export function ratesOf({ name, settings }: Optimizer, step: number): reference.Rates {
  const { learningRate, momentum = 0 } = settings;
  const leadAt = (step: number) => name === "nag" ? valueAt(momentum, step) : 0;
  return {
    learningRate: valueAt(learningRate, step),
    momentum: valueAt(momentum, step),
    lead: leadAt(step),
    nextLead: leadAt(step + 1),
  };
}

function valueAt(setting: SettingValue, step: number): number {
  return typeof setting === "function" ? setting(step) : setting;
}
