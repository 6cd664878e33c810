import {
  constant,
  lowMomentumFinish,
  nesterov1983,
  paperMomentum,
  type Schedule,
} from "../../mod.ts";
import type { NetworkSettings, RunSettings } from "./settings.ts";

/** mu_t of a network, up to its momentum. Throws InputError where its finish is longer than the run. */
export function momentumSchedule(
  { schedule, momentum, finish }: NetworkSettings,
  { updates, period }: RunSettings,
): Schedule {
  const schedules = {
    constant: () => constant(momentum),
    paper: () => paperMomentum({ cap: momentum, period }),
    "nesterov-1983": () => nesterov1983({ cap: momentum }),
  };
  return lowMomentumFinish(schedules[schedule](), { updates, length: finish });
}
