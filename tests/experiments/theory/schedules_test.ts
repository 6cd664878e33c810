import { assertEquals } from "@std/assert";
import { momentumSchedules } from "../../../experiments/theory/momentum_schedules.ts";
import { gpuTest } from "../../gpu/fixture.ts";
import { assertDrawn, assertHolds, uninterrupted } from "./claims.ts";

gpuTest("momentumSchedules() are those of the paper, as the kernel applies them", async (bench) => {
  const { statement, figure } = await momentumSchedules(bench.gpu, uninterrupted);
  assertHolds(statement, 5);
  // A constant is applied as it is rounded.
  assertEquals(statement.rows[4].gpu.residual, Math.abs(0.9 - Math.fround(0.9)));
  const last = figure!.rows.filter(({ update }) => update === 750_000);
  assertEquals(
    last.map(({ schedule, momentum }) => [schedule, Number(momentum).toFixed(6)]),
    [
      ["μₘₐₓ = 0.9", "0.900000"],
      ["μₘₐₓ = 0.99", "0.990000"],
      ["μₘₐₓ = 0.995", "0.995000"],
      ["μₘₐₓ = 0.999", "0.999000"],
      ["Nesterov 1983", "0.999996"],
    ],
  );
  await assertDrawn(figure!, ["update t", "momentum μ", "Nesterov 1983", "0.999"]);
});
