import { InputError } from "../errors.ts";

/** Refuses a momentum outside [0, 1). */
export function checkMomentum(momentum: number): void {
  if (!(Number.isFinite(momentum) && momentum >= 0 && momentum < 1)) {
    throw new InputError(
      `the momentum must be at least 0 and below 1, not ${momentum}; choose one such as 0.9`,
    );
  }
}

/** Refuses a learning rate that is not a finite number above 0. */
export function checkLearningRate(learningRate: number, name = "the learning rate"): void {
  if (!(Number.isFinite(learningRate) && learningRate > 0)) {
    throw new InputError(
      `${name} must be a finite number above 0, not ${learningRate}; choose one such as 0.01`,
    );
  }
}

/** Refuses a number of updates that is not whole and at least `least`. */
export function checkUpdates(name: string, updates: number, least: 0 | 1): void {
  if (!(Number.isSafeInteger(updates) && updates >= least)) {
    const range = least === 0 ? "of at least 0" : "above 0";
    throw new InputError(
      `${name} must be a whole number ${range}, not ${updates}; count it in updates`,
    );
  }
}

/** Refuses what is no schedule, which only JavaScript can give. */
export function checkSchedule(schedule: unknown): void {
  if (typeof schedule !== "function") {
    throw new InputError(
      `a schedule must be a function of the update, not ${schedule}; constant() makes one of a ` +
        `number`,
    );
  }
}
