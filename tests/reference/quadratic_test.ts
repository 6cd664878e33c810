import { assertAlmostEquals, assertEquals, assertNotEquals } from "@std/assert";
import { assertDerivative } from "./finite_difference.ts";
import { matmul } from "../../core/reference/matmul.ts";
import { orthonormal, Quadratic } from "../../core/reference/quadratic.ts";

const spectrum = [4, 1, 0.5];
const slopes = [1, -2, 3];
const rotation = orthonormal([1, 2, 3], [2, -1, 1]);
const quadratic = new Quadratic({ spectrum, slopes, rotation });
const x = Float64Array.of(0.7, -1.2, 2.1);

/** Every number here has at most 64 roundings behind it, of values below 16. */
const rounding = 64 * 16 * 2 ** -53;

Deno.test("orthonormal() gives U with U U' = 1 that is not symmetric", () => {
  const square = matmul(rotation, rotation, { rows: 3, columns: 3, shared: 3, transposeB: true });
  square.forEach((value, i) => assertAlmostEquals(value, i % 4 === 0 ? 1 : 0, rounding));
  assertNotEquals(rotation[1], rotation[3]);
});

Deno.test("Quadratic.matrix has the spectrum, row i of the rotation being eigenvector i", () => {
  spectrum.forEach((lambda, i) => {
    const u = rotation.slice(3 * i, 3 * i + 3);
    const Au = matmul(quadratic.matrix, u, { rows: 3, columns: 1, shared: 3 });
    Au.forEach((value, k) => assertAlmostEquals(value, lambda * u[k], rounding));
  });
});

Deno.test("Quadratic.value() is the sum over eigendirections of lambda y^2 / 2 + c y", () => {
  const y = quadratic.toEigen(x);
  const sum = spectrum.reduce(
    (sum, lambda, i) => sum + lambda * y[i] ** 2 / 2 + slopes[i] * y[i],
    0,
  );
  assertAlmostEquals(quadratic.value(x), sum, rounding);
});

Deno.test("Quadratic.gradient() is the derivative of its value", () => {
  const gradient = quadratic.gradient(x);
  x.forEach((value, i) =>
    assertDerivative((moved) => quadratic.value(x.with(i, moved)), value, gradient[i], 64)
  );
});

Deno.test("Quadratic.fromEigen() undoes toEigen()", () => {
  quadratic.fromEigen(quadratic.toEigen(x))
    .forEach((value, i) => assertAlmostEquals(value, x[i], rounding));
});

Deno.test("Quadratic lies along the axes where no rotation is given", () => {
  const along = new Quadratic({ spectrum: [2, 3] });
  assertEquals(along.gradient(Float64Array.of(5, 7)), Float64Array.of(10, 21));
  assertEquals(along.value(Float64Array.of(5, 7)), 25 + 73.5);
});
