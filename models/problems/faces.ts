import { InputError } from "../../core/errors.ts";
import { FaceSampler } from "./face_sampler.ts";
import { packHalf } from "../../core/formats/half.ts";

/** Sizes of the Faces set and of the Olivetti images it is made from. */
export const faces = {
  /** The Olivetti images: 40 people in a row with 10 images each, `side` x `side` pixels. */
  images: 400,
  side: 64,
  /** Cases made of an image: 46 rotations, with 9 scales each. */
  variants: 414,
  /** Pixels of a case: 25 x 25. */
  pixels: 625,
  /** The first images make the training cases, 103,500, and the last the test cases, 41,400. */
  trainImages: 250,
  testImages: 100,
} as const;

/** Settings of {@linkcode generateFaces}. */
export interface FacesOptions {
  /** Is told after each image how many of all steps are done; what it returns is awaited. */
  progress?: (done: number, steps: number) => unknown;
}

/** The Faces set: cases one after the other, each 25 x 25 pixels row by row. */
export interface FacesSet<Values> {
  /** 103,500 cases of 25 people. */
  readonly train: Values;
  /** 41,400 cases of 10 other people. */
  readonly test: Values;
  /** What was taken from each of the 625 pixels, in grey levels of the images. */
  readonly mean: Float64Array;
  /** What the result was multiplied by. */
  readonly scale: number;
}

const rowsSize = faces.variants * faces.pixels;

/**
 * The Faces problem (paper, section 5), made from the Olivetti images.
 *
 * Each image is smoothed by a Gaussian of sigma 0.4 pixels and sampled bilinearly on 25 x 25
 * points about its centre, (31.5, 31.5), that lie s pixels apart: at row r, column c, with
 * u = c - 12 and v = r - 12,
 *
 *     x = 31.5 + s (u cos a - v sin a),    y = 31.5 + s (u sin a + v cos a).
 *
 * The angle a goes from -90 to 90 degrees in steps of 4 and turns the face counter-clockwise, the
 * scale s from 1.4 to 1.8 in steps of 0.05. The outermost point lies 30.6 pixels from the centre:
 * all are within the image. Cases go image by image, within it angle by angle, within it by scale.
 *
 * Over the cases of all 400 images each pixel is shifted to mean zero, then all are multiplied by
 * one factor so that the mean variance of the pixels is 1. The training cases then have a total
 * variance of 598.8, and 30 principal components of theirs leave 133.3 of the test cases.
 *
 * The Gaussian is the discrete one (Lindeberg 1990), whose variance is sigma^2 however small sigma
 * is. Samples of the continuous one, which have half that variance, leave 139.0 of the test cases,
 * and 139.4 with points 64 / (25 s) apart: the statistics do not tell the two readings of a scale.
 *
 * @param images 400 x 64 x 64 grey levels, row by row, ordered by person.
 * @returns The cases in float32: 362 MB, of which nothing is held twice.
 * @throws {InputError} If that is not the size of the images, or if all their pixels are the same.
 *
 * @example
 * ```ts
 * const { data } = readIDX(await gunzip(file)); // olivetti-images-idx3-ubyte.gz
 * const { train, test } = await generateFaces(data as Uint8Array); // 103,500 and 41,400 x 625
 * ```
 */
export function generateFaces(
  images: Uint8Array,
  options: FacesOptions = {},
): Promise<FacesSet<Float32Array<ArrayBuffer>>> {
  const allocate = (count: number) => new Float32Array(count * rowsSize);
  return generate(images, options, {
    train: allocate(faces.trainImages),
    test: allocate(faces.testImages),
    store: (rows, values, i) => values.set(rows, i * rowsSize),
  });
}

/**
 * {@linkcode generateFaces} with the cases in half floats, two in a word, as `packHalf` packs
 * them: 181 MB. Pixel p of case n is half float 625 n + p of its set.
 *
 * The values lie between -4.1 and 2.8. Rounding changes them by at most 2^-9, and by 2.2e-4 in the
 * root mean square, which is 3e-5 in the squared error of a case, summed over its pixels.
 *
 * @throws {InputError} As {@linkcode generateFaces}.
 */
export function generatePackedFaces(
  images: Uint8Array,
  options: FacesOptions = {},
): Promise<FacesSet<Uint32Array<ArrayBuffer>>> {
  const wordsSize = rowsSize / 2;
  const allocate = (count: number) => new Uint32Array(count * wordsSize);
  return generate(images, options, {
    train: allocate(faces.trainImages),
    test: allocate(faces.testImages),
    store: (rows, words, i) => packHalf(rows, words.subarray(i * wordsSize, (i + 1) * wordsSize)),
  });
}

interface Destination<Values> {
  train: Values;
  test: Values;
  /** Keeps the cases of an image as the i-th of its set. */
  store: (rows: Float32Array, values: Values, i: number) => void;
}

/** Makes the cases twice, to measure and to keep them, so that none is held in between. */
async function generate<Values>(
  images: Uint8Array,
  { progress = () => {} }: FacesOptions,
  { train, test, store }: Destination<Values>,
): Promise<FacesSet<Values>> {
  checkImages(images);
  const { trainImages, testImages } = faces, steps = faces.images + trainImages + testImages;
  let done = 0;
  const step = () => progress(++done, steps);
  const sampler = new FaceSampler(images);
  const statistics = await measure(sampler, step);
  const rows = new Float32Array(rowsSize);
  const keep = async (values: Values, firstImage: number, count: number) => {
    for (let i = 0; i < count; i++) {
      normalize(sampler.sample(firstImage + i), statistics, rows);
      store(rows, values, i);
      await step();
    }
  };
  await keep(train, 0, trainImages);
  await keep(test, faces.images - testImages, testImages);
  return { train, test, ...statistics };
}

function checkImages(images: Uint8Array): void {
  const { images: count, side } = faces, length = count * side ** 2;
  if (images.length !== length) {
    throw new InputError(
      `the Olivetti faces are ${count} images of ${side} x ${side} pixels, ${length} in all, ` +
        `not ${images.length}; give olivettifaces.mat or the IDX file`,
    );
  }
  if (images.every((level) => level === images[0])) {
    throw new InputError("the images have no contrast; give olivettifaces.mat or the IDX file");
  }
}

/** The mean of each pixel over the cases of all images, and the factor to mean variance 1. */
async function measure(
  sampler: FaceSampler,
  step: () => unknown,
): Promise<{ mean: Float64Array; scale: number }> {
  const { images, variants, pixels } = faces, cases = images * variants;
  const sum = new Float64Array(pixels), sumOfSquares = new Float64Array(pixels);
  for (let image = 0; image < images; image++) {
    const samples = sampler.sample(image);
    for (let at = 0; at < rowsSize;) {
      for (let pixel = 0; pixel < pixels; pixel++, at++) {
        sum[pixel] += samples[at];
        sumOfSquares[pixel] += samples[at] ** 2;
      }
    }
    await step();
  }
  const mean = sum.map((total) => total / cases);
  const variance = sumOfSquares.reduce((total, s, i) => total + s / cases - mean[i] ** 2, 0);
  return { mean, scale: Math.sqrt(pixels / variance) };
}

function normalize(
  samples: Float64Array,
  { mean, scale }: { mean: Float64Array; scale: number },
  rows: Float32Array,
): void {
  for (let at = 0; at < rowsSize;) {
    for (let pixel = 0; pixel < faces.pixels; pixel++, at++) {
      rows[at] = (samples[at] - mean[pixel]) * scale;
    }
  }
}
