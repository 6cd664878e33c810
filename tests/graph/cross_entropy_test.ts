import { assert, assertEquals, assertThrows } from "@std/assert";
import { Plan } from "../../core/gpu/plan.ts";
import { crossEntropy } from "../../core/graph/losses.ts";
import { gpuTest } from "../gpu/fixture.ts";
import { activate } from "../../core/reference/activation.ts";
import { crossEntropy as reference } from "../../core/reference/losses.ts";
import {
  activationError,
  crossEntropyError,
  unitRoundoff,
} from "../../core/reference/tolerance.ts";
import {
  checkLoss,
  everyPair,
  extremeLogits,
  lossCases,
  type LossMatrices,
  runLoss,
} from "./loss_cases.ts";

const record = (plan: Plan, { z, targets, delta, caseLoss }: LossMatrices) =>
  crossEntropy.record(plan, { z, unit: "sigmoid", targets }, { delta, caseLoss });

function unitErrors(z: number, x: number) {
  const [y] = activate("sigmoid", Float64Array.of(z));
  return {
    loss: crossEntropyError(z),
    delta: activationError("sigmoid", z) + unitRoundoff * Math.abs(y - x),
  };
}

for (const one of lossCases) {
  gpuTest(
    `crossEntropy of ${one.replicas} x ${one.batch} cases of ${one.units} units`,
    (bench) => checkLoss(bench, one, record, reference, unitErrors),
  );
}

gpuTest(
  "crossEntropy keeps its digits where units saturate",
  (bench) =>
    checkLoss(bench, everyPair(extremeLogits, [0, 1, 0.25]), record, reference, unitErrors),
);

gpuTest("crossEntropy lets NaN and infinity through, and to no other case", async (bench) => {
  const z = [0, NaN, Infinity, -Infinity, 0];
  const one = everyPair(z, [0.5]);
  const { losses, deltas } = await runLoss(bench, one, record);
  assertEquals([...losses].map(Number.isFinite), [true, false, false, false, true]);
  assert(Number.isNaN(deltas[1]));
  assertEquals([...deltas].filter((_, i) => i !== 1), [0, 0.1, -0.1, 0].map(Math.fround));
});

gpuTest("crossEntropy refuses shapes that differ", (bench) => {
  const matrix = (rows: number, columns: number) => bench.matrix(rows, columns);
  const [z, caseLoss] = [matrix(3, 4), bench.buffer(new Float32Array(3))];
  for (const [targets, delta] of [[matrix(3, 5), z], [z, matrix(2, 4)]]) {
    assertThrows(
      () =>
        crossEntropy.record(new Plan(bench.gpu), { z, unit: "sigmoid", targets }, {
          delta,
          caseLoss,
        }),
      RangeError,
      "[1, 3, 4] does not go with",
    );
  }
});
