import { assertAlmostEquals, assertEquals, assertLessOrEqual, assertThrows } from "@std/assert";
import { Plan } from "../../core/gpu/plan.ts";
import { type Tensor, unpad } from "../../core/gpu/tensor.ts";
import { type Activation, activations } from "../../core/ops/activation.ts";
import { columnSum } from "../../core/ops/column_sum.ts";
import { matmul, matmuls } from "../../core/ops/matmul.ts";
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
  /** What is added: one row, or a whole matrix. */
  plus?: "row" | "matrix";
  times?: number;
  activate?: Activation;
  slopeOf?: Activation;
  adds?: boolean;
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

/** What a replica's output should come to, and the most that it may differ. */
interface Expected {
  wanted: Float64Array;
  error: Float64Array;
}

/** A product on the GPU, its operands at random, and what it should come to. */
class Case {
  readonly a: Float64Array;
  readonly b: Float64Array;
  /** What is added to the product, and the outputs whose slopes multiply it. */
  readonly plus: Float64Array | undefined;
  readonly outputs: Float64Array | undefined;
  /** What is in `out` before. */
  readonly before: Float64Array;
  readonly out: Tensor;

  constructor(
    bench: Bench,
    plan: Plan,
    readonly kind: Kind,
    readonly shape: Shape,
    readonly replicas: number,
    tile: Tile | undefined,
  ) {
    const [m, k, n] = shape;
    const { transposeA, transposeB, activate: unit, slopeOf } = kind;
    const operand = (rows: number, columns: number, stream: number, unit?: Activation) => {
      const drawn = draw(replicas * rows * columns, stream);
      const values = unit ? Float32Array.from(activate(unit, Float64Array.from(drawn))) : drawn;
      return { values, matrix: bench.matrix(rows, columns, values, replicas) };
    };
    const a = transposeA ? operand(k, m, 1) : operand(m, k, 1);
    const b = transposeB ? operand(n, k, 2) : operand(k, n, 2);
    const plus = kind.plus && operand(kind.plus === "row" ? 1 : m, n, 3);
    const outputs = slopeOf && operand(m, n, 4, slopeOf);
    // Without `adds` the same numbers must not matter.
    const out = operand(m, n, 5);
    this.a = Float64Array.from(a.values);
    this.b = Float64Array.from(b.values);
    this.plus = plus && Float64Array.from(plus.values);
    this.outputs = outputs && Float64Array.from(outputs.values);
    this.before = Float64Array.from(out.values, (value) => kind.adds ? value : 0);
    this.out = out.matrix;
    matmul(plan, {
      a: a.matrix,
      b: b.matrix,
      out: this.out,
      ...transposeA && { transposeA },
      ...transposeB && { transposeB },
      ...plus && { plus: plus.matrix },
      ...kind.times && { times: kind.times },
      ...unit && { then: { activate: unit } },
      ...outputs && { then: { slopeOf: slopeOf!, outputs: outputs.matrix } },
      ...kind.adds && { adds: true },
    }, tile);
  }

  /** Checks the contents of the output's buffer, padding included. */
  check(contents: Float32Array, expected: readonly Expected[]): void {
    const [m, , n] = this.shape;
    const { stride, replicaStride } = this.out;
    const label = `${this.shape.join(" x ")}, R = ${this.replicas}`;
    for (const [r, { wanted, error }] of expected.entries()) {
      for (let i = 0, at = r * replicaStride; at < (r + 1) * replicaStride; i++, at += stride) {
        for (let j = 0; j < stride; j++) {
          if (i < m && j < n) {
            const difference = Math.abs(contents[at + j] - wanted[i * n + j]);
            assertLessOrEqual(difference, error[i * n + j], `${label}: [${r}, ${i}, ${j}]`);
          } else if (j >= n || !(this.kind.activate || this.kind.plus === "row" && m > 1)) {
            assertEquals(contents[at + j], 0, `${label}: the padding at [${r}, ${i}, ${j}]`);
          }
        }
      }
    }
  }

  /** What each replica's output should come to, whatever the tile. */
  expected(): Expected[] {
    const [m, k, n] = this.shape;
    return Array.from({ length: this.replicas }, (_, r) => {
      const part = (values: Float64Array, length: number) =>
        values.subarray(r * length, (r + 1) * length);
      const product = { ...this.kind, rows: m, columns: n, shared: k };
      const [a, b] = [part(this.a, m * k), part(this.b, k * n)];
      const sums = reference(a, b, product);
      const sizes = reference(magnitude(a), magnitude(b), product);
      return this.#epilogue(sums, sizes, r);
    });
  }

  /** What the epilogue makes of `sums`, whose terms have magnitudes that add up to `sizes`. */
  #epilogue(sums: Float64Array, sizes: Float64Array, r: number): Expected {
    const [m, k, n] = this.shape;
    const { activate: unit, slopeOf, times = 1 } = this.kind;
    const part = (values: Float64Array) => values.subarray(r * m * n, (r + 1) * m * n);
    const before = part(this.before);
    const added = before.map((_, i) => {
      if (!this.plus) return 0;
      return times * (this.kind.plus === "row" ? this.plus[r * n + i % n] : part(this.plus)[i]);
    });
    const z = sums.map((sum, i) => before[i] + sum + added[i]);
    // Two more terms of the sum.
    const zError = sizes.map((size, i) =>
      sumError(k + 2, size + Math.abs(before[i]) + Math.abs(added[i]))
    );
    if (unit) {
      const error = z.map((z, i) => activationError(unit, z, zError[i]) + rounding(z));
      return { wanted: activate(unit, z), error };
    }
    if (!slopeOf) return { wanted: z, error: zError };
    const y = part(this.outputs!);
    const slopes = slope(slopeOf, y);
    return {
      wanted: z.map((z, i) => z * slopes[i]),
      error: z.map((z, i) =>
        Math.abs(slopes[i]) * zError[i] + Math.abs(z) * slopeError(slopeOf, y[i]) +
        rounding(z * slopes[i])
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
  const expected = new Map<Shape, Expected[]>();
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
    cases.forEach((one, i) => {
      if (!expected.has(one.shape)) expected.set(one.shape, one.expected());
      one.check(contents[i], expected.get(one.shape)!);
    });
  });
}

matmulTest("multiplies", {});
matmulTest("reads a transposed", { transposeA: true });
matmulTest("reads b transposed", { transposeB: true });
matmulTest("reads both transposed", { transposeA: true, transposeB: true });
matmulTest("adds a multiple of the weights", { transposeA: true, plus: "matrix", times: 0.375 });
matmulTest("begins with what is there", { transposeA: true, adds: true, plus: "matrix" });
matmulTest("begins with what is there, then takes slopes of the whole", {
  ...{ transposeB: true, adds: true, plus: "row", times: -2 },
  slopeOf: "tanh",
});
matmulTest("begins with what is there, then activates", { adds: true, activate: "sigmoid" });
for (const activation of activations) {
  matmulTest(`adds a bias and applies ${activation} units`, { plus: "row", activate: activation });
  matmulTest(`multiplies by the slope of ${activation} units`, {
    transposeB: true,
    slopeOf: activation,
  });
}

interface BitsOptions {
  replicas: number;
  /** By default the adapter's choice alone. */
  tiles?: readonly (Tile | undefined)[];
  /** The replica to begin with. */
  first?: number;
}

/** By tile the bits of products of R replicas, each operand being of `draw`, one a shape. */
function bits(
  bench: Bench,
  { transposeA = false, transposeB = false }: Kind,
  shapes: readonly Shape[],
  { replicas, tiles = [undefined], first = 0 }: BitsOptions,
): Promise<Uint32Array[][]> {
  const outs: Tensor[][] = tiles.map(() => []);
  bench.run((plan) => {
    for (const [m, k, n] of shapes) {
      const operand = (rows: number, columns: number, stream: number) => {
        const values = draw(3 * rows * columns, stream).slice(first * rows * columns);
        return bench.matrix(rows, columns, values, replicas);
      };
      const a = transposeA ? operand(k, m, 1) : operand(m, k, 1);
      const b = transposeB ? operand(n, k, 2) : operand(k, n, 2);
      tiles.forEach((tile, t) => {
        const out = bench.matrix(m, n, undefined, replicas);
        matmul(plan, { a, b, out, transposeA, transposeB }, tile);
        outs[t].push(out);
      });
    }
  });
  return Promise.all(
    outs.map((outs) =>
      Promise.all(outs.map(async (out) => new Uint32Array((await bench.values(out)).buffer)))
    ),
  );
}

const registerTiles: Tile[] = [[1, 1], [1, 2], [2, 1], [2, 2], [3, 4]].map(([rows, columns]) => (
  { rows, columns, workgroup: 8 }
));

for (const transposeA of [false, true]) {
  for (const transposeB of [false, true]) {
    const kind = { transposeA, transposeB };
    const words = `${transposeA ? "a'" : "a"} ${transposeB ? "b'" : "b"}`;
    gpuTest(`matmul() gives ${words} the same bits for every R`, async (bench) => {
      const shape = [17, 129, 35] as const;
      const [[together]] = await bits(bench, kind, [shape], { replicas: 3 });
      const size = together.length / 3;
      for (const first of [0, 1, 2]) {
        const [[alone]] = await bits(bench, kind, [shape], { replicas: 1, first });
        assertEquals(together.subarray(first * size, (first + 1) * size), alone);
      }
    });

    gpuTest(`matmul() gives ${words} the same bits for every tile`, async (bench) => {
      const all = [...shapes, [137, 41, 265] as const];
      // No network needs both transposed, and GPUs read no textures.
      const isForGPUs = bench.gpu.operands === "buffers" && !(transposeA && transposeB);
      const tiles = [...registerTiles, ...isForGPUs ? hardwareTiles : []];
      const [wanted, ...found] = await bits(bench, kind, all, {
        replicas: 3,
        tiles: [undefined, ...tiles],
      });
      for (const [t, tile] of tiles.entries()) {
        const isOther = (i: number) => found[t][i].some((word, at) => word !== wanted[i][at]);
        assertEquals(all.filter((_, i) => isOther(i)), [], JSON.stringify(tile));
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

gpuTest("matmuls() computes what reads the same buffers in one dispatch", async (bench) => {
  const [k, ms, ns] = [35, [1, 129, 17], [3, 9, 137]];
  const drawn = (widths: readonly number[], stream: number) => {
    const layout = new VectorLayout(
      widths.map((columns, i) => ({ name: `${i}`, rows: k, columns })),
    );
    const vector = bench.take(new Vector(bench.gpu, "test", layout, 3));
    const values = (r: number) => widths.map((n, i) => draw(k * n, stream + 10 * r + i));
    [0, 1, 2].forEach((r) => vector.write(r, values(r)));
    return vector;
  };
  const [a, b] = [drawn(ms, 100), drawn(ns, 200)];
  const layout = new VectorLayout(ms.flatMap((m, i) => [
    { name: `weights ${i}`, rows: m, columns: ns[i] },
    { name: `biases ${i}`, rows: 1, columns: ns[i] },
  ]));
  for (const tile of [undefined, sharingTile]) {
    const [together, apart] = [0, 1].map(() =>
      bench.take(new Vector(bench.gpu, "test", layout, 3))
    );
    const productsInto = (out: Vector) =>
      ms.map((_, i) => ({
        ...{ a: a.tensor(i), b: b.tensor(i), out: out.tensor(2 * i), transposeA: true },
        columnSums: out.tensor(2 * i + 1),
      }));
    const plan = bench.run((plan) => matmuls(plan, productsInto(together), tile));
    bench.run((plan) => {
      for (const product of productsInto(apart)) matmul(plan, product, tile);
    });
    assertEquals(plan.length, 1);
    assertEquals(await bench.floats(together.buffer), await bench.floats(apart.buffer));
    // Other words are another kernel.
    const [one, two, three] = productsInto(together);
    const mixed = bench.run((plan) => matmuls(plan, [one, { ...two, adds: true }, three], tile));
    assertEquals(mixed.length, 2);
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
    const [b, plus] = [parameters.vector.tensor(2), parameters.vector.tensor(3)];
    matmul(plan, { a: y, b, out, plus, then: { activate: "linear" } });
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
  ...activations.map((activate): [string, Kind] => [`${activate} units`, { activate }]),
];

for (const [words, { transposeA = false, transposeB = false, activate: unit }] of kinds) {
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
        ...(unit && { plus: bench.matrix(1, n, bias), then: { activate: unit } }),
      })
    );
    const product = { rows: m, columns: n, shared: k };
    const sums = reference(Float64Array.from(a), Float64Array.from(b), product);
    const wanted = unit ? activate(unit, sums.map((sum, i) => sum + bias[i % n])) : sums;
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
  const product = { a, b: bench.matrix(4, 2), out: bench.matrix(3, 2) };
  for (const other of [bench.matrix(2, 2), bench.matrix(1, 3), bench.matrix(3, 3)]) {
    assertThrows(
      () => matmul(new Plan(bench.gpu), { ...product, plus: other }),
      RangeError,
      "cannot be added to, or multiply [1, 3, 2]",
    );
  }
  const outputs = bench.matrix(1, 2); // one row is no matrix of outputs
  assertThrows(
    () => matmul(new Plan(bench.gpu), { ...product, then: { slopeOf: "tanh", outputs } }),
    RangeError,
    "cannot be added to, or multiply",
  );
});

gpuTest("matmul() refuses column sums that do not fit", (bench) => {
  const [a, b, out] = [bench.matrix(3, 4), bench.matrix(3, 2), bench.matrix(4, 2)];
  const product = { a, b, out, transposeA: true };
  const refuse = (columnSums: Tensor, other: Partial<Parameters<typeof matmul>[1]> = {}) =>
    assertThrows(
      () => matmul(new Plan(bench.gpu), { ...product, ...other, columnSums }),
      RangeError,
      "cannot hold the column sums",
    );
  refuse(bench.matrix(1, 2)); // elsewhere
  refuse({ ...out, rows: 1, columns: 3 });
  refuse({ ...out, rows: 1 }, { b: bench.matrix(2, 3), transposeB: true });
});
