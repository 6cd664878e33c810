import body from "../../shaders/optim/restart.wgsl" with { type: "text" };
import { elementwise } from "./elementwise.ts";
import type { Optimizer, RecordedFamily, SettingValue } from "./family.ts";
import { measured, refuseGroups } from "./measured.ts";
import { optimizerOf } from "./optimizer.ts";
import { learningRate } from "./settings.ts";

/** Settings of {@linkcode restartedNesterov}. */
export interface RestartOptions {
  /** eps, above 0. */
  learningRate: SettingValue;
  /** mu_max, from 0 to 1. Default: 1, which the schedule never reaches. */
  cap?: SettingValue;
}

/**
 * The schedule's a_k lives on the GPU: whether it goes on or starts anew depends on the gradient.
 * The gradient was taken where the momentum of the former update's end leads.
 */
const measure = measured({
  sums: { along: "gradient * velocity", square: "gradient * gradient" },
  initial: { a: 1, momentum: 0, next_momentum: 0, restarts: 0 },
  body: `
    momentum = next_momentum;
    if momentum * along - learning_rate * square > 0 {
      a = 1;
      restarts += 1;
    } else {
      a = (1 + sqrt(fma(4 * a, a, 1))) / 2;
    }
    next_momentum = min((a - 1) / ((1 + sqrt(fma(4 * a, a, 1))) / 2), cap);`,
  told: ["momentum", "restarts"],
});

const restarted = elementwise({
  name: "restart",
  settings: [
    learningRate,
    {
      name: "cap",
      default: 1,
      atLeast: 0,
      atMost: 1,
      help: "The most that the momentum grows to.",
    },
  ],
  states: { velocity: "zeros" },
  scalars: ["learning_rate", "cap"],
  // The momentum after an update is the next one's.
  compute: (now, next) => ({
    scalars: { learning_rate: now.learningRate, cap: next.cap },
    running: {},
  }),
  measure,
  theta: ({ next_momentum }) => ({ parameters: 1, velocity: -next_momentum }),
  body,
});

/** The family of {@linkcode restartedNesterov}. */
export const restartFamily: RecordedFamily = {
  ...restarted,
  record(plan, update) {
    refuseGroups(restarted.name, update);
    restarted.record(plan, update);
  },
};

/**
 * Nesterov's accelerated gradient with his schedule of 1983 (see `nesterov1983()`) that starts anew
 * where a step went uphill: the gradient scheme of O'Donoghue and Candes, "Adaptive restart for
 * accelerated gradient schemes" (2015). v' = mu v - eps g, theta' = theta + v'; where g . v' > 0,
 * summed over all tensors, the velocity is set to 0 after it and mu grows from 0 again.
 *
 * Reports tell the `momentum` of each update and the number of `restarts`. The learning rate's
 * schedule does not start anew.
 *
 * @throws {InputError} If the learning rate is not above 0 or the cap not from 0 to 1.
 *
 * @example
 * ```ts
 * import { restartedNesterov } from "../../mod.ts";
 *
 * const optimizer = restartedNesterov({ learningRate: 0.01, cap: 0.99 });
 * console.log(optimizer.name); // restart
 * ```
 */
export function restartedNesterov(options: RestartOptions): Optimizer {
  return optimizerOf(restartFamily, { ...options });
}
