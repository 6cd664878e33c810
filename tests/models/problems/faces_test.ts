import { assert, assertEquals, assertLess, assertRejects } from "@std/assert";
import { FaceSampler } from "../../../models/problems/face_sampler.ts";
import {
  faces,
  type FacesSet,
  generateFaces,
  generatePackedFaces,
} from "../../../models/problems/faces.ts";
import { packHalf } from "../../../core/formats/half.ts";
import { readMAT } from "../../../core/formats/mat.ts";
import { olivettiFromMAT } from "../../../models/problems/originals.ts";
import { InputError } from "../../../core/errors.ts";
import { meanResidual, principalComponents } from "./principal_components.ts";

/** olivettifaces.mat, in the folder that the environment variable NAGARE_DATA names. */
async function readOlivetti(): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const folder = Deno.env.get("NAGARE_DATA");
  if (!folder) return undefined;
  const bytes = await Deno.readFile(`${folder}/olivettifaces.mat`);
  return olivettiFromMAT(await readMAT(bytes, { only: ["faces"] }));
}

/** 400 images that all differ: waves of a length and a direction of their own. */
function waves(): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: 400 * 64 * 64 }, (_, i) => {
    const image = i >> 12, row = (i >> 6) & 63, column = i & 63;
    return 128 + 100 * Math.sin(image + (row * (image % 7) + column * (image % 11)) / 20);
  });
}

const olivetti = await readOlivetti();
const images = olivetti ?? waves();
const steps: [done: number, steps: number][] = [];
const set = await generateFaces(images, { progress: (...step) => steps.push(step) });
const casesOfImage = faces.variants * faces.pixels;

Deno.test("generateFaces() makes 103,500 training and 41,400 test cases of 625 pixels", () => {
  assertEquals(set.train.length, 103_500 * 625);
  assertEquals(set.test.length, 41_400 * 625);
});

Deno.test("generateFaces() takes the first 250 images to train, the last 100 to test", () => {
  const sampler = new FaceSampler(images);
  const expected = (image: number) =>
    Float32Array.from(sampler.sample(image), (x, i) => (x - set.mean[i % 625]) * set.scale);
  const part = (cases: Float32Array, i: number) =>
    cases.subarray(i * casesOfImage, (i + 1) * casesOfImage);
  for (const i of [0, 1, 123, 249]) assert(isEqual(part(set.train, i), expected(i)));
  for (const i of [0, 1, 99]) assert(isEqual(part(set.test, i), expected(300 + i)));
});

/** As assertEquals of large arrays, which takes seconds. */
function isEqual(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  return a.length === b.length && Array.prototype.every.call(a, (value, i) => value === b[i]);
}

Deno.test("generateFaces() shifts each pixel to mean 0 and scales to mean variance 1", () => {
  const sampler = new FaceSampler(images);
  const sums = new Float64Array(625), squares = new Float64Array(625);
  for (let image = 0; image < 400; image++) {
    const samples = sampler.sample(image);
    for (let i = 0, pixel = 0; i < samples.length; i++, pixel = pixel === 624 ? 0 : pixel + 1) {
      const value = (samples[i] - set.mean[pixel]) * set.scale;
      sums[pixel] += value;
      squares[pixel] += value ** 2;
    }
  }
  // A sum of n numbers is rounded n times. Each number is at most 255 grey levels.
  const cases = 400 * 414, rounding = cases * 2 ** -53, largest = 255 * set.scale;
  const total = squares.reduce((sum, square) => sum + square / cases, 0);
  assert(sums.every((sum) => Math.abs(sum / cases) < 2 * rounding * largest));
  assertLess(Math.abs(total / 625 - 1), 2 * rounding * largest ** 2);
});

Deno.test("generateFaces() tells its progress after each image of both passes", () => {
  assertEquals(steps, Array.from({ length: 750 }, (_, i) => [i + 1, 750]));
});

Deno.test("generateFaces() refuses other sizes, and images without contrast", async () => {
  const reason = "400 images of 64 x 64 pixels, 1638400 in all, not 4096";
  await assertRejects(() => generateFaces(new Uint8Array(4096)), InputError, reason);
  const flat = new Uint8Array(1638400).fill(9);
  await assertRejects(() => generateFaces(flat), InputError, "no contrast");
});

Deno.test("generatePackedFaces() packs the same cases, image by image", async () => {
  const packed = await generatePackedFaces(images), wordsOfImage = casesOfImage / 2;
  assertEquals([packed.mean, packed.scale], [set.mean, set.scale]);
  for (const [name, last] of [["train", 249], ["test", 99]] as const) {
    assertEquals(packed[name].length, set[name].length / 2);
    for (const i of [0, 1, last]) {
      const words = packed[name].subarray(i * wordsOfImage, (i + 1) * wordsOfImage);
      const cases = set[name].subarray(i * casesOfImage, (i + 1) * casesOfImage);
      assert(isEqual(words, packHalf(cases)));
    }
  }
});

/** Every n-th case. */
function every(cases: Float32Array, n: number): Float32Array[] {
  const count = Math.floor(cases.length / 625 / n);
  return Array.from({ length: count }, (_, i) => cases.subarray(625 * n * i, 625 * (n * i + 1)));
}

/** The figures that the paper states of a set, from every n-th case of it. */
function statistics({ train, test }: FacesSet<Float32Array>, nth: { train: number; test: number }) {
  const { mean, variances, components } = principalComponents(every(train, nth.train));
  return {
    totalVariance: variances.reduce((sum, variance) => sum + variance, 0),
    residual: meanResidual(every(test, nth.test), mean, components.slice(0, 30)),
  };
}

Deno.test("generateFaces() has the statistics known beforehand for images of one level each", async () => {
  const levels = Array.from({ length: 400 }, (_, image) => (image * 37) % 256);
  const pixels = Uint8Array.from({ length: 400 * 4096 }, (_, i) => levels[i >> 12]);
  const flat = await generateFaces(pixels);
  // All cases of an image are alike: one of them stands for all, one component holds them.
  const { totalVariance, residual } = statistics(flat, { train: 414, test: 414 });
  const expected = 625 * variance(levels.slice(0, 250)) / variance(levels);
  const rounding = 625 * 2 ** -23; // of float32, in a case whose squares add up to about 625
  assertLess(Math.abs(totalVariance - expected), rounding);
  assertLess(Math.abs(residual), rounding);
});

function variance(values: number[]): number {
  const mean = values.reduce((sum, value) => sum + value / values.length, 0);
  return values.reduce((sum, value) => sum + (value - mean) ** 2 / values.length, 0);
}

if (olivetti) {
  Deno.test("generateFaces() has the statistics of the published set", () => {
    // Every 11th training and every 7th test case: 11 and 7 share no factor with 414, so that all
    // angles and scales are among them. The paper's figures are read as two certain digits: +-5.
    const { totalVariance, residual } = statistics(set, { train: 11, test: 7 });
    assertLess(Math.abs(totalVariance - 600), 5);
    assertLess(Math.abs(residual - 135), 5);
  });
}
