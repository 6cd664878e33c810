import { assertAlmostEquals, assertEquals } from "@std/assert";
import { gramSchmidt } from "../../core/reference/rules/gram_schmidt.ts";
import { matrix, product, transpose } from "../../core/reference/rules/matrix.ts";
import type { MakeRule, Rule, TensorValues, Values } from "../../core/reference/rules/rule.ts";
import { rules, type RuleSettings } from "../../core/reference/rules/rules.ts";
import { demon } from "../../core/reference/rules/schedules.ts";
import { adam, gradientAt, largestDifference, rounding, twoLayers } from "./two_layers.ts";

const [learningRate, momentum] = [0.05, 0.9];

/** One weight, 0 at the start. */
const one: TensorValues[] = [{ rows: 1, columns: 1, values: Float64Array.of(0) }];

/** A rule meets these gradients, wherever they are taken. */
function feed(rule: Rule, ...gradients: number[]) {
  for (const g of gradients) rule.step(() => [Float64Array.of(g)]);
}

Deno.test("Adan's proximal decay divides by 1 + lr wd after the step", () => {
  const settings = { ...adam, beta3: 0.99 };
  const [with0, prox] = [0, 1].map((weightDecay) =>
    rules.adan(twoLayers, { ...settings, weightDecay })
  );
  [with0, prox].forEach((rule) => rule.step(gradientAt));
  const divided = with0.theta.map((x, k) => twoLayers[k].bias ? x : x.map((x) => x / 1.05));
  assertAlmostEquals(largestDifference(prox.theta, divided), 0, rounding);
});

Deno.test("AdamW's v0 is decayed and corrected as the mean it starts", () => {
  const settings = { learningRate: 1, beta1: 0, beta2: 0.75, epsilon: 0 };
  const rule = rules.adamw(one, { ...settings, v0: 5 });
  feed(rule, 1);
  assertAlmostEquals(rule.theta[0][0], -1 / Math.sqrt((0.75 * 5 + 0.25) / 0.25), rounding);
});

Deno.test("Lookahead keeps, resets or pulls the velocity", () => {
  // CM at lr 1, mu 1/2, g = -1: v = 1, 3/2, so fast = 5/2, slow = 5/4, and then v' = v / 2 + 1.
  const settings = { learningRate: 1, momentum: 0.5 };
  const expected = { keep: 1.25 + 1.75, reset: 1.25 + 1, pull: 1.25 + 1.375 };
  for (const velocity of ["keep", "reset", "pull"] as const) {
    const rule = rules.lookahead(one, {
      inner: { rule: "cm", settings },
      period: 2,
      alpha: 0.5,
      velocity,
    });
    feed(rule, -1, -1, -1);
    assertEquals([rule.theta[0][0], rule.point[0][0]], [1.25, expected[velocity]]);
  }
});

Deno.test("adaptive heavy ball takes 1 - delta where the gradient stays the same", () => {
  // v = 1, then 3/4 v + 1.
  const rule = rules["adaptive-heavy-ball"](one, { learningRate: 1, delta: 0.25 });
  feed(rule, -1, -1);
  assertEquals(rule.theta[0][0], 1 + 1.75);
});

Deno.test("restart takes the uphill step and forgets its velocity and its schedule", () => {
  // v = 1, then 1/2 - 1/4 > 0 along g = 1/4.
  const schedule = [0.25, 0.5, 0.75];
  const rule = rules.restart(one, { learningRate: 1, momentum: (updates) => schedule[updates] });
  feed(rule, -1, 0.25);
  assertEquals([rule.theta[0][0], rule.point[0][0]], [1.25, 1.25]);
  feed(rule, -1);
  assertEquals([rule.theta[0][0], rule.point[0][0]], [2.25, 2.75]);
});

Deno.test("Lookahead pulls the velocity of each group of tensors as its own rule does", () => {
  const settings = { learningRate: 0.02, momentum: 0.95, steps: 5 };
  const outer = { period: 2, alpha: 0.5, velocity: "pull" } as const;
  const muon = { ...settings, matrices: "all", others: adam } as const;
  const grouped = rules.lookahead(twoLayers, { ...outer, inner: { rule: "muon", settings: muon } });
  const alone = rules.lookahead(twoLayers, { ...outer, inner: { rule: "adamw", settings: adam } });
  for (let t = 0; t < 5; t++) [grouped, alone].forEach((rule) => rule.step(gradientAt));
  assertEquals([1, 3].map((k) => grouped.point[k]), [1, 3].map((k) => alone.point[k]));
});

Deno.test("gramSchmidt() keeps nearly parallel columns orthogonal", () => {
  const e = 1e-7;
  const { values } = gramSchmidt(matrix(3, 2, (i, j) => [[1, 1], [e, 0], [0, e]][i][j]));
  assertAlmostEquals(
    values[0] * values[1] + values[2] * values[3] + values[4] * values[5],
    0,
    1e-15,
  );
});

Deno.test("gramSchmidt() makes columns orthonormal, and one in the others' span 0", () => {
  const a = matrix(4, 3, (i, j) => Math.cos((i + 1) * (j + 1)));
  const square = product(transpose(gramSchmidt(a)), gramSchmidt(a));
  square.values.forEach((x, k) => assertAlmostEquals(x, k % 4 === 0 ? 1 : 0, rounding));
  const dependent = matrix(4, 2, (i, j) => (j + 1) * Math.cos(i));
  const { values } = gramSchmidt(dependent);
  assertEquals([1, 3, 5, 7].map((k) => values[k]), [0, 0, 0, 0]);
});

Deno.test("Muon moves the biases, and with hidden the ends, by AdamW", () => {
  const three = [...twoLayers, { ...twoLayers[2], rows: 4, columns: 3 }];
  const settings = { learningRate: 0.02, momentum: 0.95, steps: 5, others: adam };
  const adamw = rules.adamw(three, adam);
  const all = rules.muon(three, { ...settings, matrices: "all" });
  const hidden = rules.muon(three, { ...settings, matrices: "hidden" });
  for (let t = 0; t < 3; t++) [adamw, all, hidden].forEach((rule) => rule.step(gradientAt));
  const same = (rule: Rule) =>
    rule.theta.map((x, k) => largestDifference([x], [adamw.theta[k]]) === 0);
  assertEquals(same(all), [false, true, false, true, false]);
  assertEquals(same(hidden), [true, true, false, true, true]);
});

Deno.test("Muon's factor is that of the larger fan-out, and none of the larger fan-in", () => {
  // The first gradient has one entry: NS takes 1 / (1 + 1e-7) to the same number in any shape.
  const lengths = [[1, 4], [4, 1], [2, 2]].map(([rows, columns]) => {
    const tensor = { rows, columns, values: new Float64Array(4) };
    const rule = rules.muon([tensor], {
      learningRate: 1,
      momentum: 0,
      steps: 5,
      matrices: "all",
      others: adam,
    });
    rule.step(() => [Float64Array.of(1, 0, 0, 0)]);
    return rule.theta[0][0];
  });
  assertAlmostEquals(lengths[0] / lengths[2], 2, rounding);
  assertAlmostEquals(lengths[1] / lengths[2], 1, rounding);
});

Deno.test("demon() takes mu / (1 - mu) to 0 linearly, from where it starts", () => {
  const schedule = demon({ momentum: 0.9, updates: 10, from: 4 });
  const ratios = [0, 4, 7, 10, 11].map((t) => schedule(t) / (1 - schedule(t)));
  [9, 9, 4.5, 0, 0].forEach((ratio, i) => assertAlmostEquals(ratios[i], ratio, rounding));
});

const inner = { rule: "nag", settings: { learningRate, momentum } } as const;
const others = adam;

const decaying: { [Name in keyof RuleSettings]?: RuleSettings[Name] } = {
  "adamw": adam,
  "nadamw": { ...adam, psi: 0.004 },
  "adan": { ...adam, beta3: 0.99, noProx: true },
  "ademamix": { ...adam, beta3: 0.99, alpha: 2, warmUp: 0 },
  "simplified-ademamix": { ...adam, alpha: 2 },
  "lion": adam,
  "schedule-free-sgd": { ...adam, momentum, warmUp: 0 },
  "schedule-free-adamw": { ...adam, momentum, warmUp: 0 },
  "muon": { ...adam, momentum, steps: 5, matrices: "all", others },
};

for (const [name, settings] of Object.entries(decaying)) {
  Deno.test(`${name} decays weights and no biases, by lr wd`, () => {
    const make = rules[name as keyof typeof rules] as MakeRule<unknown>;
    const [plain, decayed] = [0, 0.1].map((weightDecay) =>
      make(twoLayers, { ...settings, weightDecay })
    );
    [plain, decayed].forEach((rule) => rule.step(gradientAt));
    twoLayers.forEach(({ values, bias }, k) => {
      const shares = values.map((x, i) => (plain.theta[k][i] - decayed.theta[k][i]) / x);
      shares.forEach((share) => assertAlmostEquals(share, bias ? 0 : 0.005, 100 * rounding));
    });
  });
}

const settings: { [Name in keyof RuleSettings]: RuleSettings[Name] } = {
  ...decaying as Required<typeof decaying>,
  "sgd": { learningRate },
  "cm": { learningRate, momentum },
  "nag": { learningRate, momentum },
  "lead": { learningRate, momentum, lead: 0.5 },
  "qhm": { learningRate, momentum, nu: 0.7 },
  "aggmo": { learningRate, momenta: [0, 0.9] },
  "adaptive-heavy-ball": { learningRate, delta: 1e-3 },
  "restart": { learningRate, momentum },
  "partial": { learningRate, momentum, mask: [true, false, true, false] },
  "low-rank": { learningRate, momentum, rank: 1 },
  "lookahead": { inner, period: 2, alpha: 0.5, velocity: "pull" },
};

for (const [name, chosen] of Object.entries(settings)) {
  Deno.test(`${name} asks once for the gradient, at its point, and keeps the start`, () => {
    const before = twoLayers.map(({ values }) => values.slice());
    const make = rules[name as keyof typeof rules] as MakeRule<unknown>;
    const rule = make(twoLayers, chosen);
    assertEquals(rule.theta, before);
    for (let t = 0; t < 4; t++) {
      const asked: Values[] = [];
      const point = rule.point.map((x) => x.slice());
      rule.step((at) => {
        asked.push(at.map((x) => x.slice()));
        return gradientAt(at);
      });
      assertEquals(asked, [point]);
      assertEquals(rule.theta.map(({ length }) => length), [6, 3, 12, 4]);
    }
    assertEquals(twoLayers.map(({ values }) => values), before);
  });
}
