import { assertAlmostEquals, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { InputError } from "../../core/errors.ts";
import { echoState, spectralRadius } from "../../core/init/echo_state.ts";
import { Purpose, RandomStream } from "../../core/random.ts";

const stream = (seed = 1) => new RandomStream(seed, Purpose.weights, 1);
const recurrent = (options: Parameters<typeof echoState>[0], hidden: number, seed = 1) =>
  echoState(options)({ role: "recurrent", fanIn: hidden, fanOut: hidden, random: stream(seed) });

Deno.test("spectralRadius() knows complex eigenvalues", () => {
  const spectra: [number[], number][] = [
    [[-3], 3],
    [[0, -2, 2, 0], 2], // 2i and -2i
    [[1, -1, 1, 1], Math.SQRT2], // 1 + i and 1 - i
    [[0, 0, 8, 1, 0, 0, 0, 1, 0], 2], // the cube roots of 8, of which one is real
    [[0.5, -0.5, 0, 0.5, 0.5, 0, 0, 0, -0.6], Math.SQRT1_2], // above the real one
    [[0, 1, 0, 0], 0], // nilpotent
  ];
  for (const [matrix, radius] of spectra) {
    // Backward stable: a perturbation of some n eps |A| moves an eigenvalue of these matrices, whose
    // eigenvectors are near orthogonal, about as far.
    assertAlmostEquals(spectralRadius(matrix), radius, 1e-13);
  }
  assertThrows(() => spectralRadius([1, 2, 3]), InputError, "no square matrix");
  assertThrows(() => spectralRadius([]), InputError, "no square matrix");
  assertThrows(
    () => spectralRadius([1, NaN, 2, 3]),
    InputError,
    "the value NaN has no eigenvalues",
  );
});

Deno.test("echoState() gives hidden units 15 connections and the spectral radius", () => {
  for (const options of [{}, { spectralRadius: 0.9, fanIn: 4 }]) {
    const { weights, biases } = recurrent(options, 60);
    const { fanIn = 15, spectralRadius: radius = 1.1 } = options;
    for (let unit = 0; unit < 60; unit++) {
      assertEquals(weights.filter((w, i) => i % 60 === unit && w !== 0).length, fanIn);
    }
    // A relative error of some n eps in the radius, and in what it is of once rescaled.
    assertAlmostEquals(spectralRadius(weights), radius, 60 * 60 * 2 ** -52);
    assertEquals(biases, new Float64Array(60));
  }
  assertNotEquals(recurrent({}, 60).weights, recurrent({}, 60, 2).weights);
});

Deno.test("echoState() draws dense Gaussian inputs and outputs", () => {
  const initializer = echoState({ inputScale: 0.001, outputScale: 0.5 });
  for (const [role, scale] of [["input", 0.001], ["output", 0.5]] as const) {
    const { weights } = initializer({ role, fanIn: 100, fanOut: 100, random: stream() });
    const square = weights.reduce((sum, w) => sum + w * w, 0) / weights.length;
    // Five standard errors of a mean square.
    assertAlmostEquals(square / scale ** 2, 1, 5 * Math.sqrt(2 / weights.length));
  }
});

Deno.test("echoState() refuses what makes no network", () => {
  for (const radius of [0, -1, NaN, Infinity]) {
    assertThrows(
      () => echoState({ spectralRadius: radius }),
      InputError,
      "spectral radius must be",
    );
  }
  for (const scale of [0, -1, NaN]) {
    assertThrows(() => echoState({ inputScale: scale }), InputError);
    assertThrows(() => echoState({ outputScale: scale }), InputError);
  }
  assertThrows(() => echoState({ fanIn: 0 }), InputError);
  const layer = { role: "recurrent", fanIn: 20, fanOut: 5, random: stream() } as const;
  assertThrows(() => echoState()(layer), InputError, "must be square, not 20 x 5");
  assertThrows(() => recurrent({}, 14), InputError, "fan-in of at most 14");
  // One unit in a chain of single connections without a cycle: no factor rescales a radius of 0.
  const seeds = Array.from({ length: 50 }, (_, seed) => seed);
  const radii = seeds.map((seed) => {
    try {
      return spectralRadius(recurrent({ fanIn: 1 }, 3, seed).weights);
    } catch (error) {
      return error instanceof InputError ? 0 : NaN;
    }
  });
  for (const radius of radii) if (radius !== 0) assertAlmostEquals(radius, 1.1, 1e-13);
});
