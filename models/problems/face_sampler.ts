/** The side of an image, and of the cases made of it, in pixels. */
const imageSide = 64, caseSide = 25;

const imageSize = imageSide ** 2, caseSize = caseSide ** 2;

const angles = Array.from({ length: 46 }, (_, i) => (-90 + 4 * i) * Math.PI / 180);
const scales = Array.from({ length: 9 }, (_, i) => 1.4 + 0.05 * i);

/** The variance of the Gaussian, (0.4 pixels)^2, and as far as its weights are above 1e-15. */
const variance = 0.4 ** 2, radius = 8;

/**
 * Takes the rotated and scaled cases of the Faces problem out of an image; `generateFaces` says
 * where they lie. The points and their weights are the same for every image.
 */
export class FaceSampler {
  /** Cases of an image, and numbers in them. */
  static readonly variants = angles.length * scales.length;
  static readonly length = FaceSampler.variants * caseSize;

  readonly #images: Uint8Array;
  readonly #kernel = gaussianKernel(variance, radius);
  /** The pixel above and left of each point, and how far right and down of it the point lies. */
  readonly #corner = new Uint16Array(FaceSampler.length);
  readonly #right = new Float64Array(FaceSampler.length);
  readonly #down = new Float64Array(FaceSampler.length);
  readonly #samples = new Float64Array(FaceSampler.length);

  /** @param images 64 x 64 grey levels each, row by row. */
  constructor(images: Uint8Array) {
    this.#images = images;
    let at = 0;
    for (const angle of angles) {
      for (const scale of scales) {
        this.#placePoints(at, scale * Math.cos(angle), scale * Math.sin(angle));
        at += caseSize;
      }
    }
  }

  #placePoints(at: number, cos: number, sin: number): void {
    const centre = (imageSide - 1) / 2, middle = (caseSide - 1) / 2;
    for (let v = -middle; v <= middle; v++) {
      for (let u = -middle; u <= middle; u++, at++) {
        const x = centre + u * cos - v * sin, y = centre + u * sin + v * cos;
        this.#corner[at] = Math.floor(y) * imageSide + Math.floor(x);
        this.#right[at] = x - Math.floor(x);
        this.#down[at] = y - Math.floor(y);
      }
    }
  }

  /** The cases of one image in grey levels, 414 x 625. The next call overwrites them. */
  sample(image: number): Float64Array {
    const pixels = this.#images.subarray(image * imageSize, (image + 1) * imageSize);
    const smooth = transpose(blurRows(transpose(blurRows(pixels, this.#kernel)), this.#kernel));
    for (let at = 0; at < this.#samples.length; at++) {
      const corner = this.#corner[at], right = this.#right[at];
      const above = smooth[corner] + right * (smooth[corner + 1] - smooth[corner]);
      const next = corner + imageSide;
      const below = smooth[next] + right * (smooth[next + 1] - smooth[next]);
      this.#samples[at] = above + this.#down[at] * (below - above);
    }
    return this.#samples;
  }
}

/**
 * The discrete Gaussian exp(-t) I_n(t), n = 0..radius, with the modified Bessel functions I_n by
 * their series, sum_k (t/2)^(2k + n) / (k! (k + n)!). Over all n its sum is 1 and its variance t.
 */
function gaussianKernel(t: number, radius: number): Float64Array {
  return Float64Array.from({ length: radius + 1 }, (_, n) => {
    let term = Math.exp(-t), sum = 0;
    for (let k = 1; k <= n; k++) term *= t / 2 / k;
    for (let k = 1; sum + term !== sum; k++) {
      sum += term;
      term *= (t / 2) ** 2 / (k * (k + n));
    }
    return sum;
  });
}

/** Convolves each row with a symmetric kernel; beyond the image its border pixels go on. */
function blurRows(pixels: ArrayLike<number>, kernel: Float64Array): Float64Array {
  const blurred = new Float64Array(imageSize), last = imageSide - 1;
  for (let start = 0; start < imageSize; start += imageSide) {
    for (let x = 0; x < imageSide; x++) {
      let sum = kernel[0] * pixels[start + x];
      for (let n = 1; n < kernel.length; n++) {
        const left = Math.max(x - n, 0), right = Math.min(x + n, last);
        sum += kernel[n] * (pixels[start + left] + pixels[start + right]);
      }
      blurred[start + x] = sum;
    }
  }
  return blurred;
}

function transpose(pixels: Float64Array): Float64Array {
  return pixels.map((_, i) => pixels[(i % imageSide) * imageSide + Math.floor(i / imageSide)]);
}
