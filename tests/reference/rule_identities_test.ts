import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import type { Lookahead } from "../../core/reference/rules/lookahead.ts";
import type { Rule, Values } from "../../core/reference/rules/rule.ts";
import { rules } from "../../core/reference/rules/rules.ts";
import { adam, gradientAt, largestDifference, rounding, twoLayers, wave } from "./two_layers.ts";

type Place = (rule: Rule) => Values;
const theta: Place = (rule) => rule.theta;

/** Two rules are at one place after each of 12 updates. */
function assertSame(a: Rule, b: Rule, { gradient = gradientAt, at = theta } = {}) {
  for (let t = 0; t < 12; t++) {
    a.step(gradient);
    b.step(gradient);
    assertAlmostEquals(largestDifference(a.theta, at(b)), 0, rounding, `after ${t + 1}`);
  }
}

function assertOther(a: Rule, b: Rule) {
  for (let t = 0; t < 12; t++) [a, b].forEach((rule) => rule.step(gradientAt));
  assert(largestDifference(a.theta, b.theta) > 1e-3);
}

const [learningRate, momentum] = [0.05, 0.9];
const cm = () => rules.cm(twoLayers, { learningRate, momentum });
const sgd = () => rules.sgd(twoLayers, { learningRate });

Deno.test("a lead of 0 is CM, a lead of 1 NAG, and others are neither", () => {
  const settings = { learningRate, momentum };
  const withLead = (lead: number) => rules.lead(twoLayers, { ...settings, lead });
  assertSame(withLead(0), cm());
  assertSame(withLead(1), rules.nag(twoLayers, settings), { at: (nag) => nag.theta });
  assertSame(withLead(1), rules.nag(twoLayers, settings));
  for (const rule of [cm(), rules.nag(twoLayers, settings)]) assertOther(withLead(0.5), rule);
});

Deno.test("QHM with nu = beta is at NAG's gradient point, with its rate times 1 - beta", () => {
  const rate = learningRate / (1 - momentum);
  assertSame(
    rules.qhm(twoLayers, { learningRate: rate, momentum, nu: momentum }),
    rules.nag(twoLayers, { learningRate, momentum }),
    { at: (nag) => nag.point },
  );
});

Deno.test("QHM with nu = 1 is CM, with its rate times 1 - beta; with nu = 0 it is SGD", () => {
  const rate = learningRate / (1 - momentum);
  assertSame(rules.qhm(twoLayers, { learningRate: rate, momentum, nu: 1 }), cm());
  assertSame(rules.qhm(twoLayers, { learningRate, momentum, nu: 0 }), sgd());
});

Deno.test("AggMo with one beta is CM, and with equal ones too", () => {
  assertSame(rules.aggmo(twoLayers, { learningRate, momenta: [momentum] }), cm());
  assertSame(rules.aggmo(twoLayers, { learningRate, momenta: [momentum, momentum] }), cm());
});

Deno.test("AdEMAMix with alpha 0 is AdamW", () => {
  const mixed = { ...adam, beta3: 0.99, alpha: 0, warmUp: 4 };
  assertSame(rules.ademamix(twoLayers, mixed), rules.adamw(twoLayers, adam));
  assertOther(rules.ademamix(twoLayers, { ...mixed, alpha: 1 }), rules.adamw(twoLayers, adam));
});

Deno.test("Adan on a constant gradient is AdamW with b1 0.98 and b2 0.99", () => {
  const constant = () => gradientAt(twoLayers.map(({ values }) => values));
  const [beta1, beta2, beta3] = [0.98, 0.92, 0.99];
  assertSame(
    rules.adan(twoLayers, { ...adam, beta1, beta2, beta3, noProx: true }),
    rules.adamw(twoLayers, { ...adam, beta1, beta2: beta3 }),
    { gradient: constant },
  );
});

Deno.test("NAdamW with psi 0 has the momentum b1 / 2", () => {
  // One number with g = 1 and b2 = 0, so theta' = theta - lr times the bracket.
  const one = [{ rows: 1, columns: 1, values: Float64Array.of(0) }];
  const rule = rules.nadamw(one, { learningRate: 1, beta1: 0.8, beta2: 0, epsilon: 0, psi: 0 });
  const ask = () => [Float64Array.of(1)];
  rule.step(ask);
  const first = 0.6 / 0.6 + 0.4 * 0.2 / (1 - 0.4 ** 2);
  assertAlmostEquals(rule.theta[0][0], -first, rounding);
  rule.step(ask);
  const second = 0.6 / (1 - 0.4 ** 2) + 0.4 * 0.36 / (1 - 0.4 ** 3);
  assertAlmostEquals(rule.theta[0][0], -first - second, rounding);
});

const inner = { rule: "nag", settings: { learningRate, momentum } } as const;

Deno.test("Lookahead with alpha 1 is its inner rule, if the velocity is kept or pulled", () => {
  for (const velocity of ["keep", "pull"] as const) {
    assertSame(
      rules.nag(twoLayers, inner.settings),
      rules.lookahead(twoLayers, { inner, period: 3, alpha: 1, velocity }),
      { at: (rule) => (rule as Lookahead).fast },
    );
  }
});

Deno.test("low rank at the full rank is CM, of matrices wide and tall", () => {
  const shapes = [[2, 3], [3, 2], [3, 3], [4, 1], [1, 4]];
  const matrices = shapes.map(([rows, columns], k) => ({
    ...{ rows, columns },
    values: wave(rows * columns, k),
  }));
  const settings = { learningRate, momentum };
  for (const rank of [3, 5]) {
    assertSame(rules["low-rank"](matrices, { ...settings, rank }), rules.cm(matrices, settings));
  }
  for (const one of matrices.slice(0, 3)) {
    assertOther(rules["low-rank"]([one], { ...settings, rank: 1 }), rules.cm([one], settings));
  }
});

Deno.test("low rank moves a matrix as it does its transpose", () => {
  const wide = { rows: 2, columns: 5, values: wave(10, 1) };
  const tall = { rows: 5, columns: 2, values: turned(wide.values, 2) };
  const [a, b] = [wide, tall].map((start) =>
    rules["low-rank"]([start], { learningRate, momentum, rank: 1 })
  );
  for (let t = 0; t < 12; t++) {
    a.step(gradientAt);
    b.step(([x]) => [turned(gradientAt([turned(x, 5)])[0], 2)]);
  }
  assertAlmostEquals(largestDifference(b.theta, [turned(a.theta[0], 2)]), 0, rounding);
});

/** The transpose of a matrix of so many rows. */
function turned(values: Float64Array, rows: number): Float64Array {
  const columns = values.length / rows;
  return values.map((_, k) => values[k % rows * columns + Math.floor(k / rows)]);
}

Deno.test("partial is CM with all tensors and SGD with none", () => {
  const settings = { learningRate, momentum };
  const mask = (keeps: boolean) => twoLayers.map(() => keeps);
  assertSame(rules.partial(twoLayers, { ...settings, mask: mask(true) }), cm());
  assertSame(rules.partial(twoLayers, { ...settings, mask: mask(false) }), sgd());
  assertSame(
    rules.partial(twoLayers, { ...settings, mask: mask(false), effectiveRate: true }),
    rules.sgd(twoLayers, { learningRate: learningRate / (1 - momentum) }),
  );
});

Deno.test("partial moves each tensor as its own rule does", () => {
  const masked = rules.partial(twoLayers, {
    learningRate,
    momentum,
    mask: [false, true, true, false],
  });
  const [withMomentum, without] = [cm(), sgd()];
  for (let t = 0; t < 5; t++) {
    [masked, withMomentum, without].forEach((rule) => rule.step(gradientAt));
  }
  const expected = [without, withMomentum, withMomentum, without].map(({ theta }, k) => theta[k]);
  assertEquals(masked.theta, expected);
});

for (const name of ["schedule-free-sgd", "schedule-free-adamw"] as const) {
  Deno.test(`${name} is its two-buffer form, which does not store x`, () => {
    const [beta, lr, warmUp, power, wd] = [0.9, 0.1, 4, 2, 0.05];
    const common = {
      learningRate: lr,
      momentum: beta,
      warmUp,
      weightPower: power,
      weightDecay: wd,
    };
    const rule = rules[name](twoLayers, { ...common, beta2: 0.99, epsilon: 1e-8 });
    let y: Values = twoLayers.map(({ values }) => values);
    let [z, sum] = [y, 0];
    const square = twoLayers.map(({ values }) => values.map(() => 0));
    for (let t = 1; t <= 12; t++) {
      rule.step(gradientAt);
      const gamma = lr * Math.min(1, t / warmUp);
      const weight = t ** power * gamma ** 2;
      const c = weight / (sum += weight);
      const g = gradientAt(y);
      const h = g.map((g, k) =>
        g.map((g, i) => {
          square[k][i] = 0.99 * square[k][i] + 0.01 * g * g;
          const scale = Math.sqrt(square[k][i] / (1 - 0.99 ** t)) + 1e-8;
          const decay = twoLayers[k].bias ? 0 : wd * y[k][i];
          return (name === "schedule-free-sgd" ? g : g / scale) + decay;
        })
      );
      const move = gamma * (beta * (1 - c) - 1);
      y = y.map((y, k) => y.map((y, i) => y + c * (z[k][i] - y) + move * h[k][i]));
      z = z.map((z, k) => z.map((z, i) => z - gamma * h[k][i]));
      const x = y.map((y, k) => y.map((y, i) => y + (1 - 1 / beta) * (z[k][i] - y)));
      assertAlmostEquals(largestDifference(rule.point, y), 0, rounding);
      assertAlmostEquals(largestDifference(rule.theta, x), 0, rounding);
    }
  });
}
