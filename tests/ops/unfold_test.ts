import { assertEquals, assertThrows } from "@std/assert";
import { asRow, caseMatrices, padded, partsOf, type Tensor, unpad } from "../../core/gpu/tensor.ts";
import { Plan } from "../../core/gpu/plan.ts";
import { channelsLast, fold, unfold } from "../../core/ops/unfold.ts";
import { windowCounts, type Windows } from "../../core/ops/windows.ts";
import { type Bench, draw, gpuTest } from "../gpu/fixture.ts";

/** Among them windows that overlap, leave pixels out, or see more zeros than pixels. */
const geometries: Windows[] = [
  { image: [1, 1, 1], kernel: [1, 1], stride: [1, 1], padding: [0, 0] },
  { image: [3, 5, 4], kernel: [3, 2], stride: [1, 1], padding: [0, 0] },
  { image: [2, 3, 17], kernel: [2, 3], stride: [2, 3], padding: [1, 2] },
  { image: [1, 7, 3], kernel: [1, 2], stride: [3, 1], padding: [2, 1] },
];

/** Matrices [windows, places] of each case, in rows of a tensor. */
function matricesFor(bench: Bench, windows: Windows, batch: number, replicas: number): Tensor {
  const [down, across] = windowCounts(windows);
  const { image: [channels], kernel: [height, width] } = windows;
  const [rows, columns] = [down * across, channels * height * width];
  const flat = bench.surrounded(
    batch,
    padded(rows) * padded(columns),
    new Float32Array(replicas * batch * padded(rows) * padded(columns)),
    replicas,
  );
  return caseMatrices(flat, rows, columns);
}

/** Calls for each place of each window of an image: rows and columns of the matrix, and the pixel. */
function visit(windows: Windows, see: (row: number, column: number, pixel?: number) => void) {
  const { image: [channels, height, width], kernel, stride, padding } = windows;
  const [down, across] = windowCounts(windows);
  for (let row = 0; row < down * across; row++) {
    for (let column = 0; column < channels * kernel[0] * kernel[1]; column++) {
      const [channel, place] = [
        Math.floor(column / kernel[0] / kernel[1]),
        column % (kernel[0] * kernel[1]),
      ];
      const y = Math.floor(row / across) * stride[0] - padding[0] + Math.floor(place / kernel[1]);
      const x = row % across * stride[1] - padding[1] + place % kernel[1];
      const isInside = y >= 0 && y < height && x >= 0 && x < width;
      see(row, column, isInside ? (channel * height + y) * width + x : undefined);
    }
  }
}

for (const [g, windows] of geometries.entries()) {
  gpuTest(`unfold() and fold(), windows ${g}`, async (bench) => {
    for (const [replicas, batch] of [[1, 1], [3, 9]]) {
      const columns = windows.image.reduce((product, size) => product * size);
      const values = draw(replicas * batch * columns, 7).map((x) =>
        Math.fround(Math.round(64 * x))
      );
      // Infinities and NaN stay where they are.
      values[0] = NaN;
      values[values.length - 1] = -Infinity;
      const images = bench.surrounded(batch, columns, values, replicas);
      const back = bench.matrix(batch, columns, undefined, replicas);
      const matrices = matricesFor(bench, windows, batch, replicas);
      bench.run((plan) => {
        unfold(plan, windows, { images, matrices });
        fold(plan, windows, { images: back, matrices });
      });
      const seen = await bench.floats(matrices.buffer);
      const sums = new Float32Array(values.length);
      const { stride, stepStride } = matrices;
      for (let i = 0; i < replicas * batch; i++) {
        const number = Math.floor(i / batch) * padded(batch) + i % batch;
        visit(windows, (row, column, pixel) => {
          const wanted = pixel === undefined ? 0 : values[i * columns + pixel];
          assertEquals(seen[number * stepStride + row * stride + column], wanted);
          if (pixel !== undefined) sums[i * columns + pixel] += wanted;
        });
        for (let row = matrices.rows; row < padded(matrices.rows); row++) {
          const at = number * stepStride + row * stride;
          assertEquals(
            seen.subarray(at, at + matrices.columns).every((value) => value === 0),
            true,
            "zeros below the windows",
          );
        }
      }
      assertEquals(unpad(back, await bench.floats(back.buffer)), sums);
    }
  });
}

gpuTest("unfold() refuses what is of another shape", (bench) => {
  const windows = geometries[1];
  const images = bench.matrix(1, 60);
  const matrices = matricesFor(bench, windows, 1, 1);
  const plan = new Plan(bench.gpu);
  for (
    const wrong of [
      { images: bench.matrix(1, 59), matrices },
      { images, matrices: { ...matrices, rows: 8 } },
      { images, matrices: { ...matrices, columns: 6 } },
    ]
  ) {
    assertThrows(() => unfold(plan, windows, wrong), RangeError, "windows of 3 x 2 on images");
  }
});

Deno.test("windows of one pixel turn channels and places", () => {
  assertEquals(windowCounts(channelsLast(3, [5, 4])), [5, 4]);
});

Deno.test("views of matrices in rows, and of parts of the steps", () => {
  const sizes = { replicas: 2, steps: 1, rows: 9, columns: 128, offset: 0 };
  const tensor = {
    ...sizes,
    ...{ buffer: {} as GPUBuffer, stride: 128, stepStride: 16 * 128, replicaStride: 16 * 128 },
  };
  const matrices = caseMatrices(tensor, 3, 9);
  assertEquals(matrices, {
    ...tensor,
    ...{ steps: 16, rows: 3, columns: 9, stride: 16, stepStride: 128 },
  });
  const parts = partsOf(matrices, 8);
  assertEquals([parts.replicas, parts.steps, parts.replicaStride], [16, 2, 256]);
  const one = { ...matrices, steps: 1, replicaStride: 128 };
  assertEquals([asRow(one).columns, asRow(one).rows, asRow(one).stride], [128, 1, 128]);
});
