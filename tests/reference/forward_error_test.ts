import { assertEquals, assertGreater, assertLess, assertLessOrEqual } from "@std/assert";
import {
  forwardError,
  meanCrossEntropyError,
  meanSquaredErrorError,
} from "../../core/reference/forward_error.ts";
import { crossEntropy, squaredError } from "../../core/reference/losses.ts";
import { outputs } from "../../core/reference/network.ts";
import { oracle } from "../../core/reference/oracle.ts";
import { gradientTolerance } from "../../core/reference/tolerance.ts";

const { network, parameters, batch, cases } = oracle;
const f = Math.fround;

/** Pre-activations of the last layer, every sum rounded after each term. */
function inFloat32(): Float64Array {
  let y = batch;
  let z = y;
  parameters.forEach(({ weights, biases }, layer) => {
    const [below, above] = network.sizes.slice(layer);
    z = new Float64Array(cases * above).map((_, at) => {
      const [i, j] = [Math.floor(at / above), at % above];
      let sum = 0;
      for (let k = 0; k < below; k++) sum = f(sum + f(y[i * below + k] * weights[k * above + j]));
      return f(sum + biases[j]);
    });
    const logistic = network.activations[layer] === "sigmoid";
    y = logistic ? z.map((z) => f(1 / f(1 + f(Math.exp(-z))))) : z;
  });
  return z;
}

const exact = forwardError(network, parameters, batch);

Deno.test("forwardError() holds the network's outputs", () => {
  assertEquals(exact.y, outputs(network, parameters, batch));
});

Deno.test("forwardError() bounds a forward pass in float32, closely enough to say something", () => {
  const z = inFloat32();
  let worst = 0;
  z.forEach((value, i) => {
    const difference = Math.abs(value - exact.z[i]);
    assertLessOrEqual(difference, exact.zError[i]);
    worst = Math.max(worst, difference / exact.zError[i]);
  });
  assertGreater(worst, 0.01);
});

for (
  const [name, error, loss] of [
    ["meanCrossEntropyError", meanCrossEntropyError, crossEntropy],
    [
      "meanSquaredErrorError",
      meanSquaredErrorError,
      (z: Float64Array, x: Float64Array, cases: number) => squaredError(z, x, "sigmoid", cases),
    ],
  ] as const
) {
  Deno.test(`${name}() bounds the mean, closely enough to say something`, () => {
    const [rounded, wanted] = [inFloat32(), exact.z].map((z) => loss(z, batch, cases).loss);
    const most = error(exact, batch, cases);
    assertLessOrEqual(Math.abs(rounded - wanted), most);
    assertLess(most, gradientTolerance * wanted);
  });
}
