import type { Activation } from "../ops/activation.ts";
import { philox4x32, Purpose, seedKey } from "../random.ts";
import { activate, slope } from "./activation.ts";
import { matmul } from "./matmul.ts";
import { caseBlock, type CasePlaces, gaussianNoise } from "./noise.ts";

/** A layer at a point: what it makes, and how that moves. */
export interface Linearized {
  /** [cases, units] */
  y: Float64Array;
  /** Rows of y, where that is another number: steps of sequences are rows. */
  cases?: number;
  /** J'v: the derivatives by the input and by each tensor of the sum of v y. */
  backward(v: Float64Array): { x: Float64Array; tensors: Float64Array[] };
  /** J u, for moves of the input and of the tensors. */
  tangent(dx: Float64Array, dtensors: readonly Float64Array[]): Float64Array;
}

/** A layer in float64; `tensors` are those from its own on. */
export interface ReferenceLayer {
  /** How many tensors it has. */
  readonly tensors: number;
  /** What it makes of an input [cases, columns]. */
  at(x: Float64Array, cases: number, tensors: readonly Float64Array[]): Linearized;
}

/** y = f(x W + b). */
export function dense(units: number, activation: Activation = "linear"): ReferenceLayer {
  return {
    tensors: 2,
    at(x, cases, [W, b]) {
      const fanIn = x.length / cases;
      const product = { rows: cases, columns: units, shared: fanIn };
      const affine = (x: Float64Array, W: Float64Array, b: Float64Array) =>
        matmul(x, W, product).map((sum, i) => sum + b[i % units]);
      const y = activate(activation, affine(x, W, b));
      const slopes = slope(activation, y);
      return {
        y,
        backward(v) {
          const delta = v.map((v, i) => v * slopes[i]);
          const ones = new Float64Array(cases).fill(1);
          const gradient = { rows: fanIn, columns: units, shared: cases, transposeA: true };
          const back = { rows: cases, columns: fanIn, shared: units, transposeB: true };
          const tensors = [
            matmul(x, delta, gradient),
            matmul(ones, delta, { ...gradient, rows: 1 }),
          ];
          return { x: matmul(delta, W, back), tensors };
        },
        tangent(dx, [dW, db]) {
          const still = new Float64Array(units);
          const moved = affine(dx, W, still);
          return affine(x, dW, db).map((change, i) => slopes[i] * (change + moved[i]));
        },
      };
    },
  };
}

/**
 * h_t = f(h_{t-1} W + x_t V + b) from h = 0, of inputs [T, B, columns] as T B cases; its tensors are V,
 * W and b.
 */
export function recurrent(
  units: number,
  { activation = "tanh", steps }: { activation?: Activation; steps: number },
): ReferenceLayer {
  return {
    tensors: 3,
    at(x, cases, [V, W, b]) {
      const [fanIn, rows] = [x.length / cases, cases / steps];
      const step = (values: Float64Array, t: number) =>
        values.subarray(t * values.length / steps, (t + 1) * values.length / steps);
      const times = (a: Float64Array, b: Float64Array, shared: number, rest = {}) =>
        matmul(a, b, { rows, columns: units, shared, ...rest });
      const plus = (...all: Float64Array[]) =>
        all.reduce((sum, part) => sum.map((value, i) => value + part[i % part.length]));
      const states: Float64Array[] = [new Float64Array(rows * units)];
      for (let t = 0; t < steps; t++) {
        const z = plus(times(states[t], W, units), times(step(x, t), V, fanIn), b);
        states.push(activate(activation, z));
      }
      const slopes = states.slice(1).map((state) => slope(activation, state));
      const join = (all: readonly Float64Array[]) =>
        Float64Array.from(all.flatMap((part) => [...part]));
      const ofSlope = (values: Float64Array, t: number) => values.map((v, i) => v * slopes[t][i]);
      return {
        y: join(states.slice(1)),
        backward(v) {
          const deltas: Float64Array[] = [];
          let back: Float64Array = new Float64Array(rows * units);
          for (let t = steps - 1; t >= 0; t--) {
            deltas.unshift(ofSlope(plus(step(v, t), back), t));
            back = times(deltas[0], W, units, { transposeB: true });
          }
          const delta = join(deltas);
          const gradient = (a: Float64Array, fan: number) =>
            matmul(a, delta, { rows: fan, columns: units, shared: cases, transposeA: true });
          return {
            x: matmul(delta, V, { rows: cases, columns: fanIn, shared: units, transposeB: true }),
            tensors: [
              gradient(x, fanIn),
              gradient(join(states.slice(0, -1)), units),
              gradient(new Float64Array(cases).fill(1), 1),
            ],
          };
        },
        tangent(dx, [dV, dW, db]) {
          const moves: Float64Array[] = [];
          let before: Float64Array = new Float64Array(rows * units);
          for (let t = 0; t < steps; t++) {
            const z = plus(
              times(before, W, units),
              times(states[t], dW, units),
              times(step(x, t), dV, fanIn),
              times(step(dx, t), V, fanIn),
              db,
            );
            moves.push(before = ofSlope(z, t));
          }
          return join(moves);
        },
      };
    },
  };
}

/** y = f(x). */
export function activation(kind: Activation): ReferenceLayer {
  return {
    tensors: 0,
    at(x) {
      const y = activate(kind, x);
      const slopes = slope(kind, y);
      const times = (v: Float64Array) => v.map((v, i) => v * slopes[i]);
      return { y, backward: (v) => ({ x: times(v), tensors: [] }), tangent: times };
    },
  };
}

/** The units of each case less their mean, over sqrt(variance + epsilon), times gains plus shifts. */
export function layerNorm(epsilon: number): ReferenceLayer {
  return norm(epsilon, (at, units) => ({ group: Math.floor(at / units), channel: at % units }));
}

/**
 * The same of each unit over all cases; of images, whose channels are `places` neighbouring units, of
 * each channel.
 */
export function batchNorm(epsilon: number, places = 1): ReferenceLayer {
  return norm(epsilon, (at, units) => {
    const channel = Math.floor(at % units / places);
    return { group: channel, channel };
  });
}

/** What each value is normalized with, and the gain and the shift that it has. */
function norm(
  epsilon: number,
  placeOf: (at: number, units: number) => { group: number; channel: number },
): ReferenceLayer {
  return {
    tensors: 2,
    at(x, cases, [gains, shifts]) {
      const places = Array.from(x, (_, at) => placeOf(at, x.length / cases));
      const sums = (values: Float64Array, of: "group" | "channel") => {
        const out: number[] = [];
        values.forEach((value, at) => out[places[at][of]] = (out[places[at][of]] ?? 0) + value);
        return out;
      };
      const counts = sums(new Float64Array(x.length).fill(1), "group");
      const mean = (values: Float64Array) => {
        const means = sums(values, "group").map((sum, g) => sum / counts[g]);
        return values.map((_, at) => means[places[at].group]);
      };
      const [means, gain] = [mean(x), x.map((_, at) => gains[places[at].channel])];
      const deviations = x.map((value, at) => value - means[at]);
      const roots = mean(deviations.map((v) => v * v)).map((v) => Math.sqrt(v + epsilon));
      const u = deviations.map((v, at) => v / roots[at]);
      // Its own transpose.
      const project = (t: Float64Array) => {
        const [of, along] = [mean(t), mean(t.map((t, at) => t * u[at]))];
        return t.map((t, at) => (t - of[at] - u[at] * along[at]) / roots[at]);
      };
      const byChannel = (values: Float64Array) => Float64Array.from(sums(values, "channel"));
      return {
        y: u.map((u, at) => gain[at] * u + shifts[places[at].channel]),
        backward: (v) => ({
          x: project(v.map((v, at) => gain[at] * v)),
          tensors: [byChannel(v.map((v, at) => v * u[at])), byChannel(v)],
        }),
        tangent: (dx, [dgains, dshifts]) =>
          project(dx).map((t, at) => {
            const { channel } = places[at];
            return gain[at] * t + dgains[channel] * u[at] + dshifts[channel];
          }),
      };
    },
  };
}

/** What fixes what a layer draws. */
export interface DrawKey extends CasePlaces {
  /** The network's. */
  seed: number;
  /** Updates done before. */
  update: number;
  /** The layer's place among the operations. */
  stream: number;
}

/** x / (1 - rate) where a unit is kept, else 0: a share `rate` is dropped. */
export function dropout(key: DrawKey & { rate: number }): ReferenceLayer {
  return {
    tensors: 0,
    at(x, cases) {
      const mask = dropoutMask(key, cases, x.length / cases);
      const times = (v: Float64Array) => v.map((v, i) => v * mask[i] / (1 - key.rate));
      return { y: times(x), backward: (v) => ({ x: times(v), tensors: [] }), tangent: times };
    },
  };
}

/** 1 where a unit of [cases, columns] is kept, else 0: as shaders/dropout.wgsl draws it. */
export function dropoutMask(
  key: DrawKey & { rate: number },
  cases: number,
  columns: number,
): Uint8Array {
  const threshold = Math.min(Math.round((1 - key.rate) * 2 ** 32), 2 ** 32 - 1);
  const quads = Math.ceil(columns / 4);
  return new Uint8Array(cases * columns).map((_, i) => {
    const [row, column] = [Math.floor(i / columns), i % columns];
    const block = caseBlock(key, { rows: cases, quads }, row, Math.floor(column / 4));
    const words = philox4x32([block, key.update, key.stream, Purpose.dropout], seedKey(key.seed));
    return words[column % 4] < threshold ? 1 : 0;
  });
}

/** x + deviation N(0, 1). */
export function noise(key: DrawKey & { deviation: number }): ReferenceLayer {
  const { deviation, stream: layer, ...others } = key;
  return {
    tensors: 0,
    at(x, rows) {
      const draws = gaussianNoise({
        ...others,
        ...{ purpose: Purpose.unitNoise, rows, columns: x.length / rows, cases: { ...key, layer } },
      });
      return {
        y: x.map((value, i) => value + deviation * draws[i]),
        backward: (v) => ({ x: v, tensors: [] }),
        tangent: (dx) => dx,
      };
    },
  };
}

/** Layers one after another. */
export function sequential(...layers: readonly ReferenceLayer[]): ReferenceLayer {
  const firsts = layers.map((_, i) =>
    layers.slice(0, i).reduce((sum, { tensors }) => sum + tensors, 0)
  );
  return {
    tensors: layers.reduce((sum, { tensors }) => sum + tensors, 0),
    at(x, cases, tensors) {
      const own = (all: readonly Float64Array[], i: number) =>
        all.slice(firsts[i], firsts[i] + layers[i].tensors);
      const made: Linearized[] = [];
      let rows = cases;
      layers.forEach((layer, i) => {
        made.push(layer.at(made.at(-1)?.y ?? x, rows, own(tensors, i)));
        rows = made[i].cases ?? rows;
      });
      return {
        y: made.at(-1)!.y,
        cases: rows,
        backward(v) {
          const gradients: Float64Array[][] = [];
          let share = v;
          for (const { backward } of made.toReversed()) {
            const { x, tensors } = backward(share);
            gradients.unshift(tensors);
            share = x;
          }
          return { x: share, tensors: gradients.flat() };
        },
        tangent: (dx, all) => made.reduce((dx, { tangent }, i) => tangent(dx, own(all, i)), dx),
      };
    },
  };
}

/** The sum of what several layers make of one input, their tensors in order. */
export function branches(...layers: readonly ReferenceLayer[]): ReferenceLayer {
  const firsts = layers.map((_, i) =>
    layers.slice(0, i).reduce((sum, { tensors }) => sum + tensors, 0)
  );
  const add = (all: readonly Float64Array[]) =>
    all.reduce((sum, part) => sum.map((value, i) => value + part[i]));
  return {
    tensors: layers.reduce((sum, { tensors }) => sum + tensors, 0),
    at(x, cases, tensors) {
      const own = (all: readonly Float64Array[], i: number) =>
        all.slice(firsts[i], firsts[i] + layers[i].tensors);
      const made = layers.map((layer, i) => layer.at(x, cases, own(tensors, i)));
      return {
        y: add(made.map(({ y }) => y)),
        backward(v) {
          const all = made.map(({ backward }) => backward(v));
          return { x: add(all.map(({ x }) => x)), tensors: all.flatMap(({ tensors }) => tensors) };
        },
        tangent: (dx, all) => add(made.map(({ tangent }, i) => tangent(dx, own(all, i)))),
      };
    },
  };
}
