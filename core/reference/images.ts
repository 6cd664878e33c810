import type { Activation } from "../ops/activation.ts";
import { activate, slope } from "./activation.ts";
import type { ReferenceLayer } from "./layers.ts";

/** Images of a case, [channels, height, width], and the windows that slide over them. */
export interface ReferenceWindows {
  /** Channels, height and width of the images. */
  image: readonly [channels: number, height: number, width: number];
  /** Height and width of a window, */
  kernel: readonly [height: number, width: number];
  /** how far it moves down and across, */
  stride: readonly [down: number, across: number];
  /** and the zeros above and below, left and right of the images. */
  padding: readonly [down: number, across: number];
}

/** Where a window meets a pixel: places in the image [height, width], among the windows, in a window. */
interface Meeting {
  pixel: number;
  window: number;
  place: number;
}

/** Each meeting of a window with a pixel, window by window, and how many windows there are. */
function meetings({ image: [, height, width], kernel, stride, padding }: ReferenceWindows) {
  const count = (size: number, i: number) =>
    Math.floor((size + 2 * padding[i] - kernel[i]) / stride[i]) + 1;
  const [down, across] = [count(height, 0), count(width, 1)];
  const all: Meeting[] = [];
  for (let window = 0; window < down * across; window++) {
    for (let place = 0; place < kernel[0] * kernel[1]; place++) {
      const y = Math.floor(window / across) * stride[0] - padding[0] +
        Math.floor(place / kernel[1]);
      const x = window % across * stride[1] - padding[1] + place % kernel[1];
      if (y < 0 || y >= height || x < 0 || x >= width) continue;
      all.push({ pixel: y * width + x, window, place });
    }
  }
  return { all, windows: down * across };
}

/**
 * y[o, window] = f(b[o] + the sum over channels c and places of W[o, c, place] x[c, pixel]); its
 * tensors are W and b.
 */
export function convolution(
  channels: number,
  geometry: ReferenceWindows,
  kind: Activation = "linear",
): ReferenceLayer {
  const { image: [inputs, height, width], kernel } = geometry;
  const { all, windows } = meetings(geometry);
  const [pixels, places] = [height * width, kernel[0] * kernel[1]];
  /** Each product of the sums: places in y, x and W. */
  const products = (cases: number, visit: (y: number, x: number, w: number) => void) => {
    for (let i = 0; i < cases; i++) {
      for (let o = 0; o < channels; o++) {
        for (let c = 0; c < inputs; c++) {
          for (const { pixel, window, place } of all) {
            const [y, x] = [
              (i * channels + o) * windows + window,
              (i * inputs + c) * pixels + pixel,
            ];
            visit(y, x, (o * inputs + c) * places + place);
          }
        }
      }
    }
  };
  const channelOf = (at: number) => Math.floor(at / windows) % channels;
  return {
    tensors: 2,
    at(x, cases, [W, b]) {
      const biased = (b: Float64Array) =>
        new Float64Array(cases * channels * windows).map((_, at) => b[channelOf(at)]);
      const z = biased(b);
      products(cases, (to, from, w) => z[to] += x[from] * W[w]);
      const y = activate(kind, z);
      const slopes = slope(kind, y);
      return {
        y,
        backward(v) {
          const delta = v.map((v, at) => v * slopes[at]);
          const [dx, dW, db] = [x, W, b].map(({ length }) => new Float64Array(length));
          products(cases, (to, from, w) => {
            dx[from] += delta[to] * W[w];
            dW[w] += delta[to] * x[from];
          });
          delta.forEach((value, at) => db[channelOf(at)] += value);
          return { x: dx, tensors: [dW, db] };
        },
        tangent(dx, [dW, db]) {
          const dz = biased(db);
          products(cases, (to, from, w) => dz[to] += dx[from] * W[w] + x[from] * dW[w]);
          return dz.map((value, at) => value * slopes[at]);
        },
      };
    },
  };
}

/** The mean of each window, channel by channel; or its largest value, of equals the first. */
export function pool(kind: "average" | "max", geometry: ReferenceWindows): ReferenceLayer {
  const { image: [channels, height, width], kernel } = geometry;
  const { all, windows } = meetings(geometry);
  const [pixels, places] = [height * width, kernel[0] * kernel[1]];
  return {
    tensors: 0,
    at(x, cases) {
      // What an output is a sum of: an input, and how much of it.
      const terms = Array.from({ length: cases * channels * windows }, (_, at) => {
        const [map, window] = [Math.floor(at / windows), at % windows];
        const met = all.filter((meeting) => meeting.window === window)
          .map(({ pixel }) => map * pixels + pixel);
        if (kind === "average") return met.map((from) => ({ from, share: 1 / places }));
        const largest = met.reduce((best, from) => x[from] > x[best] ? from : best);
        return [{ from: largest, share: 1 }];
      });
      const forward = (x: Float64Array) =>
        Float64Array.from(
          terms,
          (all) => all.reduce((sum, { from, share }) => sum + share * x[from], 0),
        );
      return {
        y: forward(x),
        backward(v) {
          const dx = new Float64Array(x.length);
          terms.forEach((all, at) => all.forEach(({ from, share }) => dx[from] += share * v[at]));
          return { x: dx, tensors: [] };
        },
        tangent: forward,
      };
    },
  };
}
