import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../core/errors.ts";
import { flatMomentum, paperMomentum } from "../../core/optim/schedule.ts";

const capOf = (optimizer: "nag" | "cm", learningRate: number, factor?: number) =>
  // Long after the paper's schedule has passed any of these caps, and before the finish.
  flatMomentum({ optimizer, learningRate, updates: 3e6, ...factor !== undefined && { factor } })(
    2.7e6,
  );

Deno.test("flatMomentum() has the cap 1 - C eps^(2/3)", () => {
  // The cube root of 0.001 is 0.1, so that eps^(2/3) is 0.01; of 0.125 it is 1/2.
  const caps: [number, number][] = [
    [capOf("nag", 0.125), 1 - 0.14 / 4],
    [capOf("cm", 0.125), 1 - 0.3 / 4],
    [capOf("cm", 0.027), 1 - 0.3 * 0.09],
    [capOf("nag", 0.125, 1), 0.75],
    [capOf("nag", 1, 1), 0],
  ];
  for (const [cap, expected] of caps) assertAlmostEquals(cap, expected, 8 * 2 ** -53);
  // As they were fitted.
  assertEquals([0.02, 0.05].map((rate) => capOf("nag", rate).toFixed(3)), ["0.990", "0.981"]);
  assertEquals([0.02, 0.05].map((rate) => capOf("cm", rate).toFixed(3)), ["0.978", "0.959"]);
});

Deno.test("flatMomentum() rises with a period of T/80 and ends with T/15 updates at 0.9", () => {
  const momentum = flatMomentum({ optimizer: "nag", learningRate: 0.01, updates: 2000 });
  const cap = 1 - 0.14 * Math.cbrt(0.01) ** 2;
  const rising = paperMomentum({ cap, period: 25 });
  for (const step of [0, 24, 25, 250, 1000, 1866]) assertEquals(momentum(step), rising(step));
  // 2000/15 is 133.3; past the end it stays there, since NAG looks one update ahead.
  for (const step of [1867, 1999, 2000, 5000]) assertEquals(momentum(step), 0.9);
});

Deno.test("flatMomentum() of a short run has a period of 1, and no finish of half an update", () => {
  const momentum = flatMomentum({ optimizer: "nag", learningRate: 0.1, updates: 7 });
  assertEquals([0, 1, 3].map(momentum), [0.5, 0.75, 0.875]);
  assertEquals(momentum(6), 1 - 1 / 14);
  const cm = { optimizer: "cm", learningRate: 0.1, updates: 8 } as const;
  assertEquals(flatMomentum(cm)(7), 0.9);
});

Deno.test("flatMomentum() refuses what has no cap", () => {
  const options = { optimizer: "nag", learningRate: 0.01, updates: 100 } as const;
  for (const learningRate of [0, -1, NaN, Infinity]) {
    assertThrows(
      () => flatMomentum({ ...options, learningRate }),
      InputError,
      `the learning rate must be a finite number above 0, not ${learningRate}`,
    );
  }
  for (const learningRate of [20, 1e-300]) {
    assertThrows(
      () => flatMomentum({ ...options, learningRate }),
      InputError,
      "choose a rate from 1e-9 to about 19",
    );
  }
  for (const updates of [0, -1, 2.5, NaN]) {
    assertThrows(() => flatMomentum({ ...options, updates }), InputError, `not ${updates}`);
  }
  for (const factor of [0, -1, NaN, Infinity]) {
    assertThrows(() => flatMomentum({ ...options, factor }), InputError, `not ${factor}`);
  }
  for (const optimizer of ["sgd", "toString", undefined]) {
    assertThrows(
      // deno-lint-ignore no-explicit-any -- as JavaScript may
      () => flatMomentum({ ...options, optimizer: optimizer as any }),
      InputError,
      `nag and cm, not ${optimizer}`,
    );
  }
});
