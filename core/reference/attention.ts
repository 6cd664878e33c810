import { softmax } from "./losses.ts";
import type { ReferenceLayer } from "./layers.ts";
import { matmul } from "./matmul.ts";

/**
 * y_t = sum over steps j of softmax_j(q_t'k_j / sqrt(d)) v_j in each head of d units, over all steps or,
 * causal, those up to t. Rows of x are steps [T, B, 3 n]: the queries of all heads, their keys, their
 * values.
 */
export function attention(
  { steps, heads, isCausal }: { steps: number; heads: number; isCausal: boolean },
): ReferenceLayer {
  return {
    tensors: 0,
    at(x, rows) {
      const [batch, width] = [rows / steps, x.length / rows];
      const [n, d] = [width / 3, width / 3 / heads];
      const scale = 1 / Math.sqrt(d);
      const square = { rows: steps, columns: steps, shared: d, transposeB: true };
      const tall = { rows: steps, columns: d, shared: steps };
      const places = Array.from(
        { length: batch * heads },
        (_, i) => ({ row: Math.floor(i / heads), head: i % heads }),
      );
      /** Part p of one head of one case, [T, d], of rows of `width` values. */
      const part = (of: Float64Array, { row, head }: { row: number; head: number }, p: number) => {
        const columns = of.length / rows;
        return new Float64Array(steps * d).map((_, i) =>
          of[(Math.floor(i / d) * batch + row) * columns + p * n + head * d + i % d]
        );
      };
      /** The inverse, of the parts of all heads of all cases. */
      const join = (parts: readonly (readonly Float64Array[])[]) => {
        const columns = parts[0].length * n, out = new Float64Array(rows * columns);
        places.forEach(({ row, head }, i) =>
          parts[i].forEach((values, p) =>
            values.forEach((value, at) => {
              const start = (Math.floor(at / d) * batch + row) * columns;
              out[start + p * n + head * d + at % d] = value;
            })
          )
        );
        return out;
      };
      const weightsOf = (q: Float64Array, k: Float64Array) => {
        const scores = matmul(q, k, square).map((score, i) =>
          isCausal && i % steps > Math.floor(i / steps) ? -Infinity : scale * score
        );
        return softmax(scores, steps);
      };
      /** The derivative of each row of the softmax, its own transpose, with the scale. */
      const through = (weights: Float64Array, moves: Float64Array) => {
        const means = new Float64Array(steps);
        moves.forEach((move, i) => means[Math.floor(i / steps)] += weights[i] * move);
        return weights.map((weight, i) =>
          scale * weight * (moves[i] - means[Math.floor(i / steps)])
        );
      };
      const plus = (a: Float64Array, b: Float64Array) => a.map((a, i) => a + b[i]);
      const made = places.map((place) => {
        const [q, k, v] = [0, 1, 2].map((p) => part(x, place, p));
        return { place, q, k, v, weights: weightsOf(q, k) };
      });
      const back = { ...tall, transposeA: true };
      return {
        y: join(made.map(({ weights, v }) => [matmul(weights, v, tall)])),
        backward: (delta) => ({
          x: join(made.map(({ place, q, k, v, weights }) => {
            const own = part(delta, place, 0);
            const slopes = through(weights, matmul(own, v, square));
            return [matmul(slopes, k, tall), matmul(slopes, q, back), matmul(weights, own, back)];
          })),
          tensors: [],
        }),
        tangent: (dx) =>
          join(made.map(({ place, q, k, v, weights }) => {
            const [dq, dk, dv] = [0, 1, 2].map((p) => part(dx, place, p));
            const moves = plus(matmul(dq, k, square), matmul(q, dk, square));
            return [plus(matmul(through(weights, moves), v, tall), matmul(weights, dv, tall))];
          })),
      };
    },
  };
}

/** Images [channels, height, width] as sequences of square patches, [T, B, channels size size]. */
export function patches(
  { image: [channels, height, width], size }: {
    image: readonly [number, number, number];
    size: number;
  },
): ReferenceLayer {
  return {
    tensors: 0,
    at(x, rows) {
      const pixels = channels * height * width, units = channels * size * size;
      const steps = pixels / units, across = width / size;
      /** Where each unit of each patch lies in the images. */
      const places = Array.from({ length: rows * pixels }, (_, at) => {
        const [line, unit] = [Math.floor(at / units), at % units];
        const [t, row] = [Math.floor(line / rows), line % rows];
        const [channel, i, j] = [
          Math.floor(unit / size / size),
          Math.floor(unit / size) % size,
          unit % size,
        ];
        const y = Math.floor(t / across) * size + i;
        return row * pixels + (channel * height + y) * width + t % across * size + j;
      });
      const cut = (x: Float64Array) => Float64Array.from(places, (place) => x[place]);
      return {
        y: cut(x),
        cases: rows * steps,
        backward(v) {
          const back = new Float64Array(x.length);
          places.forEach((place, at) => back[place] = v[at]);
          return { x: back, tensors: [] };
        },
        tangent: cut,
      };
    },
  };
}

/** The mean over steps of rows [T, B, units]. */
export function stepMean(steps: number): ReferenceLayer {
  return {
    tensors: 0,
    at(x, rows) {
      const length = x.length / steps;
      const mean = (x: Float64Array) =>
        new Float64Array(length).map((_, i) =>
          Array.from({ length: steps }, (_, t) => x[t * length + i]).reduce((a, b) => a + b) / steps
        );
      return {
        y: mean(x),
        cases: rows / steps,
        backward: (v) => ({ x: x.map((_, i) => v[i % length] / steps), tensors: [] }),
        tangent: mean,
      };
    },
  };
}

/** The row of a table [vocabulary, units] that each token, the only value of a row of x, numbers. */
export function embedding(vocabulary: number, units: number): ReferenceLayer {
  return rowsOfTable(vocabulary, (x) => ({ numbers: Array.from(x), units, carries: false }));
}

/** x, rows [T, B, units], plus the row of a table [T, units] of each step. */
export function positions(steps: number): ReferenceLayer {
  return rowsOfTable(steps, (x, rows) => ({
    numbers: Array.from({ length: rows }, (_, row) => Math.floor(row / (rows / steps))),
    ...{ units: x.length / rows, carries: true },
  }));
}

function rowsOfTable(
  entries: number,
  of: (x: Float64Array, rows: number) => { numbers: number[]; units: number; carries: boolean },
): ReferenceLayer {
  return {
    tensors: 1,
    at(x, rows, [table]) {
      const { numbers, units, carries } = of(x, rows);
      const look = (table: Float64Array, x: Float64Array) =>
        new Float64Array(rows * units).map((_, i) =>
          table[numbers[Math.floor(i / units)] * units + i % units] + (carries ? x[i] : 0)
        );
      return {
        y: look(table, x),
        backward(delta) {
          const sums = new Float64Array(entries * units);
          delta.forEach((value, i) => {
            sums[numbers[Math.floor(i / units)] * units + i % units] += value;
          });
          return { x: carries ? delta : new Float64Array(x.length), tensors: [sums] };
        },
        tangent: (dx, [dtable]) => look(dtable, dx),
      };
    },
  };
}
