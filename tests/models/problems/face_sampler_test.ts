import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { FaceSampler } from "../../../models/problems/face_sampler.ts";

type Point = { x: number; y: number };

/** Where the 414 x 625 samples lie, from the figures of the paper: degrees, pixels apart. */
const points: Point[] = [];
for (let rotation = 0; rotation < 46; rotation++) {
  for (let size = 0; size < 9; size++) {
    const angle = (-90 + 4 * rotation) * Math.PI / 180, scale = 1.4 + 0.05 * size;
    for (let row = 0; row < 25; row++) {
      for (let column = 0; column < 25; column++) {
        const u = scale * (column - 12), v = scale * (row - 12);
        points.push({
          x: 31.5 + u * Math.cos(angle) - v * Math.sin(angle),
          y: 31.5 + u * Math.sin(angle) + v * Math.cos(angle),
        });
      }
    }
  }
}

/** Images whose pixels are a function of their place, sampled. */
function sample(...functions: ((x: number, y: number) => number)[]): FaceSampler {
  const levels = functions.flatMap((level) =>
    Array.from({ length: 64 * 64 }, (_, i) => level(i % 64, Math.floor(i / 64)))
  );
  assert(levels.every((level) => Number.isInteger(level) && level >= 0 && level <= 255));
  return new FaceSampler(Uint8Array.from(levels));
}

/** The Gaussian reaches 8 pixels: so far from the border it sees nothing of it. */
function isInside(...coordinates: number[]): boolean {
  return coordinates.every((x) => x >= 8 && x <= 55);
}

/** About 50 roundings to float64 of numbers up to 255 come before a sample. */
const tolerance = 50 * 255 * 2 ** -53;

Deno.test("FaceSampler.length is 414 cases of 625 numbers", () => {
  assertEquals(FaceSampler.variants, 414);
  assertEquals(FaceSampler.length, points.length);
});

Deno.test("FaceSampler.sample() takes the points at the stated places, in their order", () => {
  // A Gaussian and bilinear interpolation both leave a linear image as it is.
  const images: ((x: number, y: number) => number)[] = [(x) => 2 * x + 7, (x, y) => x + 3 * y];
  const sampler = sample(...images);
  images.forEach((level, image) => {
    sampler.sample(image).forEach((found, i) => {
      const { x, y } = points[i];
      if (isInside(x, y)) assertAlmostEquals(found, level(x, y), tolerance);
    });
  });
});

for (const axis of ["x", "y"] as const) {
  Deno.test(`FaceSampler.sample() smooths along ${axis} by a Gaussian of variance 0.16`, () => {
    // It adds its variance to a parabola, and interpolation f (1 - f) within a pixel.
    const parabola = (z: number) => (z - 32) ** 2;
    const sampler = sample((x, y) => Math.min(parabola({ x, y }[axis]), 225));
    sampler.sample(0).forEach((found, i) => {
      const z = points[i][axis], f = z - Math.floor(z);
      if (Math.abs(z - 32) > 6) return; // 8 pixels more, and one to interpolate, are 15: 225
      assertAlmostEquals(found, parabola(z) + 0.4 ** 2 + f * (1 - f), tolerance);
    });
  });
}

Deno.test("FaceSampler.sample() stays within the image, at every point", () => {
  assert(points.every(({ x, y }) => Math.min(x, y) >= 0 && Math.max(x, y) <= 63));
  const white = sample(() => 255).sample(0);
  assert(white.every((level) => Math.abs(level - 255) <= tolerance));
});

/** Row and column of the brightest of the 25 x 25 samples of a case. */
function brightest(samples: Float64Array, variant: number): [row: number, column: number] {
  const pixels = samples.subarray(625 * variant, 625 * (variant + 1));
  const at = pixels.indexOf(Math.max(...pixels));
  return [Math.floor(at / 25), at % 25];
}

/** A white spot of 4 x 5 pixels on black, 16.5 pixels below the centre. */
function chin(x: number, y: number): number {
  return Math.abs(x - 31.5) < 2 && Math.abs(y - 48) <= 2 ? 255 : 0;
}

Deno.test("FaceSampler.sample() turns from -90 degrees, clockwise, to 90, counter-clockwise", () => {
  const samples = sample(chin).sample(0);
  const [left, down, right] = [0, 23, 45].map((rotation) => brightest(samples, 9 * rotation));
  assert(Math.abs(left[0] - 12) <= 1 && left[1] < 4); // -90 degrees
  assert(down[0] > 20 && Math.abs(down[1] - 12) <= 1); // 2 degrees
  assert(Math.abs(right[0] - 12) <= 1 && right[1] > 20); // 90 degrees
});

Deno.test("FaceSampler.sample() shows more of the image at a larger scale", () => {
  const samples = sample(chin).sample(0);
  const rows = Array.from({ length: 9 }, (_, size) => brightest(samples, 9 * 23 + size)[0]);
  assertEquals(rows[0], 12 + Math.round(16.5 / 1.4));
  assertEquals(rows[8], 12 + Math.round(16.5 / 1.8));
});
