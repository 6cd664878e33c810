import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { classicalMomentum } from "../../../core/optim/classical_momentum.ts";
import { nesterov } from "../../../core/optim/nesterov.ts";
import { nesterov1983 } from "../../../core/optim/schedule.ts";
import { logarithmicSpectrum } from "../../../experiments/theory/conditions.ts";
import {
  distances,
  float64Path,
  gpuPaths,
  pathOf,
  upTo,
} from "../../../experiments/theory/descent.ts";
import { heavyBall } from "../../../experiments/theory/heavy_ball.ts";
import { nesterov1983Rate } from "../../../experiments/theory/nesterov_1983.ts";
import {
  constantMomentum,
  directionErrors,
  nesterov2003Rate,
} from "../../../experiments/theory/nesterov_2003.ts";
import { row } from "../../../experiments/theory/statement.ts";
import { gpuTest } from "../../gpu/fixture.ts";
import { float64 } from "../../../core/reference/iterate_error.ts";
import { Nesterov1983 } from "../../../core/reference/optimizers.ts";
import { Quadratic } from "../../../core/reference/quadratic.ts";
import { assertDrawn, assertHolds, uninterrupted } from "./claims.ts";

gpuTest("heavyBall() stays within its bound, but not within rho^t", async ({ gpu }) => {
  const { statement, figure } = await heavyBall(gpu, uninterrupted, [10, 1000]);
  assertHolds(statement, 2);
  const rows = figure!.rows.map((row) => row as Record<string, number | undefined>);
  assertEquals(new Set(rows.map((row) => row.condition_number)), new Set([10, 1000]));
  assertEquals(rows.filter(({ gpu }) => gpu !== undefined).length, 2 * 24);
  for (const { float64, power } of rows) assertGreater(float64!, power!);
  await assertDrawn(figure!, ["update t", "R = 10", "R = 1,000", "bound (1 + 2t) ρᵗ"]);
});

gpuTest("nesterov1983Rate() is his recursion, and within its bound", async ({ gpu }) => {
  const { statement, figure } = await nesterov1983Rate(gpu, uninterrupted, [10, 1000]);
  assertHolds(statement, 4);
  // The bound of f - f* is that of theory: rounding is a small part of it.
  for (const { float64, gpu } of statement.rows.slice(2)) {
    assertLess(Math.abs(gpu.bound - float64.bound), 1e-3 * float64.bound);
  }
  await assertDrawn(figure!, ["update t", "R = 10", "R = 1,000", "f − f*"]);
});

Deno.test("Nesterov's recursion is not NAG with a schedule that is one update late", () => {
  const quadratic = new Quadratic({ spectrum: logarithmicSpectrum(100) });
  const start = new Float64Array(16).fill(1);
  const recursion = new Nesterov1983(start);
  const updates = upTo(20);
  const thetas = updates.map(() => {
    recursion.step((x) => quadratic.gradient(x), 1);
    return recursion.theta;
  });
  const compare = (late: number) => {
    const schedule = nesterov1983();
    const momentum = (step: number) => schedule(step + late);
    const descent = { quadratic, start, optimizer: nesterov({ learningRate: 1, momentum }) };
    const his = pathOf(descent, updates, thetas, float64, { differences: true });
    const pairs = [...distances(float64Path(descent, updates), his)];
    return row("", pairs, pairs).holds;
  };
  assert(compare(0));
  assert(!compare(1));
});

gpuTest("nesterov2003Rate() is within both bounds, the second one sharp", async ({ gpu }) => {
  const { statement, figure } = await nesterov2003Rate(gpu, uninterrupted, [10, 1000]);
  assertHolds(statement, 4);
  for (const { float64, gpu } of statement.rows.slice(0, 2)) {
    assertLess(Math.abs(gpu.bound - float64.bound), 1e-3 * float64.bound);
    assertLess(float64.residual, float64.bound / 5);
  }
  // Along the eigendirection of m nothing but rounding is between the error and its bound.
  for (const { float64, gpu } of statement.rows.slice(2)) {
    assertLess(Math.abs(float64.bound - float64.residual), 1e-12 * float64.bound);
    assertLess(Math.abs(gpu.bound - gpu.residual), 1e-4 * gpu.bound);
  }
  const rows = figure!.rows.map((row) => row as Record<string, number>);
  for (const { float64, envelope, bound } of rows) {
    assertLess(float64, envelope);
    assertLess(envelope, bound);
  }
  await assertDrawn(figure!, ["update t", "R = 10", "R = 1,000", "Nesterov’s bound"]);
});

const right = constantMomentum(100);
const { momentum } = right.optimizer.settings as { momentum: number };

// What keeps the statement from holding whatever is compared.
for (
  const [what, optimizer] of [
    ["CM", classicalMomentum({ learningRate: 1, momentum })],
    ["a momentum one thousandth less", nesterov({ learningRate: 1, momentum: 0.999 * momentum })],
    ["a momentum one thousandth more", nesterov({ learningRate: 1, momentum: 1.001 * momentum })],
    ["a learning rate one thousandth less", nesterov({ learningRate: 0.999, momentum })],
    ["Nesterov's momentum of 1983", nesterov({ learningRate: 1, momentum: nesterov1983() })],
  ] as const
) {
  gpuTest(`the rate of NAG with a constant momentum is not that of ${what}`, async ({ gpu }) => {
    const updates = [1, 10, 30, right.updates];
    const problem = { ...right, optimizer };
    const [onGpu] = await gpuPaths(gpu, [problem], updates, uninterrupted);
    for (const path of [float64Path(problem, updates), onGpu]) {
      const all = [...directionErrors(problem, path)];
      assert(!row("", all, all).holds);
    }
  });
}
