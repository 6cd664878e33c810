import { assertAlmostEquals, assertEquals } from "@std/assert";
import {
  flatten,
  lossAndGradient,
  squaredErrorOf,
  unflatten,
} from "../../core/reference/network.ts";
import { type OneBuffer, oneBufferUpdate, TwoBuffer } from "../../core/reference/optimizers.ts";
import { oracle } from "../../core/reference/oracle.ts";

const { network, batch, learningRate, momenta } = oracle;
const start = flatten(oracle.parameters);

function assertFrozen(actual: readonly number[], frozen: readonly number[]) {
  assertEquals(actual.length, frozen.length);
  // The exponentials of JavaScript engines differ in the last bit: leave that 4 decimal digits.
  actual.forEach((value, i) => assertAlmostEquals(value, frozen[i], 1e-12 * frozen[i]));
}

/** Gradients of the oracle's loss, with the losses met on the way. */
function recorder() {
  const losses: number[] = [];
  const gradientAt = (point: Float64Array) => {
    const { loss, gradient } = lossAndGradient(network, unflatten(network, point), batch, batch);
    losses.push(loss);
    return flatten(gradient);
  };
  return { losses, gradientAt };
}

Deno.test("oracle holds the losses that NAG meets, and those it ends with", () => {
  const { losses, gradientAt } = recorder();
  const optimizer = new TwoBuffer("NAG", start);
  for (let t = 0; t < 10; t++) optimizer.step(gradientAt, learningRate, momenta[t]);
  assertFrozen(losses, oracle.losses);
  const end = unflatten(network, optimizer.theta);
  assertFrozen([lossAndGradient(network, end, batch, batch).loss], [oracle.finalLoss]);
  assertFrozen([squaredErrorOf(network, end, batch, batch)], [oracle.finalSquaredError]);
});

Deno.test("oracle holds the losses of the one-buffer form as well", () => {
  const { losses, gradientAt } = recorder();
  let state: OneBuffer = { phi: start, velocity: new Float64Array(start.length) };
  for (let t = 0; t < 10; t++) {
    const [momentum, nextLead] = momenta.slice(t);
    const rates = { learningRate, momentum, lead: momentum, nextLead };
    state = oneBufferUpdate(state, gradientAt(state.phi), rates);
  }
  assertFrozen(losses, oracle.losses);
});

Deno.test("oracle.momenta follow the paper's schedule", () => {
  const { period, limit } = oracle.schedule;
  const paper = (t: number) =>
    Math.min(1 - 2 ** (-1 - Math.log2(Math.floor(t / period) + 1)), limit);
  momenta.forEach((momentum, t) => assertAlmostEquals(momentum, paper(t), 8 * 2 ** -53));
});

Deno.test("oracle is made of numbers that float32 holds", () => {
  for (const values of [batch, start]) assertEquals(values, values.map(Math.fround));
});
