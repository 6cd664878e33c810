import { assertEquals } from "@std/assert";
import { type Measured, row } from "../../../experiments/theory/statement.ts";

const within: Measured = { residual: 1, bound: 2 };

Deno.test("row() shows the measurement that is closest to its bound", () => {
  const close = { residual: 0.9, bound: 1 };
  const { float64, gpu, holds } = row("", [within, close, { residual: 5, bound: 100 }], [within]);
  assertEquals([float64, gpu, holds], [close, within, true]);
});

Deno.test("row() holds at the bound, and where both are 0", () => {
  assertEquals(row("", [{ residual: 1, bound: 1 }], [{ residual: 0, bound: 0 }]).holds, true);
});

Deno.test("row() does not hold where one measurement of many passes its bound", () => {
  const failures = [
    { residual: 1 + 2 ** -52, bound: 1 },
    { residual: 1e-300, bound: 0 },
    { residual: Infinity, bound: 1 },
    { residual: NaN, bound: 1 },
    { residual: 1, bound: NaN },
  ];
  for (const failure of failures) {
    for (const all of [[failure, within], [within, failure]]) {
      assertEquals(row("", all, [within]).holds, false, JSON.stringify(failure));
      assertEquals(row("", [within], all).holds, false);
      assertEquals(row("", all, [within]).float64, failure);
    }
  }
});

Deno.test("row() of no measurement holds of nothing", () => {
  assertEquals(row("", [], [within]).holds, false);
});
