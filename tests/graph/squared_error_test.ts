import { assertEquals } from "@std/assert";
import type { Plan } from "../../core/gpu/plan.ts";
import { type Activation, activations } from "../../core/ops/activation.ts";
import { squaredError } from "../../core/graph/losses.ts";
import { gpuTest } from "../gpu/fixture.ts";
import { activate, slope } from "../../core/reference/activation.ts";
import { squaredError as reference } from "../../core/reference/losses.ts";
import {
  activationError,
  slopeError,
  smallestNormal,
  unitRoundoff,
} from "../../core/reference/tolerance.ts";
import {
  checkLoss,
  everyPair,
  extremeLogits,
  lossCases,
  type LossMatrices,
  runLoss,
  type UnitErrors,
} from "./loss_cases.ts";

function record(unit: Activation) {
  return (plan: Plan, { z, targets, delta, caseLoss }: LossMatrices) =>
    squaredError.record(plan, { z, unit, targets }, { delta, caseLoss });
}

/**
 * e = y - x is off by the error of y and one rounding; e^2 by 2 |e| as much and one more; 2 e f'(z)
 * by the errors of both factors and one rounding of each product. Where e^2 underflows it may be 0.
 */
function unitErrors(unit: Activation): UnitErrors {
  return (z, x) => {
    const [y] = activate(unit, Float64Array.of(z));
    const [derivative] = slope(unit, Float64Array.of(y));
    const outputError = activationError(unit, z);
    const e = Math.abs(y - x);
    const error = outputError + unitRoundoff * (e + outputError);
    const most = e + error;
    return {
      loss: (e + most) * error + unitRoundoff * most ** 2 + smallestNormal,
      delta: 2 * (error * derivative + most * slopeError(unit, y, outputError)) +
        4 * unitRoundoff * most * derivative,
    };
  };
}

for (const unit of activations) {
  gpuTest(`squaredError of ${unit} units`, async (bench) => {
    for (const one of lossCases) {
      await checkLoss(
        bench,
        one,
        record(unit),
        (z, x, cases) => reference(z, x, unit, cases),
        unitErrors(unit),
      );
    }
  });

  gpuTest(`squaredError of ${unit} units at extreme inputs`, (bench) =>
    checkLoss(
      bench,
      everyPair(extremeLogits, [0, 1]),
      record(unit),
      (z, x, cases) => reference(z, x, unit, cases),
      unitErrors(unit),
    ));
}

gpuTest("squaredError lets NaN and infinity through, and to no other case", async (bench) => {
  const one = everyPair([1, NaN, Infinity, -Infinity, 2], [0]);
  const { losses, deltas } = await runLoss(bench, one, record("linear"));
  assertEquals([...losses], [1, NaN, Infinity, Infinity, 4]);
  assertEquals([...deltas], [0.4, NaN, Infinity, -Infinity, 0.8].map(Math.fround));
});
