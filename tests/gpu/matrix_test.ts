import { assertEquals } from "@std/assert";
import { allocateFloats, allocateMatrix, pad, padded, unpad } from "../../core/gpu/matrix.ts";
import { MIRROR_ROW } from "../../core/gpu/memory.ts";
import { gpuTest } from "./fixture.ts";

Deno.test("padded() rounds up to whole blocks", () => {
  assertEquals([1, 7, 8, 9, 129].map(padded), [8, 8, 8, 16, 136]);
});

gpuTest("allocateMatrix() pads rows and columns with zeros", async (bench) => {
  const matrix = allocateMatrix(bench.gpu, "test", { replicas: 2, rows: 3, columns: 9 });
  bench.take({ free: () => bench.gpu.free(matrix.buffer) });
  assertEquals([matrix.stride, matrix.offset, matrix.replicaStride], [16, 0, 8 * 16]);
  assertEquals((await bench.floats(matrix.buffer)).every((value) => value === 0), true);
});

gpuTest("allocateFloats() takes what a mirror can hold where products read textures", ({ gpu }) => {
  const buffer = allocateFloats(gpu, "test", 5);
  assertEquals(buffer.size, gpu.operands === "textures" ? MIRROR_ROW : 32);
  gpu.free(buffer);
});

gpuTest("unpad() undoes pad()", (bench) => {
  const values = Float32Array.from({ length: 2 * 3 * 9 }, (_, i) => i + 1);
  const matrix = bench.matrix(3, 9, undefined, 2);
  const contents = pad(matrix, values);
  assertEquals(contents.length, 2 * 8 * 16);
  assertEquals(contents[16], 10); // the second row
  assertEquals(contents[8 * 16], 28); // the second replica
  assertEquals(contents.filter((value) => value !== 0).length, values.length);
  assertEquals(unpad(matrix, contents), values);
});
