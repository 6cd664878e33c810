import { assert, assertAlmostEquals, assertEquals, assertLessOrEqual } from "@std/assert";
import { Purpose, RandomStream } from "../../core/random.ts";
import { float32, iterateErrors } from "../../core/reference/iterate_error.ts";
import type { Rates } from "../../core/reference/optimizers.ts";
import { orthonormal, Quadratic } from "../../core/reference/quadratic.ts";

const round = Math.fround;
const rotation = orthonormal([1, 1, 1, 1], [1, 1, 1, -1]);
const options = { spectrum: [3, 1, 1 / 2, 1 / 16], slopes: [1, -2, 0, 3] };
const quadratic = new Quadratic({ ...options, rotation });
const updates = 60;

/** Rates of changing schedules, as no float32 holds them. */
function rates(method: "CM" | "NAG"): Rates[] {
  const momentum = (t: number) => [0.9, 0.95, 0.7, 0.99][Math.floor(t / 4) % 4];
  return Array.from({ length: updates }, (_, t) => ({
    learningRate: 0.2 / (1 + t % 3),
    momentum: momentum(t),
    lead: method === "NAG" ? momentum(t) : 0,
    nextLead: method === "NAG" ? momentum(t + 1) : 0,
  }));
}

type Vectors = { theta: Float64Array; velocity: Float64Array };
type Step = (state: Vectors, rates: Rates) => Vectors;

/** Ax + b, each operation rounded. */
function gradient(x: Float64Array): Float64Array {
  return x.map((_, i) => {
    const product = x.reduce(
      (sum, x, j) => round(sum + round(round(quadratic.matrix[4 * i + j]) * x)),
      0,
    );
    return round(product + round(quadratic.linear[i]));
  });
}

/** v' = mu v - eps g, each operation rounded. */
function nextVelocity(velocity: Float64Array, slope: Float64Array, rates: Rates): Float64Array {
  const [mu, eps] = [round(rates.momentum), round(rates.learningRate)];
  return velocity.map((v, i) => round(round(mu * v) - round(eps * slope[i])));
}

/** theta + v in two buffers, each operation rounded. */
const twoBuffers: Step = ({ theta, velocity }, rates) => {
  const phi = theta.map((x, i) => round(x + round(round(rates.lead) * velocity[i])));
  const next = nextVelocity(velocity, gradient(phi), rates);
  return { theta: theta.map((x, i) => round(x + next[i])), velocity: next };
};

/** The form that keeps phi, which is a state of its own, each operation rounded. */
function oneBuffer(start: Float64Array): Step {
  let phi = start;
  return ({ velocity }, rates) => {
    const [lead, nextLead] = [round(rates.lead), round(rates.nextLead)];
    const next = nextVelocity(velocity, gradient(phi), rates);
    phi = phi.map((x, i) =>
      round(round(x - round(lead * velocity[i])) + round(round(nextLead * next[i]) + next[i]))
    );
    return { theta: phi.map((x, i) => round(x - round(nextLead * next[i]))), velocity: next };
  };
}

/** The velocity taken as the difference of iterates, each operation rounded. */
const differences: Step = ({ theta, velocity }, rates) => {
  const phi = theta.map((x, i) => round(x + round(round(rates.lead) * round(velocity[i]))));
  const slope = gradient(phi);
  const next = phi.map((y, i) => {
    const rest = round(round(rates.momentum) - round(rates.lead));
    return round(
      round(y + round(rest * velocity[i])) - round(round(rates.learningRate) * slope[i]),
    );
  });
  return { theta: next, velocity: next.map((x, i) => x - theta[i]) };
};

const exact: Step = ({ theta, velocity }, { learningRate, momentum, lead }) => {
  const slope = quadratic.gradient(theta.map((x, i) => x + lead * velocity[i]));
  const next = velocity.map((v, i) => momentum * v - learningRate * slope[i]);
  return { theta: theta.map((x, i) => x + next[i]), velocity: next };
};

/** theta along the eigendirections after each update. */
function path(step: Step, start: Float64Array, rates: readonly Rates[]): Float64Array[] {
  let state: Vectors = { theta: start, velocity: new Float64Array(start.length) };
  return rates.map((rate) => {
    state = step(state, rate);
    return quadratic.toEigen(state.theta);
  });
}

/** Points of eighths, which float32 holds. */
function starts(count: number): Float64Array[] {
  return Array.from({ length: count }, (_, stream) => {
    const random = new RandomStream(1, Purpose.probe, stream);
    return new Float64Array(4).map(() => random.integer(64) / 8 - 4);
  });
}

const forms: [string, (start: Float64Array) => Step, boolean][] = [
  ["theta and v in two buffers", () => twoBuffers, false],
  ["phi and v", oneBuffer, false],
  ["differences of iterates", () => differences, true],
];

for (const method of ["CM", "NAG"] as const) {
  for (const [form, stepFrom, differences] of forms) {
    Deno.test(`iterateErrors() bounds ${method} in float32 with ${form}`, () => {
      for (const start of starts(20)) {
        const iteration = { quadratic, start, rates: rates(method), differences };
        const [, ...errors] = iterateErrors(iteration, float32);
        // What the float64 of the exact path leaves is a share of 2^-29.
        const wanted = path(exact, start, rates(method));
        path(stepFrom(start), start, rates(method)).forEach((theta, t) =>
          theta.forEach((value, i) =>
            assertLessOrEqual(Math.abs(value - wanted[t][i]), errors[t][i], `${t + 1}, ${i}`)
          )
        );
      }
    });
  }
}

Deno.test("iterateErrors() is passed where the momentum is off by 2^-10", () => {
  const [start] = starts(1);
  const [, ...errors] = iterateErrors({ quadratic, start, rates: rates("NAG") }, float32);
  const off = rates("NAG").map((rate) => ({ ...rate, momentum: rate.momentum * (1 + 2 ** -10) }));
  const [wanted, wrong] = [path(exact, start, rates("NAG")), path(exact, start, off)];
  assert(wrong.some((theta, t) => theta.some((x, i) => Math.abs(x - wanted[t][i]) > errors[t][i])));
});

Deno.test("iterateErrors() counts the roundings of one update", () => {
  // From 1 on x^2/2 with eps = 1/2, mu = 0: p = G = 1, so v' is off by 9 roundings of 1/2 and theta'
  // besides by 4 of 3/2; reading theta' = 1/2 takes 3. Products of two roundings are left out.
  const u = 2 ** -24;
  const rates = [{ learningRate: 1 / 2, momentum: 0, lead: 0, nextLead: 0 }];
  const line = { quadratic: new Quadratic({ spectrum: [1] }), start: Float64Array.of(1), rates };
  const [before, [after]] = iterateErrors(line, { unitRoundoff: u, smallestNormal: 0 });
  assertEquals(before, Float64Array.of(0));
  assertAlmostEquals(after, (9 / 2 + 6 + 3 / 2) * u, 2 ** 7 * u ** 2);
});

Deno.test("iterateErrors() are 0 where nothing is rounded", () => {
  const iteration = { quadratic, start: starts(1)[0], rates: rates("NAG") };
  for (const errors of iterateErrors(iteration, { unitRoundoff: 0, smallestNormal: 0 })) {
    assertEquals(errors, new Float64Array(4));
  }
});
