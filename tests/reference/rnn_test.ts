import { assertAlmostEquals, assertEquals } from "@std/assert";
import { sequenceLosses } from "../../core/ops/sequence_loss.ts";
import { assertDerivative } from "./finite_difference.ts";
import {
  type Rnn,
  rnnForward,
  rnnLossAndGradient,
  softmaxCrossEntropy,
  tensorSizes,
} from "../../core/reference/rnn.ts";

const steps = 4, cases = 3;
const shape = { inputs: 2, hidden: 5, outputs: 3 };

/** Numbers in [-1, 1) without a pattern: the fractional parts of multiples of the golden ratio. */
function scattered(length: number, start: number): Float64Array {
  const golden = (1 + Math.sqrt(5)) / 2;
  return new Float64Array(length).map((_, i) => 2 * ((start + i) * golden % 1) - 1);
}

/** Of one hidden unit and step: a product and a sum for each weight, and 16 for tanh and the loss. */
const operations = steps * cases *
  ((shape.hidden + shape.outputs) * 16 +
    2 * shape.hidden * (shape.inputs + shape.hidden + shape.outputs));

for (const loss of sequenceLosses) {
  for (const targetSteps of [1, steps]) {
    const where = targetSteps === 1 ? "the last step" : "every step";
    Deno.test(`rnnLossAndGradient() of ${loss} at ${where} gives the gradient`, () => {
      const rnn: Rnn = { ...shape, loss };
      const batch = {
        inputs: scattered(steps * cases * shape.inputs, 1),
        // one-hot, and for one case none at all
        targets: new Float64Array(targetSteps * cases * shape.outputs)
          .map((_, i) => i > 2 && i % shape.outputs === Math.floor(i / 3) % 3 ? 1 : 0),
        lengths: [4, 2, 3],
      };
      const tensors = tensorSizes(rnn).map((size, i) => scattered(size, 100 * i));
      const { gradient } = rnnLossAndGradient(rnn, tensors, batch);
      tensors.forEach((tensor, i) =>
        tensor.forEach((value, j) =>
          assertDerivative(
            (x) => rnnLossAndGradient(rnn, tensors.with(i, tensor.with(j, x)), batch).loss,
            value,
            gradient[i][j],
            operations,
          )
        )
      );
    });
  }
}

Deno.test("rnnForward() carries the state from step to step", () => {
  const rnn: Rnn = { inputs: 1, hidden: 2, outputs: 1, loss: "squared-error" };
  const tensors = [[1, 0], [0, 2, 0, 0], [0, 0.5], [3, 5], [7]].map((v) => Float64Array.from(v));
  const { states, outputs } = rnnForward(rnn, tensors, {
    inputs: Float64Array.of(0.3, -0.1),
    lengths: [2],
  });
  const first = [Math.tanh(0.3), Math.tanh(0.5)];
  const second = [Math.tanh(-0.1), Math.tanh(2 * first[0] + 0.5)];
  assertEquals([...states], [...first, ...second]);
  // Two products and two sums of numbers below 16.
  [first, second].forEach(([a, b], t) =>
    assertAlmostEquals(outputs[t], 3 * a + 5 * b + 7, 4 * 16 * 2 ** -53)
  );
});

Deno.test("softmaxCrossEntropy() stays finite for large logits", () => {
  const { value, slopes } = softmaxCrossEntropy(
    Float64Array.of(1e4, -1e4, 0),
    Float64Array.of(0, 1, 0),
  );
  assertEquals(value, 2e4);
  assertEquals(slopes, Float64Array.of(1, -1, 0));
});
