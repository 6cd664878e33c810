import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { Purpose, RandomStream } from "../../core/random.ts";
import type { Lookahead } from "../../core/reference/rules/lookahead.ts";
import { matrix } from "../../core/reference/rules/matrix.ts";
import { newtonSchulz } from "../../core/reference/rules/newton_schulz.ts";
import type { MakeRule, Rule } from "../../core/reference/rules/rule.ts";
import { rules } from "../../core/reference/rules/rules.ts";
import { nesterov1983 } from "../../core/reference/rules/schedules.ts";
import {
  type KnownAnswer,
  knownAnswers,
  printedTolerance,
  problems,
  withSchedules,
} from "../known_answers/known_answers.ts";
import { singularValues } from "./singular_values.ts";

const answers = knownAnswers().filter(({ rule }) => rule in rules);

Deno.test("known answers are there for every rule but partial, which is CM or SGD", () => {
  const known = new Set(knownAnswers().map(({ rule }) => rule));
  assertEquals(Object.keys(rules).filter((rule) => !known.has(rule)), ["partial"]);
  assertEquals([...known].filter((rule) => !(rule in rules)), ["radam"]);
});

for (const answer of answers) {
  const { rule: name, settings, problem, updates, theta, fast, point = theta } = answer;
  const label = `${name} ${JSON.stringify(settings).replaceAll('"', "")}`;
  Deno.test(`${label} on the ${problem} after ${updates}`, () => {
    const rule = after(updates, answer);
    if (theta) assertPrinted(rule.theta, theta);
    if (point) assertPrinted(rule.point, point);
    if (fast) assertPrinted((rule as Lookahead).fast, fast);
  });
}

/** The rule of an answer, after some updates on its problem. */
function after(count: number, { rule: name, settings, problem }: KnownAnswer): Rule {
  const make = rules[name as keyof typeof rules] as MakeRule<unknown>;
  const { start, gradient } = problems[problem];
  const rule = make([start], withSchedules(settings));
  for (let updates = 0; updates < count; updates++) {
    rule.step(([x]) => [gradient(x, updates)]);
  }
  return rule;
}

function assertPrinted([actual]: readonly Float64Array[], printed: readonly number[]) {
  assertEquals(actual.length, printed.length);
  printed.forEach((value, i) => assertAlmostEquals(actual[i], value, printedTolerance(value)));
}

Deno.test("Lookahead of period 2 is evaluated after 5 updates where it was after 4", () => {
  for (const answer of answers.filter(({ rule }) => rule === "lookahead")) {
    const early = after(4, answer) as Lookahead;
    assertEquals(early.theta, early.fast);
    assertEquals(after(5, answer).theta, early.theta);
  }
});

Deno.test("printedTolerance() is half a unit of the 12th digit", () => {
  assertAlmostEquals(printedTolerance(0.25), 0.5e-12, 1e-14);
  assertAlmostEquals(printedTolerance(-2.5), 0.5e-11, 1e-13);
  assertAlmostEquals(printedTolerance(1), 0.5e-11, 1e-13);
});

// Updates until f < 1e-8, from all ones, on a quadratic of 20 eigenvalues from 1 to 0.01.
const eigenvalues = Float64Array.from({ length: 20 }, (_, i) => 10 ** (-2 * i / 19));
const ones = [{ rows: 1, columns: 20, values: new Float64Array(20).fill(1) }];
const adam = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
const lookahead = {
  period: 5,
  alpha: 0.5,
  velocity: "keep",
  inner: { rule: "cm", settings: { learningRate: 1, momentum: 0.9 } },
} as const;
const counts: [string, number, Rule][] = [
  ["SGD", 655, rules.sgd(ones, { learningRate: 1 })],
  // 4 / (1 + sqrt(0.01))^2 and ((1 - sqrt(0.01)) / (1 + sqrt(0.01)))^2
  ["CM, optimal", 69, rules.cm(ones, { learningRate: 4 / 1.1 ** 2, momentum: (0.9 / 1.1) ** 2 })],
  ["NAG, optimal constant", 84, rules.nag(ones, { learningRate: 1, momentum: 0.9 / 1.1 })],
  ["NAG of 1983", 224, rules.nag(ones, { learningRate: 1, momentum: nesterov1983() })],
  ["NAG with restart", 116, rules.restart(ones, { learningRate: 1, momentum: nesterov1983() })],
  [
    "adaptive heavy ball",
    114,
    rules["adaptive-heavy-ball"](ones, { learningRate: 1, delta: 1e-3 }),
  ],
  [
    "adaptive heavy ball at half the rate",
    165,
    rules["adaptive-heavy-ball"](ones, { learningRate: 0.5, delta: 1e-3 }),
  ],
  ["AdamW", 82, rules.adamw(ones, { learningRate: 0.1, ...adam })],
  ["Lookahead around CM, fast weights", 119, rules.lookahead(ones, lookahead)],
];

for (const [name, count, rule] of counts) {
  Deno.test(`${name} takes ${count} updates on 20 eigenvalues`, () => {
    const error = ([x]: readonly Float64Array[]) =>
      x.reduce((sum, x, i) => sum + eigenvalues[i] * x * x / 2, 0);
    let updates = 0;
    while (error("fast" in rule ? (rule as Lookahead).fast : rule.theta) >= 1e-8) {
      rule.step(([x]) => [x.map((x, i) => eigenvalues[i] * x)]);
      assert(++updates <= 1000);
    }
    assertEquals(updates, count);
  });
}

Deno.test("singularValues() finds those worked out by hand", () => {
  // A'A = ((25, 20), (20, 25)) has the eigenvalues 45 and 5.
  const [large, small] = singularValues(matrix(2, 2, (i, j) => [[3, 0], [4, 5]][i][j]));
  assertAlmostEquals(large, Math.sqrt(45), 1e-12);
  assertAlmostEquals(small, Math.sqrt(5), 1e-12);
});

Deno.test("newtonSchulz() takes an oblong matrix's singular values to 0.68 ... 1.14", () => {
  for (const [rows, columns] of [[9, 5], [5, 9], [18, 10], [10, 20], [36, 20], [50, 10]]) {
    for (let seed = 0; seed < 10; seed++) {
      const values = afterNewtonSchulz(rows, columns, seed);
      assert(values[0] < 1.14 && values[values.length - 1] > 0.68, `${rows} x ${columns}, ${seed}`);
    }
  }
});

Deno.test("newtonSchulz() leaves some singular values of square matrices low", () => {
  const lowest = Array.from({ length: 100 }, (_, seed) => afterNewtonSchulz(10, 10, seed)[9]);
  assert(Math.min(...lowest) < 0.2);
});

function afterNewtonSchulz(rows: number, columns: number, seed: number): number[] {
  const random = new RandomStream(seed, Purpose.probe);
  return singularValues(newtonSchulz(matrix(rows, columns, () => random.normal()), 5));
}
