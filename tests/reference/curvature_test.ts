import { assertAlmostEquals, assertEquals } from "@std/assert";
import {
  eigenvalues,
  gaussNewtonProduct,
  hessianProduct,
  matrixOf,
  probe,
} from "../../core/reference/curvature.ts";
import { dense, sequential } from "../../core/reference/layers.ts";
import { orthonormal, Quadratic } from "../../core/reference/quadratic.ts";

const rotation = orthonormal([1, 2, 3], [2, -1, 1]);
const quadratic = new Quadratic({ spectrum: [4, 1, -0.5], slopes: [1, -2, 3], rotation });

Deno.test("hessianProduct() of a quadratic is its matrix, eigenvalues() its spectrum", () => {
  const at = Float64Array.of(0.7, -1.2, 2.1);
  const matrix = matrixOf(hessianProduct((x) => quadratic.gradient(x), at), 3);
  // Gradients below 16 with some 32 roundings each, over a step of 2^-16 and more.
  const error = 32 * 16 * 2 ** -53 * 2 ** 16;
  matrix.forEach((value, i) => assertAlmostEquals(value, quadratic.matrix[i], error));
  eigenvalues(quadratic.matrix).forEach((value, i) =>
    assertAlmostEquals(value, quadratic.spectrum[i], 64 * 4 * 2 ** -53)
  );
});

Deno.test("gaussNewtonProduct() is J'HJ, J by differences of the outputs", () => {
  const layers = sequential(dense(2, "tanh"), dense(2));
  const sizes = [6, 2, 4, 2];
  const values = Float64Array.from({ length: 14 }, (_, i) => Math.sin(1 + i * i));
  const split = (all: Float64Array) => {
    const ends = [6, 8, 12, 14];
    return sizes.map((size, t) => all.slice(ends[t] - size, ends[t]));
  };
  const x = Float64Array.from({ length: 6 }, (_, i) => Math.cos(i * i));
  const at = (all: Float64Array) => layers.at(x, 2, split(all));
  const weight = (i: number) => 1 + i; // H, the same for all z
  const product = gaussNewtonProduct(at(values), {
    ...{ inputs: 6, sizes },
    curvature: (_, tangent) => tangent.map((t, i) => weight(i) * t),
  });
  const h = 2 ** -17;
  const columns = Array.from(values, (value, i) => {
    const [ahead, behind] = [h, -h].map((step) => at(values.with(i, value + step)).y);
    return ahead.map((y, k) => (y - behind[k]) / (2 * h));
  });
  const matrix = matrixOf(product, 14);
  // Differences are off by h^2 / 6 times a third derivative, and by roundings over h, some 1e-10.
  columns.forEach((a, i) =>
    columns.forEach((b, j) => {
      const exact = a.reduce((sum, value, k) => sum + weight(k) * value * b[k], 0);
      assertAlmostEquals(matrix[14 * i + j], exact, 1e-8, `${i}, ${j}`);
    })
  );
});

Deno.test("probe() draws numbers between -1 and 1, never 0, by seed, sample, tensor, place", () => {
  const of = { seed: 3, sample: 0, tensor: 0, rows: 30, columns: 30 };
  const drawn = probe(of);
  assertEquals(drawn.every((x) => Math.abs(x) < 1 && x !== 0 && x === Math.fround(x)), true);
  // Five standard deviations of the mean of 900, of variance 1/3 and, squared, 4/45.
  const mean = (all: Float64Array) => all.reduce((a, b) => a + b) / all.length;
  assertAlmostEquals(mean(drawn), 0, 5 * Math.sqrt(1 / 3 / 900));
  assertAlmostEquals(mean(drawn.map((x) => x * x)), 1 / 3, 5 * Math.sqrt(4 / 45 / 900));
  for (const other of [{ seed: 4 }, { sample: 1 }, { tensor: 1 }]) {
    const others = probe({ ...of, ...other });
    const product = mean(drawn.map((x, i) => x * others[i]));
    assertAlmostEquals(product, 0, 5 * Math.sqrt(1 / 9 / 900), JSON.stringify(other));
  }
});
