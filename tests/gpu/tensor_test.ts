import { assertEquals } from "@std/assert";
import { MIRROR_ROW } from "../../core/gpu/memory.ts";
import {
  allocateFloats,
  allocateTensor,
  matricesOf,
  matrixColumns,
  pad,
  padded,
  rowsOf,
  stepsOf,
  tensorLength,
  unpad,
} from "../../core/gpu/tensor.ts";
import { gpuTest } from "./fixture.ts";

Deno.test("padded() rounds up to whole blocks", () => {
  assertEquals([1, 7, 8, 9, 129].map(padded), [8, 8, 8, 16, 136]);
});

gpuTest("allocateTensor() pads rows and columns with zeros", async (bench) => {
  const sizes = { replicas: 2, rows: 3, columns: 9 };
  for (const steps of [undefined, 5]) {
    const tensor = allocateTensor(bench.gpu, "test", { ...sizes, steps });
    bench.take({ free: () => bench.gpu.free(tensor.buffer) });
    const { stride, stepStride, replicaStride, offset } = tensor;
    const T = steps ?? 1;
    assertEquals([tensor.steps, stride, stepStride, replicaStride, offset], [
      ...[T, 16, 8 * 16, T * 8 * 16, 0],
    ]);
    assertEquals(tensorLength({ ...sizes, steps }), 2 * replicaStride);
    assertEquals((await bench.floats(tensor.buffer)).every((value) => value === 0), true);
  }
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

gpuTest("a tensor of steps has all rows of a replica in one matrix, and views of some", (bench) => {
  const tensor = { ...bench.matrix(24, 9, undefined, 2), steps: 3, rows: 5, stepStride: 8 * 16 };
  assertEquals(rowsOf(tensor), 3 * 8);
  assertEquals(rowsOf({ ...tensor, steps: 1 }), 5);
  const values = Float32Array.from({ length: 2 * 3 * 5 * 9 }, (_, i) => i + 1);
  const contents = pad(tensor, values);
  assertEquals(contents.length, 2 * 24 * 16);
  assertEquals(contents[8 * 16 + 16], 5 * 9 + 10); // the second row of the second step
  assertEquals(unpad(tensor, contents), values);
  const last = stepsOf(tensor, 1, 2);
  assertEquals([last.steps, last.offset, last.replicaStride], [2, 8 * 16, 24 * 16]);
  const ofSteps = (first: number, count: number) =>
    [0, 1].flatMap((r) => [...values.subarray(45 * (3 * r + first), 45 * (3 * r + first + count))]);
  assertEquals([...unpad(last, contents)], ofSteps(1, 2));
  // One step before the last two are the first two.
  assertEquals([...unpad(stepsOf(last, -1), contents)], ofSteps(0, 2));
  // What is padded to a view lies where the view does.
  const alone = pad(last, ofSteps(1, 2));
  assertEquals(alone.length, contents.length);
  assertEquals([...unpad(last, alone)], ofSteps(1, 2));
  assertEquals(alone.filter((value) => value !== 0).length, 2 * 2 * 5 * 9);
});

gpuTest("a tensor of cases is read as the matrices that it holds, of a padded batch", (bench) => {
  const sizes = { count: 2, steps: 3, rows: 5, columns: 9 };
  assertEquals(matrixColumns(sizes), 2 * 3 * 8 * 16);
  const cases = bench.matrix(3, matrixColumns(sizes), undefined, 2);
  const matrices = matricesOf(cases, sizes);
  assertEquals([matrices.replicas, matrices.stepStride], [2 * 8 * 2, 8 * 16]);
  assertEquals(matrices.replicas * matrices.replicaStride, 2 * cases.replicaStride);
  assertEquals(4 * matrices.replicas * matrices.replicaStride <= cases.buffer.size, true);
});
