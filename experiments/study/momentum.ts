import {
  constant,
  legSchedules,
  lowMomentumFinish,
  nesterov1983,
  paperMomentum,
  type Schedule,
  type SettingValue,
  warmUp,
} from "../../mod.ts";
import type { Configuration } from "./cell.ts";
import { flatOf } from "./momentum_choice.ts";
import { legsIn } from "./race_cell.ts";

/** The momentum of a finish, and of a recurrent network's warm-up (paper, sections 3 and 4). */
const LOW_MOMENTUM = 0.9;

/** How the momentum of autoencoders may run. */
export const schedules = ["paper", "nesterov1983", "constant"] as const;

/** The momentum of each update of a network, up to its cap. */
export function momentumOf(configuration: Configuration): Schedule {
  const { updates, finish } = configuration;
  const growing = growingMomentum(configuration);
  return finish > 0 ? lowMomentumFinish(growing, { updates, length: finish }) : growing;
}

/** The learning rate of each update of a network. */
export function learningRateOf(configuration: Configuration): SettingValue {
  const { schedule, updates, learningRate } = configuration;
  if (schedule !== "switches") return learningRate;
  return legSchedules(legsIn(configuration), { updates, finish: 0 }).learningRate;
}

function growingMomentum(configuration: Configuration): Schedule {
  const { mu, schedule, schedulePeriod, warmUpUpdates, warmUpMomentum, updates } = configuration;
  if (schedule === "flat") return flatOf(configuration);
  if (schedule === "switches") {
    return legSchedules(legsIn(configuration), { updates, finish: 0 }).momentum;
  }
  if (schedule === "nesterov1983") return nesterov1983({ cap: mu });
  if (schedule === "paper") return paperMomentum({ cap: mu, period: Number(schedulePeriod) });
  if (schedule !== "warm-up") return constant(mu);
  const momentum = Number(warmUpMomentum ?? LOW_MOMENTUM);
  return warmUp(constant(mu), { length: Number(warmUpUpdates), momentum });
}

/**
 * The momentum that a schedule has reached when it ends or the low-momentum finish begins. One that is
 * too short for its cap never reaches it, and is then the same for all higher caps.
 */
export function reachedMomentum(configuration: Configuration): number {
  const { schedule, updates, finish } = configuration;
  if (schedule === "none") return 0;
  return growingMomentum(configuration)(Math.max(0, updates - finish - 1));
}
