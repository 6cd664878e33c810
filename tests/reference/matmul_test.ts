import { assertEquals, assertThrows } from "@std/assert";
import { matmul } from "../../core/reference/matmul.ts";

// Integers below 2^53 leave nothing to round, so every product is compared exactly.
const a = Float64Array.of(1, 2, 3, 4, 5, 6); // [2, 3]
const aTransposed = Float64Array.of(1, 4, 2, 5, 3, 6);
const b = Float64Array.of(1, 0, -2, 7, 3, 1, 0, -1, 2, 5, 4, 0); // [3, 4]
const bTransposed = Float64Array.of(1, 3, 2, 0, 1, 5, -2, 0, 4, 7, -1, 0);
const product = Float64Array.of(13, 17, 10, 5, 31, 35, 16, 23);
const sizes = { rows: 2, columns: 4, shared: 3 };

Deno.test("matmul() multiplies row-major matrices", () => {
  assertEquals(matmul(a, b, sizes), product);
});

Deno.test("matmul() reads either factor transposed", () => {
  assertEquals(matmul(aTransposed, b, { ...sizes, transposeA: true }), product);
  assertEquals(matmul(a, bTransposed, { ...sizes, transposeB: true }), product);
  assertEquals(
    matmul(aTransposed, bTransposed, { ...sizes, transposeA: true, transposeB: true }),
    product,
  );
});

Deno.test("matmul() refuses factors of another size", () => {
  assertThrows(() => matmul(a, b, { ...sizes, shared: 2 }), RangeError);
});
