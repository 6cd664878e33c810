import type { NetworkSettings } from "../settings.ts";

/** Of page.css, and the dash that tells it from others where colours do not. */
export interface Look {
  readonly color: string;
  readonly dash: readonly number[];
}

const dashes = [[], [8, 4], [2, 3], [8, 3, 2, 3], [14, 4], [4, 4]];

/** The look of the network at a place. */
export function lookOf(index: number): Look {
  return { color: `network-${index}`, dash: dashes[index] };
}

/** How optimizers are written. */
export const optimizerNames: Readonly<Record<NetworkSettings["optimizer"], string>> = {
  nag: "NAG",
  cm: "CM",
  sgd: "SGD",
  adamw: "AdamW",
};

/** How schedules are written. */
export const scheduleNames: Readonly<Record<NetworkSettings["schedule"], string>> = {
  constant: "constant",
  paper: "the paper's",
  "nesterov-1983": "Nesterov 1983",
};

/** Each network by its optimizer, its momentum, and what else tells it from the others. */
export function networkNames(networks: readonly NetworkSettings[]): string[] {
  const differs = (name: keyof NetworkSettings) =>
    new Set(networks.map((network) => network[name])).size > 1;
  const names = networks.map((network) => {
    const { optimizer, momentum, rate, schedule, finish, initializer, scale } = network;
    return [
      optimizerNames[optimizer],
      optimizer === "sgd" ? "" : String(momentum),
      differs("rate") ? `rate ${rate}` : "",
      differs("schedule") && optimizer !== "sgd" ? scheduleNames[schedule] : "",
      differs("finish") && finish > 0 ? `finish ${finish}` : "",
      differs("initializer") ? initializer : "",
      differs("scale") ? `× ${scale}` : "",
    ].filter(Boolean).join(" ");
  });
  return names.map((name, i) => {
    const before = names.slice(0, i).filter((other) => other === name).length;
    return before === 0 ? name : `${name} (${before + 1})`;
  });
}
