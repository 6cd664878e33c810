import { assertEquals, assertThrows } from "@std/assert";
import { Vector, VectorLayout } from "../../core/gpu/vector.ts";
import { draw, gpuTest } from "./fixture.ts";

const layout = new VectorLayout([
  { name: "weights", rows: 3, columns: 9 },
  { name: "biases", rows: 1, columns: 9 },
  { name: "scale", rows: 1, columns: 1 },
]);

Deno.test("VectorLayout places tensors one after another, padded", () => {
  assertEquals(layout.tensors.map(({ offset, stride }) => [offset, stride]), [
    [0, 16],
    [8 * 16, 16],
    [2 * 8 * 16, 8],
  ]);
  assertEquals(layout.length, 2 * 8 * 16 + 8 * 8);
  assertEquals(layout.parameterCount, 27 + 9 + 1);
});

gpuTest("Vector.read() gives back what write() was given, replica by replica", async (bench) => {
  const vector = bench.take(new Vector(bench.gpu, "test", layout, 3));
  const values = [0, 1, 2].map((r) => [27, 9, 1].map((length, t) => draw(length, 10 * r + t)));
  values.forEach((tensors, r) => vector.write(r, tensors));
  for (const r of [0, 1, 2]) assertEquals(await vector.read(r), values[r]);
});

gpuTest("Vector.write() rounds to float32 and leaves other replicas alone", async (bench) => {
  const vector = bench.take(new Vector(bench.gpu, "test", layout, 2));
  const tensors = [27, 9, 1].map((length) => Array.from({ length }, (_, i) => 0.1 * (i + 1)));
  vector.write(1, tensors);
  assertEquals(await vector.read(1), tensors.map((values) => Float32Array.from(values)));
  assertEquals(await vector.read(0), tensors.map((values) => new Float32Array(values.length)));
});

gpuTest("Vector.write() refuses tensors of another size", (bench) => {
  const vector = bench.take(new Vector(bench.gpu, "test", layout, 1));
  const [weights, biases, scale] = [27, 9, 1].map((length) => new Float32Array(length));
  assertThrows(
    () => vector.write(0, [weights, new Float32Array(8), scale]),
    RangeError,
    "biases holds 1 x 9 values; 8 were given",
  );
  assertThrows(() => vector.write(0, [weights, biases]), RangeError, "scale holds 1 x 1 values; 0");
});

gpuTest("Vector.tensor() is a matrix of every replica", async (bench) => {
  const vector = bench.take(new Vector(bench.gpu, "test", layout, 2));
  const values = [0, 1].map((r) => [27, 9, 1].map((length, t) => draw(length, 10 * r + t)));
  values.forEach((tensors, r) => vector.write(r, tensors));
  assertEquals(
    await bench.values(vector.tensor(1)),
    Float32Array.of(...values[0][1], ...values[1][1]),
  );
});
