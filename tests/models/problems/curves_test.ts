import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { curvesImage, generateCurves, naturalSpline } from "../../../models/problems/curves.ts";
import { InputError } from "../../../core/errors.ts";

async function sha256(values: Float32Array<ArrayBuffer>): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", values);
  return new Uint8Array(digest).toHex();
}

Deno.test("generateCurves() gives the same bytes on every machine", async () => {
  const { train, test } = generateCurves({ seed: 1, train: 300, test: 100 });
  assertEquals(
    await sha256(train),
    "65b564f5a55ecf4f43da062f54d41748f1b3569dfe0a3a42da836d36c65d9444",
  );
  assertEquals(train.length, 300 * 784);
  assertEquals(test.length, 100 * 784);
});

Deno.test("generateCurves() takes the test images after the training images", () => {
  const { train, test } = generateCurves({ seed: 7, train: 3, test: 2 });
  const rows = [0, 1, 2, 3, 4].flatMap((index) => [...curvesImage(7, index)]);
  assertEquals([...train, ...test], rows);
  assert(curvesImage(8, 0).some((pixel, i) => pixel !== rows[i]));
});

Deno.test("generateCurves() matches the statistics of the published images", () => {
  const n = 2000;
  const { train } = generateCurves({ seed: 1, train: n, test: 0 });
  const images = Array.from({ length: n }, (_, i) => train.subarray(784 * i, 784 * (i + 1)));
  const mean = new Float64Array(784);
  for (const image of images) image.forEach((pixel, i) => mean[i] += pixel / n);
  const ink = images.map((image) => image.reduce((sum, pixel) => sum + pixel, 0));
  const variances = images.map((image) =>
    image.reduce((sum, pixel, i) => sum + (pixel - mean[i]) ** 2, 0)
  );
  const average = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / n;
  const standardError = (values: number[]) =>
    Math.sqrt(average(values.map((value) => (value - average(values)) ** 2)) / n);
  // Five standard errors, and the digits in which the figures are known: 16.0 and about 40.
  assertAlmostEquals(average(variances), 16, 5 * standardError(variances) + 0.05);
  assertAlmostEquals(average(ink), 40, 5 * standardError(ink) + 0.5);
});

Deno.test("curvesImage() draws the ink of at most sixty dots, in pixels from 0 to 1", () => {
  for (let index = 0; index < 100; index++) {
    const image = curvesImage(1, index);
    assertEquals(image.length, 784);
    assert(image.every((pixel) => pixel >= 0 && pixel <= 1));
    // The blur keeps the sum; float32 rounds each pixel by less than one part in 2^23.
    const ink = image.reduce((sum, pixel) => sum + pixel, 0);
    assert(ink > 0 && ink <= 0.7 * 60 * (1 + 2 ** -23), `image ${index}: ink ${ink}`);
  }
});

Deno.test("curvesImage() refuses a seed or an index that is none", () => {
  assertThrows(() => curvesImage(-1, 0), InputError, "the seed must be an integer from 0");
  assertThrows(() => curvesImage(1, 0.5), InputError, "the number of a Curves image");
  assertThrows(() => generateCurves({ seed: NaN }), InputError, "the seed");
  assertThrows(() => generateCurves({ seed: 1, train: -1 }), InputError, "to 1048576, not -1");
  assertThrows(() => generateCurves({ seed: 1, test: 2 ** 20 + 1 }), InputError, "not 1048577");
});

const points = [{ x: 3, y: 20 }, { x: 6, y: 4 }, { x: 25, y: 11 }] as const;

Deno.test("naturalSpline() passes through its points", () => {
  const spline = naturalSpline(points);
  // About ten roundings of values below 32 on the way to each.
  for (const { x, y } of points) assertAlmostEquals(spline(x), y, 10 * 2 ** -48);
});

Deno.test("naturalSpline() is straight at its ends and smooth in the middle", () => {
  const spline = naturalSpline(points);
  // One-sided differences over four values, exact for a cubic. Ten roundings of values below 32,
  // 2^-48 at most, with weights 12 in sum over h^2 = 1/4; the slope's weights are smaller.
  const tolerance = 12 * 10 * 2 ** -48 * 4;
  const values = (x: number, h: number) => [0, 1, 2, 3].map((i) => spline(x + i * h));
  const slope = (x: number, h: number) => {
    const [a, b, c, d] = values(x, h) as [number, number, number, number];
    return (-11 * a + 18 * b - 9 * c + 2 * d) / (6 * h);
  };
  const curvature = (x: number, h: number) => {
    const [a, b, c, d] = values(x, h) as [number, number, number, number];
    return (2 * a - 5 * b + 4 * c - d) / (h * h);
  };
  assertAlmostEquals(curvature(3, 0.5), 0, tolerance);
  assertAlmostEquals(curvature(25, -0.5), 0, tolerance);
  assertAlmostEquals(slope(6, 0.5), slope(6, -0.5), 2 * tolerance);
  assertAlmostEquals(curvature(6, 0.5), curvature(6, -0.5), 2 * tolerance);
  // Three times the difference of the chords' slopes, over the distance of the outer points.
  assertAlmostEquals(curvature(6, 0.5), 3 * (7 / 19 + 16 / 3) / 22, tolerance);
});
