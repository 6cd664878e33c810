import { assertEquals, assertLess } from "@std/assert";
import { conjugateGradient } from "../../../experiments/theory/conjugate_gradient.ts";
import { rotation } from "../../../experiments/theory/rotation.ts";
import { smallSteps } from "../../../experiments/theory/small_steps.ts";
import { theorem21 } from "../../../experiments/theory/theorem_2_1.ts";
import { twoForms } from "../../../experiments/theory/two_forms.ts";
import { gpuTest } from "../../gpu/fixture.ts";
import { assertHolds, uninterrupted } from "./claims.ts";

gpuTest("theorem21() holds in each of eight eigendirections", async ({ gpu }) => {
  assertHolds((await theorem21(gpu, uninterrupted)).statement, 8);
});

gpuTest("rotation() leaves CM and NAG as they are", async ({ gpu }) => {
  assertHolds((await rotation(gpu, uninterrupted)).statement, 2);
});

gpuTest("smallSteps() finds CM = NAG = SGD at mu = 0, and eps^2 between them", async ({ gpu }) => {
  const { statement } = await smallSteps(gpu, uninterrupted);
  assertHolds(statement, 7);
  const [without, orders] = [statement.rows.slice(0, 2), statement.rows.slice(2)];
  for (const kind of ["float64", "gpu"] as const) {
    for (const row of without) assertEquals(row[kind], { residual: 0, bound: 0 });
    // No order of 1 or 3 passes such bounds, and the smaller eps is, the closer it comes to 2.
    for (const row of orders) assertLess(row[kind].bound, 1);
    orders.slice(1).forEach((row, i) => assertLess(row[kind].residual, orders[i][kind].residual));
  }
});

gpuTest("conjugateGradient() takes NAG steps", async ({ gpu }) => {
  assertHolds((await conjugateGradient(gpu, uninterrupted)).statement, 1);
});

gpuTest("twoForms() are one, whatever the schedules", async ({ gpu }) => {
  assertHolds((await twoForms(gpu, uninterrupted)).statement, 2);
});
