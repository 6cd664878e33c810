import { assertAlmostEquals, assertEquals, assertNotEquals } from "@std/assert";
import {
  conjugateGradientStep,
  type Method,
  Nesterov1983,
  type OneBuffer,
  oneBufferUpdate,
  TwoBuffer,
} from "../../core/reference/optimizers.ts";
import { orthonormal, Quadratic } from "../../core/reference/quadratic.ts";

// These statements hold without rounding, so nothing here rounds: theta and v start as integers, the
// quadratics' coefficients are multiples of 1/8, the rates multiples of 1/4. An update then adds
// seven binary places, so six of them need 42; all values stay below 2^11, and 53 bits hold them.
const learningRates = [1 / 4, 1 / 4, 1 / 2, 1 / 4, 1 / 2, 1 / 4];
const momenta = [1 / 2, 3 / 4, 1 / 4, 3 / 4, 0, 1 / 2];
const start = Float64Array.of(3, -1, 2, 5);
const rotation = orthonormal([1, 1, 1, 1], [1, 1, 1, -1]);
const spectrum = [3, 1, 1 / 2, 2];
const slopes = [1, -2, 0, 3];
const rotated = new Quadratic({ spectrum, slopes, rotation });
const diagonal = new Quadratic({ spectrum, slopes });

function gradientOf(quadratic: Quadratic) {
  return (point: Float64Array) => quadratic.gradient(point);
}

/** theta after each update. */
function iterates(
  method: Method,
  quadratic: Quadratic,
  theta: Float64Array,
  schedule = momenta,
): Float64Array[] {
  const optimizer = new TwoBuffer(method, theta);
  return schedule.map((momentum, t) => {
    optimizer.step(gradientOf(quadratic), learningRates[t], momentum);
    return optimizer.theta;
  });
}

Deno.test("TwoBuffer takes two updates as worked out by hand", () => {
  // f(x) = x^2/2 from x = 1, eps = mu = 1/2.
  const expected: [Method, number, number][] = [
    ["SGD", -0.25, 0.25],
    ["CM", -0.5, 0],
    ["NAG", -0.375, 0.125],
  ];
  for (const [method, velocity, theta] of expected) {
    const optimizer = new TwoBuffer(method, Float64Array.of(1));
    optimizer.step((x) => x, 1 / 2, 1 / 2);
    optimizer.step((x) => x, 1 / 2, 1 / 2);
    assertEquals([...optimizer.velocity, ...optimizer.theta], [velocity, theta]);
  }
});

Deno.test("TwoBuffer leaves the vector it started from as it was", () => {
  const theta = Float64Array.of(1);
  new TwoBuffer("NAG", theta).step((x) => x, 1, 0);
  assertEquals(theta, Float64Array.of(1));
});

Deno.test("TwoBuffer gives CM = NAG = SGD at mu = 0, and only there", () => {
  const none = momenta.map(() => 0);
  const sgd = iterates("SGD", rotated, start);
  assertEquals(iterates("CM", rotated, start, none), sgd);
  assertEquals(iterates("NAG", rotated, start, none), sgd);
  assertNotEquals(iterates("CM", rotated, start), sgd);
  assertNotEquals(iterates("NAG", rotated, start), iterates("CM", rotated, start));
});

Deno.test("TwoBuffer: NAG is CM with mu (1 - lambda eps) in each eigendirection (theorem 2.1)", () => {
  spectrum.forEach((lambda, i) => {
    const direction = new Quadratic({ spectrum: [lambda], slopes: [slopes[i]] });
    const nag = iterates("NAG", direction, start.slice(i, i + 1));
    const scaled = momenta.map((mu, t) => mu * (1 - lambda * learningRates[t]));
    assertEquals(iterates("CM", direction, start.slice(i, i + 1), scaled), nag);
    // and the direction moves as it does among the others
    assertEquals(iterates("NAG", diagonal, start).map((theta) => theta[i]), nag.map(([y]) => y));
  });
});

for (const method of ["SGD", "CM", "NAG"] as const) {
  Deno.test(`TwoBuffer: ${method} sees a rotated quadratic as the one along the axes`, () => {
    const along = iterates(method, diagonal, rotated.toEigen(start));
    const across = iterates(method, rotated, start);
    assertEquals(across.map((x) => rotated.toEigen(x)), along);
  });
}

Deno.test("oneBufferUpdate() of NAG keeps phi = theta + mu v under changing schedules", () => {
  const twoBuffer = new TwoBuffer("NAG", start);
  let state: OneBuffer = { phi: start, velocity: new Float64Array(4) };
  for (let t = 0; t < 5; t++) {
    const [momentum, nextLead] = momenta.slice(t);
    const rates = { learningRate: learningRates[t], momentum, lead: momentum, nextLead };
    twoBuffer.step(gradientOf(rotated), rates.learningRate, momentum);
    state = oneBufferUpdate(state, rotated.gradient(state.phi), rates);
    const { phi, velocity } = state;
    assertEquals(velocity, twoBuffer.velocity);
    assertEquals(phi.map((x, i) => x - nextLead * velocity[i]), twoBuffer.theta);
  }
});

Deno.test("oneBufferUpdate() without a lead is CM", () => {
  const twoBuffer = new TwoBuffer("CM", start);
  let state: OneBuffer = { phi: start, velocity: new Float64Array(4) };
  momenta.forEach((momentum, t) => {
    const rates = { learningRate: learningRates[t], momentum, lead: 0, nextLead: 0 };
    twoBuffer.step(gradientOf(rotated), rates.learningRate, momentum);
    state = oneBufferUpdate(state, rotated.gradient(state.phi), rates);
    assertEquals(state, { phi: twoBuffer.theta, velocity: twoBuffer.velocity });
  });
});

Deno.test("Nesterov1983 takes three updates as worked out by hand", () => {
  // f(x) = x^2/2 from x = 1, eps = 1/2: theta halves y. a = 1, 1.618, 2.194, 2.750.
  const recursion = new Nesterov1983(Float64Array.of(1));
  const thetas = [1, 2, 3].map(() => {
    recursion.step((x) => x, 1 / 2);
    return recursion.theta[0];
  });
  const [a1, a2] = [(1 + Math.sqrt(5)) / 2, (1 + Math.sqrt(7 + 2 * Math.sqrt(5))) / 2];
  const a3 = (1 + Math.sqrt(4 * a2 ** 2 + 1)) / 2;
  const y2 = 1 / 2 - (a1 - 1) / a2 / 2;
  const y3 = y2 / 2 + (a2 - 1) / a3 * (y2 / 2 - 1 / 2);
  // Some 16 roundings, of values below 4.
  [1 / 2, y2 / 2, y3 / 2].forEach((wanted, k) =>
    assertAlmostEquals(thetas[k], wanted, 16 * 4 * 2 ** -53)
  );
});

Deno.test("conjugateGradientStep() goes along the residual to where it is least", () => {
  // x'Bx/2 - d'x with B = diag(1, 3): from 0, r = d = (1, 1), r'r = 2, r'Br = 4.
  const timesB = (x: Float64Array) => Float64Array.of(x[0], 3 * x[1]);
  const d = Float64Array.of(1, 1);
  assertEquals(conjugateGradientStep(timesB, d, Float64Array.of(0, 0)), {
    x: Float64Array.of(1 / 2, 1 / 2),
    learningRate: 1 / 2,
  });
  // From elsewhere: r = (1, 1) - (0, 3) = (1, -2), r'r = 5, r'Br = 13; after it r'r_0 = 0.
  const { x, learningRate } = conjugateGradientStep(timesB, d, Float64Array.of(0, 1));
  assertEquals(learningRate, 5 / 13);
  const after = timesB(x).map((Bx, i) => d[i] - Bx);
  assertAlmostEquals(after[0] - 2 * after[1], 0, 16 * 2 ** -53);
});
