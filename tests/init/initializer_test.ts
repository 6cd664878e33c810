import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../core/errors.ts";
import { echoState } from "../../core/init/echo_state.ts";
import { gaussian } from "../../core/init/gaussian.ts";
import { glorot } from "../../core/init/glorot.ts";
import { he } from "../../core/init/he.ts";
import { type LayerParameters, tanhFromSigmoid, tanhRecipe } from "../../core/init/initializer.ts";
import { orthogonal } from "../../core/init/orthogonal.ts";
import { sparse } from "../../core/init/sparse.ts";
import { Purpose, RandomStream } from "../../core/random.ts";

type Activation = (z: number) => number;
const logistic: Activation = (z) => 1 / (1 + Math.exp(-z));
const linear: Activation = (z) => z;

function randomLayer(fanIn: number, fanOut: number, random: RandomStream): LayerParameters {
  const values = (n: number) => new Float64Array(n).map(() => 2 * random.uniform() - 1);
  return { weights: values(fanIn * fanOut), biases: values(fanOut) };
}

function forward(input: Float64Array, layers: LayerParameters[], activations: Activation[]) {
  return layers.reduce((below, { weights, biases }, depth) =>
    biases.map((bias, n) => {
      const total = below.reduce((sum, x, k) => sum + x * weights[k * biases.length + n], bias);
      return activations[depth](total);
    }), input);
}

Deno.test("tanhFromSigmoid() leaves the network's function unchanged", () => {
  const random = new RandomStream(1, Purpose.probe);
  const sizes = [4, 5, 3, 2];
  const layers = sizes.slice(1).map((fanOut, i) => randomLayer(sizes[i], fanOut, random));
  const tanhLayers = layers.map((layer, i) =>
    tanhFromSigmoid(layer, { below: i > 0, above: i < layers.length - 1 })
  );
  const input = randomLayer(1, 4, random).biases;
  const expected = forward(input, layers, [logistic, logistic, linear]);
  const actual = forward(input, tanhLayers, [Math.tanh, Math.tanh, linear]);
  // No value reaches 8, so a rounding is at most 2^-51. A unit makes at most 20 of them and passes
  // 5/4 of its error on to the next hidden layer (weights to 1, slope to 1/4), 3 to the outputs:
  // 20 + 3 (20 + 5/4 20) = 155 in each of the two networks.
  expected.forEach((value, n) => assertAlmostEquals(actual[n], value, 310 * 2 ** -51));
});

Deno.test("tanhFromSigmoid() follows the formula on each kind of layer", () => {
  const layer = { weights: new Float64Array([4, -8, 12, 16]), biases: new Float64Array([1, 2]) };
  const convert = (below: boolean, above: boolean) => tanhFromSigmoid(layer, { below, above });
  assertEquals(convert(false, false), layer);
  assertEquals(convert(false, true), {
    weights: new Float64Array([2, -4, 6, 8]),
    biases: new Float64Array([0.5, 1]),
  });
  assertEquals(convert(true, false), {
    weights: new Float64Array([2, -4, 6, 8]),
    biases: new Float64Array([9, 6]),
  });
  assertEquals(convert(true, true), {
    weights: new Float64Array([1, -2, 3, 4]),
    biases: new Float64Array([4.5, 3]),
  });
});

Deno.test("tanhFromSigmoid() refuses weights that do not match the biases", () => {
  const layer = { weights: new Float64Array(5), biases: new Float64Array(2) };
  assertThrows(
    () => tanhFromSigmoid(layer, { below: true, above: true }),
    InputError,
    "5 weights are no whole number of rows of 2",
  );
});

Deno.test("tanhRecipe() gives the paper's factors", () => {
  assertEquals(tanhRecipe({ below: true, above: true }), { weightScale: 0.25, bias: 0.5 });
  assertEquals(tanhRecipe({ below: false, above: true }), { weightScale: 0.5, bias: 0.5 });
  assertEquals(tanhRecipe({ below: true, above: false }), { weightScale: 0.5, bias: 0 });
  assertEquals(tanhRecipe({ below: false, above: false }), { weightScale: 1, bias: 0 });
});

Deno.test("initializers refuse a layer without a whole number of units", () => {
  const random = new RandomStream(1, Purpose.weights);
  const initializers = [
    echoState(),
    gaussian(),
    gaussian({ deviation: 1 }),
    glorot(),
    he(),
    orthogonal(),
    sparse(),
  ];
  for (const initializer of initializers) {
    for (const units of [0, -1, 2.5, NaN, Infinity]) {
      const message = `must be a whole number above 0, not ${units}`;
      const draw = (fanIn: number, fanOut: number) =>
        initializer({ fanIn, fanOut, random, role: "input" });
      assertThrows(() => draw(units, 3), InputError, `fanIn ${message}`);
      assertThrows(() => draw(3, units), InputError, `fanOut ${message}`);
    }
  }
});
