import { assertAlmostEquals, assertEquals, assertLessOrEqual, assertThrows } from "@std/assert";
import { Plan } from "../../core/gpu/plan.ts";
import { type Matrix, unpad } from "../../core/gpu/matrix.ts";
import { type Activation, activations } from "../../core/ops/activation.ts";
import { columnSum } from "../../core/ops/column_sum.ts";
import { matmul } from "../../core/ops/matmul.ts";
import { hardwareTiles, softwareTiles, type Tile, tilesFor } from "../../core/ops/tile.ts";
import { Vector, VectorLayout } from "../../core/gpu/vector.ts";
import { type Bench, draw, gpuTest } from "../gpu/fixture.ts";
import { activate, slope } from "../../core/reference/activation.ts";
import { matmul as reference } from "../../core/reference/matmul.ts";
import {
  activationError,
  slopeError,
  sumError,
  unitRoundoff,
} from "../../core/reference/tolerance.ts";

/** A kind of product. */
interface Kind {
  transposeA?: boolean;
  transposeB?: boolean;
  /** Epilogues. */
  forward?: Activation;
  backward?: Activation;
  /** l2. */
  decay?: number;
}

/** [M, K, N]: out [M, N], sums of K. */
type Shape = readonly [number, number, number];

const sizes = [1, 3, 17, 129];
const shapes: Shape[] = [
  ...sizes.flatMap((m) => sizes.flatMap((k) => sizes.map((n): Shape => [m, k, n]))),
  [8, 8, 8],
  [16, 16, 16],
  [200, 50, 25],
];

const magnitude = (values: Float64Array) => values.map(Math.abs);

/** A product on the GPU, its operands at random, and what it should come to. */
class Case {
  readonly a: Float64Array;
  readonly b: Float64Array;
  /** The bias, the outputs whose slopes multiply the product, or the weights that decay. */
  readonly extra: Float64Array | undefined;
  readonly out: Matrix;

  constructor(
    bench: Bench,
    plan: Plan,
    readonly kind: Kind,
    readonly shape: Shape,
    readonly replicas: number,
    tile: Tile | undefined,
  ) {
    const [m, k, n] = shape;
    const { transposeA, transposeB, forward, backward, decay } = kind;
    const operand = (rows: number, columns: number, stream: number, unit?: Activation) => {
      const drawn = draw(replicas * rows * columns, stream);
      const values = unit ? Float32Array.from(activate(unit, Float64Array.from(drawn))) : drawn;
      return { values, matrix: bench.matrix(rows, columns, values, replicas) };
    };
    const a = transposeA ? operand(k, m, 1) : operand(m, k, 1);
    const b = transposeB ? operand(n, k, 2) : operand(k, n, 2);
    const bias = forward && operand(1, n, 3);
    const outputs = backward && operand(m, n, 4, backward);
    this.a = Float64Array.from(a.values);
    this.b = Float64Array.from(b.values);
    const weights = decay === undefined ? undefined : operand(m, n, 5);
    const extra = bias ?? outputs ?? weights;
    this.extra = extra && Float64Array.from(extra.values);
    this.out = bench.matrix(m, n, undefined, replicas);
    matmul(
      plan,
      {
        ...kind,
        a: a.matrix,
        b: b.matrix,
        out: this.out,
        forward: bias && { bias: bias.matrix, activation: forward },
        backward: outputs && { outputs: outputs.matrix, activation: backward },
        decay: weights && { weights: weights.matrix, l2: decay },
      } as Parameters<typeof matmul>[1],
      tile,
    );
  }

  /** Checks the contents of the output's buffer, padding included. */
  check(contents: Float32Array): void {
    const [m, k, n] = this.shape;
    const { stride, replicaStride } = this.out;
    const label = `${this.shape.join(" x ")}, R = ${this.replicas}`;
    for (let r = 0; r < this.replicas; r++) {
      const part = (values: Float64Array, length: number) =>
        values.subarray(r * length, (r + 1) * length);
      const product = { ...this.kind, rows: m, columns: n, shared: k };
      const [a, b] = [part(this.a, m * k), part(this.b, k * n)];
      const sums = reference(a, b, product);
      const sizes = reference(magnitude(a), magnitude(b), product);
      const { wanted, error } = this.#epilogue(sums, sizes, r);
      for (let i = 0, at = r * replicaStride; at < (r + 1) * replicaStride; i++, at += stride) {
        for (let j = 0; j < stride; j++) {
          if (i < m && j < n) {
            const difference = Math.abs(contents[at + j] - wanted[i * n + j]);
            assertLessOrEqual(difference, error[i * n + j], `${label}: [${r}, ${i}, ${j}]`);
          } else if (j >= n || !this.kind.forward) {
            assertEquals(contents[at + j], 0, `${label}: the padding at [${r}, ${i}, ${j}]`);
          }
        }
      }
    }
  }

  /** What the epilogue makes of `sums`, whose terms have magnitudes that add up to `sizes`. */
  #epilogue(sums: Float64Array, sizes: Float64Array, r: number) {
    const [m, k, n] = this.shape;
    const { forward, backward, decay } = this.kind;
    if (forward) {
      const bias = this.extra!.subarray(r * n, (r + 1) * n);
      const z = sums.map((sum, i) => sum + bias[i % n]);
      const error = z.map((z, i) =>
        activationError(forward, z, sumError(k + 1, sizes[i] + Math.abs(bias[i % n])))
      );
      return { wanted: activate(forward, z), error: error.map((e, i) => e + rounding(z[i])) };
    }
    const sumErrors = sizes.map((size) => sumError(k, size));
    if (decay !== undefined) {
      const added = this.extra!.subarray(r * m * n, (r + 1) * m * n).map((w) => decay * w);
      return {
        wanted: sums.map((sum, i) => sum + added[i]),
        // One more term of the sum.
        error: sizes.map((size, i) => sumError(k + 1, size + Math.abs(added[i]))),
      };
    }
    if (!backward) return { wanted: sums, error: sumErrors };
    const y = this.extra!.subarray(r * m * n, (r + 1) * m * n);
    const slopes = slope(backward, y);
    return {
      wanted: sums.map((sum, i) => sum * slopes[i]),
      error: sums.map((sum, i) =>
        Math.abs(slopes[i]) * sumErrors[i] + Math.abs(sum) * slopeError(backward, y[i]) +
        rounding(sum * slopes[i])
      ),
    };
  }
}

const rounding = (value: number) => unitRoundoff * Math.abs(value);

/** The smallest tile that a workgroup computes together. */
const sharingTile = hardwareTiles[hardwareTiles.length - 1];

/** The adapter's choice, and a tile of the other kind; GPUs read no textures. */
function tilesOf({ gpu }: Bench): (Tile | undefined)[] {
  if (gpu.operands === "textures") return [undefined];
  return [undefined, ...tilesFor(gpu).length === 1 ? [sharingTile] : softwareTiles];
}

function matmulTest(what: string, kind: Kind) {
  gpuTest(`matmul() ${what}`, async (bench) => {
    const cases: Case[] = [];
    bench.run((plan) => {
      for (const tile of tilesOf(bench)) {
        shapes.forEach((shape, i) =>
          cases.push(new Case(bench, plan, kind, shape, i % 3 ? 1 : 3, tile))
        );
      }
    });
    const contents = await Promise.all(cases.map(({ out }) => bench.floats(out.buffer)));
    cases.forEach((one, i) => one.check(contents[i]));
  });
}

matmulTest("multiplies", {});
matmulTest("reads a transposed", { transposeA: true });
matmulTest("reads b transposed", { transposeB: true });
matmulTest("reads both transposed", { transposeA: true, transposeB: true });
matmulTest("adds a multiple of the weights", { transposeA: true, decay: 0.375 });
for (const activation of activations) {
  matmulTest(`adds a bias and applies ${activation} units`, { forward: activation });
  matmulTest(`multiplies by the slope of ${activation} units`, {
    transposeB: true,
    backward: activation,
  });
}

interface BitsOptions {
  replicas: number;
  tile?: Tile;
  /** The replica to begin with. */
  first?: number;
}

/** The bits of products of R replicas, each operand being of `draw`, one a shape. */
async function bits(
  bench: Bench,
  { transposeA = false, transposeB = false }: Kind,
  shapes: readonly Shape[],
  { replicas, tile, first = 0 }: BitsOptions,
): Promise<Uint32Array[]> {
  const outs: Matrix[] = [];
  bench.run((plan) => {
    for (const [m, k, n] of shapes) {
      const operand = (rows: number, columns: number, stream: number) => {
        const values = draw(3 * rows * columns, stream).slice(first * rows * columns);
        return bench.matrix(rows, columns, values, replicas);
      };
      const a = transposeA ? operand(k, m, 1) : operand(m, k, 1);
      const b = transposeB ? operand(n, k, 2) : operand(k, n, 2);
      const out = bench.matrix(m, n, undefined, replicas);
      matmul(plan, { a, b, out, transposeA, transposeB }, tile);
      outs.push(out);
    }
  });
  const values = await Promise.all(outs.map((out) => bench.values(out)));
  return values.map(({ buffer }) => new Uint32Array(buffer));
}

const registerTiles: Tile[] = [[1, 1], [1, 2], [2, 1], [2, 2]].map(([rows, columns]) => (
  { rows, columns, workgroup: 8 }
));

for (const transposeA of [false, true]) {
  for (const transposeB of [false, true]) {
    const kind = { transposeA, transposeB };
    const words = `${transposeA ? "a'" : "a"} ${transposeB ? "b'" : "b"}`;
    gpuTest(`matmul() gives ${words} the same bits for every R`, async (bench) => {
      const shape = [17, 129, 35] as const;
      const [together] = await bits(bench, kind, [shape], { replicas: 3 });
      const size = together.length / 3;
      for (const first of [0, 1, 2]) {
        const [alone] = await bits(bench, kind, [shape], { replicas: 1, first });
        assertEquals(together.subarray(first * size, (first + 1) * size), alone);
      }
    });

    gpuTest(`matmul() gives ${words} the same bits for every tile`, async (bench) => {
      const all = [...shapes, [137, 41, 265] as const];
      const wanted = await bits(bench, kind, all, { replicas: 3 });
      // No network needs both transposed, and GPUs read no textures.
      const isForGPUs = bench.gpu.operands === "buffers" && !(transposeA && transposeB);
      for (const tile of [...registerTiles, ...isForGPUs ? hardwareTiles : []]) {
        const found = await bits(bench, kind, all, { replicas: 3, tile });
        const different = all.filter((_, i) => found[i].some((word, at) => word !== wanted[i][at]));
        assertEquals(different, [], JSON.stringify(tile));
      }
    });
  }
}

gpuTest("matmul() sums the columns of b beside the product", async (bench) => {
  for (const tile of [undefined, sharingTile]) {
    for (const [m, k, n] of [[1, 1, 1], [17, 129, 35], [129, 17, 3], [8, 72, 136]]) {
      const [a, b] = [
        bench.matrix(k, m, draw(3 * k * m, 1), 3),
        bench.matrix(k, n, draw(3 * k * n, 2), 3),
      ];
      const layout = new VectorLayout([
        { name: "weights", rows: m, columns: n },
        { name: "biases", rows: 1, columns: n },
      ]);
      const gradient = bench.take(new Vector(bench.gpu, "test", layout, 3));
      const [out, wanted] = [bench.matrix(m, n, undefined, 3), bench.matrix(1, n, undefined, 3)];
      bench.run((plan) => {
        const [weights, columnSums] = [gradient.tensor(0), gradient.tensor(1)];
        matmul(plan, { a, b, out: weights, transposeA: true, columnSums }, tile);
        matmul(plan, { a, b, out, transposeA: true }, tile);
        columnSum(plan, b, wanted);
      });
      const contents = await bench.floats(gradient.buffer);
      assertEquals(unpad(gradient.tensor(0), contents), await bench.values(out));
      assertEquals(unpad(gradient.tensor(1), contents), await bench.values(wanted));
    }
  }
});

gpuTest("matmul() reads and writes tensors within a vector", async (bench) => {
  const [batch, below, above] = [5, 13, 7];
  const layout = new VectorLayout([
    { name: "weights 1", rows: 3, columns: below },
    { name: "biases 1", rows: 1, columns: below },
    { name: "weights 2", rows: below, columns: above },
    { name: "biases 2", rows: 1, columns: above },
  ]);
  const vectors = [10, 20].map((stream) => {
    const vector = bench.take(new Vector(bench.gpu, "test", layout, 3));
    const values = [0, 1, 2].map((r) =>
      layout.tensors.map(({ rows, columns }, t) => draw(rows * columns, stream + 100 * r + t))
    );
    values.forEach((tensors, r) => vector.write(r, tensors));
    return { vector, values };
  });
  const [parameters, gradient] = vectors;
  const [a, delta] = [below, above].map((n) => ({ values: draw(3 * batch * n, n), n }));
  const out = bench.matrix(batch, above, undefined, 3);
  bench.run((plan) => {
    const [y, d] = [a, delta].map(({ values, n }) => bench.matrix(batch, n, values, 3));
    const forward = { bias: parameters.vector.tensor(3), activation: "linear" } as const;
    matmul(plan, { a: y, b: parameters.vector.tensor(2), out, forward });
    matmul(plan, { a: y, b: d, out: gradient.vector.tensor(2), transposeA: true });
  });
  const outputs = await bench.values(out);
  for (const r of [0, 1, 2]) {
    const part = ({ values, n }: typeof a) =>
      Float64Array.from(values.subarray(r * batch * n, (r + 1) * batch * n));
    const weights = Float64Array.from(parameters.values[r][2]);
    const sums = reference(part(a), weights, { rows: batch, columns: above, shared: below })
      .map((sum, i) => sum + parameters.values[r][3][i % above]);
    // Every term is at most 1.
    sums.forEach((sum, i) =>
      assertAlmostEquals(outputs[r * sums.length + i], sum, sumError(below + 1, below + 1))
    );
    const product = { rows: below, columns: above, shared: batch, transposeA: true };
    const wanted = reference(part(a), part(delta), product);
    const read = await gradient.vector.read(r);
    wanted.forEach((sum, i) => assertAlmostEquals(read[2][i], sum, sumError(batch, batch)));
    for (const t of [0, 1, 3]) assertEquals(read[t], gradient.values[r][t]); // untouched
  }
});

const kinds: [string, Kind][] = [
  ["a b", {}],
  ["a' b", { transposeA: true }],
  ["a b'", { transposeB: true }],
  ...activations.map((forward): [string, Kind] => [`${forward} units`, { forward }]),
];

for (const [words, { transposeA = false, transposeB = false, forward }] of kinds) {
  gpuTest(`matmul() lets NaN and infinity through ${words}`, async (bench) => {
    const [m, k, n] = [17, 9, 13];
    const [a, b, bias] = [draw(m * k, 1), draw(k * n, 2), draw(n, 3)];
    a[3 * k + 2] = NaN;
    a[5 * k + 8] = Infinity;
    b[4 * n + 6] = -Infinity;
    b[0 * n + 12] = NaN;
    bias[9] = NaN;
    bias[10] = Infinity;
    const operand = (values: Float32Array, rows: number, columns: number, transpose: boolean) =>
      transpose
        ? bench.matrix(
          columns,
          rows,
          values.map((_, i) => values[i % rows * columns + Math.floor(i / rows)]),
        )
        : bench.matrix(rows, columns, values);
    const out = bench.matrix(m, n);
    bench.run((plan) =>
      matmul(plan, {
        a: operand(a, m, k, transposeA),
        b: operand(b, k, n, transposeB),
        out,
        ...{ transposeA, transposeB },
        ...(forward && { forward: { bias: bench.matrix(1, n, bias), activation: forward } }),
      })
    );
    const product = { rows: m, columns: n, shared: k };
    const sums = reference(Float64Array.from(a), Float64Array.from(b), product);
    const wanted = forward ? activate(forward, sums.map((sum, i) => sum + bias[i % n])) : sums;
    const special = (values: Iterable<number>) =>
      Array.from(values, (value) => Number.isFinite(value) ? "finite" : String(value));
    assertEquals(special(await bench.values(out)), special(wanted));
    assertEquals(wanted.subarray(3 * n, 4 * n).every(Number.isNaN), true); // row 3 of a
  });
}

gpuTest("matmul() refuses shapes that do not fit", (bench) => {
  const [a, b] = [bench.matrix(3, 4), bench.matrix(5, 2)];
  assertThrows(
    () => matmul(new Plan(bench.gpu), { a, b, out: bench.matrix(3, 2) }),
    RangeError,
    "a product of [1, 3, 4] and [1, 5, 2] does not give [1, 3, 2]",
  );
  for (const out of [bench.matrix(4, 2), bench.matrix(3, 5)]) {
    assertThrows(
      () => matmul(new Plan(bench.gpu), { a, b: bench.matrix(4, 2), out }),
      RangeError,
    );
  }
});

gpuTest("matmul() refuses column sums that do not fit", (bench) => {
  const [a, b, out] = [bench.matrix(3, 4), bench.matrix(3, 2), bench.matrix(4, 2)];
  const product = { a, b, out, transposeA: true };
  const refuse = (columnSums: Matrix, other: Partial<Parameters<typeof matmul>[1]> = {}) =>
    assertThrows(
      () => matmul(new Plan(bench.gpu), { ...product, ...other, columnSums }),
      RangeError,
      "cannot hold the column sums",
    );
  refuse(bench.matrix(1, 2)); // elsewhere
  refuse({ ...out, rows: 1, columns: 3 });
  refuse({ ...out, rows: 1 }, { b: bench.matrix(2, 3), transposeB: true });
});
