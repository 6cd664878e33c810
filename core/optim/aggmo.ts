import source from "../../shaders/optim/aggmo.wgsl" with { type: "text" };
import { InputError } from "../errors.ts";
import { compose } from "../gpu/compose.ts";
import { elementwise } from "./elementwise.ts";
import type { Family, Optimizer, Setting, SettingValue } from "./family.ts";
import { type GroupOptions, optimizerOf } from "./optimizer.ts";
import { learningRate } from "./settings.ts";

/** Settings of {@linkcode aggMo}. */
export interface AggMoOptions extends GroupOptions {
  /** lr, above 0; a 37th of SGD's goes with the default betas. */
  learningRate: SettingValue;
  /**
   * beta_i of each velocity, at least 0 and below 1; the settings `beta1`, `beta2` and so on. A first
   * one that is 0 keeps no state. Default: 0, 0.9 and 0.99.
   */
  betas?: readonly SettingValue[];
  /**
   * The most that every beta is, from 0 to 1: a schedule such as `paperMomentum()`, since a high
   * momentum from the first update on may keep a network at its start. Default: 1.
   */
  cap?: SettingValue;
}

const cap: Setting = {
  name: "cap",
  default: 1,
  atLeast: 0,
  atMost: 1,
  help: "The most that every beta is, or the schedule by which it grows.",
};

const families = new Map<string, Family>();

/**
 * The family of {@linkcode aggMo} with so many velocities, the first of which may be the plain
 * gradient: one object for as many.
 */
export function aggMoFamily(velocities: number, plain: boolean): Family {
  const key = `${velocities} ${plain}`;
  if (!families.has(key)) families.set(key, familyOf(velocities, plain));
  return families.get(key)!;
}

function familyOf(velocities: number, plain: boolean): Family {
  const kept = Array.from(
    { length: velocities - (plain ? 1 : 0) },
    (_, i) => ({ velocity: `velocity_${i}`, scalar: `beta_${i}`, beta: betaName(i, plain) }),
  );
  return elementwise({
    name: `aggmo(${velocities})`,
    settings: [
      learningRate,
      ...kept.map(({ beta }) => ({
        name: beta,
        atLeast: 0,
        below: 1,
        help: "The share that one of the velocities keeps at an update.",
      })),
      cap,
    ],
    states: Object.fromEntries(kept.map(({ velocity }) => [velocity, "zeros"])),
    scalars: [...kept.map(({ scalar }) => scalar), "share"],
    compute: (now) => ({
      scalars: {
        ...Object.fromEntries(
          kept.map(({ scalar, beta }) => [scalar, Math.min(now[beta], now.cap)]),
        ),
        share: now.learningRate / velocities,
      },
      running: {},
    }),
    body: compose(source, { PLAIN: plain, KEPT: kept.length }),
  });
}

/** The setting of a velocity that is kept, by its place among all. */
function betaName(i: number, plain: boolean): string {
  return `beta${i + (plain ? 2 : 1)}`;
}

/**
 * Aggregated momentum (Lucas, Sun, Zemel and Grosse, "Aggregated momentum: stability through passive
 * damping", 2019), with K velocities: v_i' = beta_i v_i - g,
 * theta' = theta + (lr / K) (v_1' + ... + v_K').
 *
 * The velocities do not hold the rate, unlike those of the paper's momentum: a rate that changes acts
 * on all that they remember.
 *
 * @throws {InputError} If there is no beta, or a setting is out of its range.
 *
 * @example
 * ```ts
 * import { aggMo, paperMomentum } from "../../mod.ts";
 *
 * const optimizer = aggMo({ learningRate: 0.005, cap: paperMomentum({ cap: 0.99 }) });
 * console.log(optimizer.settings.beta3); // 0.99
 * ```
 */
export function aggMo(options: AggMoOptions): Optimizer {
  const { betas = [0, 0.9, 0.99], ...others } = options;
  if (betas.length === 0) {
    throw new InputError("aggmo needs a beta or more: give such as 0 and 0.9");
  }
  const plain = betas[0] === 0;
  const kept = plain ? betas.slice(1) : betas;
  return optimizerOf(aggMoFamily(betas.length, plain), {
    ...others,
    ...Object.fromEntries(kept.map((beta, i) => [betaName(i, plain), beta])),
  });
}
