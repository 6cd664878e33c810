import { assert, assertEquals, assertGreater, assertLessOrEqual, assertThrows } from "@std/assert";
import { activate, slope } from "../../core/reference/activation.ts";
import {
  activationError,
  crossEntropyError,
  relativeDifference,
  slopeError,
  sumError,
  unitRoundoff,
} from "../../core/reference/tolerance.ts";

const f = Math.fround;

/** The formulas of shaders/common/activation.wgsl, each step rounded, their elementary functions not. */
const inFloat32 = {
  sigmoid: (z: number) => f(1 / f(1 + f(Math.exp(-z)))),
  tanh(z: number) {
    if (Math.abs(z) >= 0.625) {
      return f(Math.sign(z) * f(1 - f(2 / f(f(Math.exp(2 * Math.abs(z))) + 1))));
    }
    const s = f(z * z);
    const coefficients = [2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1];
    const p = coefficients.map(f).reduce((p, c) => f(s * p + c), f(-5.70498872745e-3));
    return f(f(z * s) * p + z);
  },
};

/** Up to 90 in steps that hit no round number, and the neighbourhood of 0. */
const inputs = Array.from(
  { length: 2000 },
  (_, i) => f(i < 1000 ? (i + 1) * 0.0901 : (i - 999) * 1e-3),
)
  .flatMap((z) => [z, -z]);

for (const kind of ["sigmoid", "tanh"] as const) {
  Deno.test(`activationError() bounds ${kind} units in float32, and is not far off`, () => {
    let worst = 0;
    for (const z of inputs) {
      const [y] = activate(kind, Float64Array.of(z));
      const share = Math.abs(inFloat32[kind](z) - y) / activationError(kind, z);
      assertLessOrEqual(share, 1, `z = ${z}`);
      worst = Math.max(worst, share);
    }
    assertGreater(worst, 0.1);
  });

  Deno.test(`activationError() carries the error of the input of ${kind} units`, () => {
    for (const z of [-3, -0.5, 0, 0.1, 2]) {
      for (const inputError of [1e-3, 1e-6]) {
        const [y, moved] = activate(kind, Float64Array.of(z, z + inputError));
        const most = activationError(kind, z, inputError) - activationError(kind, z);
        assertLessOrEqual(Math.abs(moved - y), most + unitRoundoff);
      }
    }
  });

  Deno.test(`slopeError() bounds the slopes of ${kind} units in float32`, () => {
    for (const z of inputs) {
      const y = inFloat32[kind](z);
      const [wanted] = slope(kind, activate(kind, Float64Array.of(z)));
      const computed = kind === "sigmoid" ? f(y * f(1 - y)) : f(1 - f(y * y));
      const most = slopeError(kind, y, activationError(kind, z));
      assertLessOrEqual(Math.abs(computed - wanted), most, `z = ${z}`);
    }
  });
}

Deno.test("activationError() and slopeError() of linear and relu units add nothing", () => {
  for (const kind of ["linear", "relu"] as const) {
    assertEquals(activationError(kind, 5, 1e-3), 1e-3);
    assertEquals(slopeError(kind, 5, 1e-3), 0);
  }
});

Deno.test("crossEntropyError() bounds what a unit adds to the loss in float32", () => {
  for (const z of inputs) {
    for (const x of [0, 1, 0.25]) {
      const tail = f(Math.log(f(1 + f(Math.exp(-Math.abs(z))))));
      const computed = f(f(Math.max(z, 0) - f(z * x)) + tail);
      const wanted = Math.max(z, 0) - z * x + Math.log1p(Math.exp(-Math.abs(z)));
      assertLessOrEqual(Math.abs(computed - wanted), crossEntropyError(z), `z = ${z}, x = ${x}`);
    }
  }
});

Deno.test("unitRoundoff is half a step of float32 at 1", () => {
  assertEquals(Math.fround(1 + unitRoundoff), 1); // a tie, to even
  assertGreater(Math.fround(1 + 1.5 * unitRoundoff), 1);
});

Deno.test("sumError() bounds float32 sums, and no far smaller bound would", () => {
  const term = Math.fround(0.1);
  for (const length of [2, 10, 1000, 100_000]) {
    let sum = 0;
    for (let i = 0; i < length; i++) sum = Math.fround(sum + term);
    assertLessOrEqual(Math.abs(sum - length * term), sumError(length, length * term));
  }
  // Each 1 added to 2^24 is lost to a tie: an error of almost u times the sum for every term.
  const length = 1001;
  let sum = 2 ** 24;
  for (let i = 1; i < length; i++) sum = Math.fround(sum + 1);
  const lost = length - 1;
  assertEquals(2 ** 24 + lost - sum, lost);
  assertLessOrEqual(lost, sumError(length, 2 ** 24 + lost));
  assertGreater(lost, 0.99 * sumError(length, 2 ** 24 + lost));
});

Deno.test("relativeDifference() is the norm of the difference over that of the reference", () => {
  assertEquals(relativeDifference([3, 4], [3, 4]), 0);
  assertEquals(relativeDifference([0, 0], [3, 4]), 1);
  assertEquals(relativeDifference([3, 6], [0, 4]), Math.sqrt(13) / 4);
  assertEquals(relativeDifference([0, 0], [0, 0]), 0);
  assertEquals(relativeDifference([0, 1e-9], [0, 0]), Infinity);
});

Deno.test("relativeDifference() hides neither NaN nor another length", () => {
  assert(Number.isNaN(relativeDifference([NaN, 1], [1, 1])));
  assert(Number.isNaN(relativeDifference([1, 1], [NaN, 1])));
  assertThrows(() => relativeDifference([1], [1, 1]), RangeError);
});
