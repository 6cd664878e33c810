// One GPU for each way products read their operands, opened once for a test file, and what tests of
// kernels need on it.

import { assertEquals } from "@std/assert";
import type { Gpu } from "../../core/gpu/gpu.ts";
import { openGPU } from "../../core/gpu/open.ts";
import { allocateTensor, pad, type Tensor, unpad } from "../../core/gpu/tensor.ts";
import { Plan } from "../../core/gpu/plan.ts";
import { type StepRow, StepTable } from "../../core/gpu/scalars.ts";
import { Purpose, RandomStream } from "../../core/random.ts";

const gpus = await Promise.all([
  openGPU({ operands: "buffers" }),
  openGPU({ operands: "textures" }),
]);

Deno.test.afterAll(() => gpus.forEach((gpu) => gpu.close()));

/**
 * Registers a test for both ways of reading operands. It fails as well where the GPU reported an
 * error, or where bytes were not given back.
 */
export function gpuTest(name: string, body: (bench: Bench) => void | Promise<void>): void {
  const exact: unknown[] = [];
  for (const gpu of gpus) {
    Deno.test(`${name} (${gpu.operands})`, async () => {
      const before = gpu.allocatedBytes;
      const bench = new Bench(gpu, exact);
      try {
        await body(bench);
      } finally {
        bench.free();
        await gpu.settle();
      }
      assertEquals(gpu.allocatedBytes, before, "bytes on the GPU that were not given back");
    });
  }
}

/** Takes buffers for one test, runs kernels on them and reads them back. */
export class Bench {
  readonly gpu: Gpu;
  readonly #taken: { free(): void }[] = [];
  readonly #exact: unknown[];
  #asked = 0;

  /** `exact` holds what the same test asked for on another GPU. */
  constructor(gpu: Gpu, exact: unknown[] = []) {
    this.gpu = gpu;
    this.#exact = exact;
  }

  /**
   * What a reference gives: computed for the first GPU and kept for the other, whose test asks for
   * the same ones in the same order.
   */
  exact<T>(compute: () => T): T {
    const at = this.#asked++;
    if (at === this.#exact.length) this.#exact.push(compute());
    return this.#exact[at] as T;
  }

  /** Has `part` freed after the test. */
  take<T extends { free(): void }>(part: T): T {
    this.#taken.push(part);
    return part;
  }

  /** A buffer that holds `data`. */
  buffer(data: ArrayBufferView<ArrayBuffer>): GPUBuffer {
    return this.#own(this.gpu.upload("test", data));
  }

  /** R matrices of `rows` x `columns`, with `values` row by row, or zero. */
  matrix(rows: number, columns: number, values?: ArrayLike<number>, replicas = 1): Tensor {
    const matrix = allocateTensor(this.gpu, "test", { replicas, rows, columns });
    this.#own(matrix.buffer);
    if (values) this.gpu.write(matrix.buffer, pad(matrix, values));
    return matrix;
  }

  /** The same with numbers in its padding that must not matter. */
  surrounded(
    rows: number,
    columns: number,
    values: ArrayLike<number>,
    replicas = 1,
  ): Tensor {
    const matrix = this.matrix(rows, columns, undefined, replicas);
    const inside = pad(matrix, new Uint8Array(values.length).fill(1));
    this.gpu.write(matrix.buffer, pad(matrix, values).map((x, i) => inside[i] ? x : 3.5));
    return matrix;
  }

  /** Records, seals and submits a plan, in the step of `row` where its kernels read one. */
  run(record: (plan: Plan) => void, row?: Partial<StepRow>): Plan {
    const plan = this.take(new Plan(this.gpu));
    record(plan);
    plan.seal();
    if (row) this.step(plan, row);
    else plan.submit();
    return plan;
  }

  /** Submits `plan` in the step of `row`. */
  step(plan: Plan, row: Partial<StepRow>): void {
    const { device } = this.gpu;
    const whole = { update: 0, slot: 0, position: 0, epoch: 0, scalars: [], ...row };
    const table = this.take(
      new StepTable(this.gpu, { capacity: 1, scalars: whole.scalars.length }),
    );
    table.write([whole]);
    const encoder = device.createCommandEncoder();
    plan.encode(encoder, { bind: (pass) => table.bind(pass, 0) });
    device.queue.submit([encoder.finish()]);
  }

  /** The floats of a buffer. */
  async floats(buffer: GPUBuffer): Promise<Float32Array<ArrayBuffer>> {
    return new Float32Array(await this.gpu.read(buffer));
  }

  /** The integers of a buffer. */
  async integers(buffer: GPUBuffer): Promise<Uint32Array<ArrayBuffer>> {
    return new Uint32Array(await this.gpu.read(buffer));
  }

  /** The values of R matrices, row by row without padding. */
  async values(matrix: Tensor): Promise<Float32Array<ArrayBuffer>> {
    return unpad(matrix, await this.floats(matrix.buffer));
  }

  /** The same, after checking that the padding is zero. */
  async paddedValues(matrix: Tensor): Promise<Float32Array<ArrayBuffer>> {
    const contents = await this.floats(matrix.buffer);
    const values = unpad(matrix, contents);
    const padded = pad(matrix, values);
    assertEquals(contents.subarray(0, padded.length), padded, "zeros in the padding");
    return values;
  }

  free(): void {
    for (const part of this.#taken.splice(0)) part.free();
  }

  #own(buffer: GPUBuffer): GPUBuffer {
    this.take({ free: () => this.gpu.free(buffer) });
    return buffer;
  }
}

/** By stream, the longest that was drawn: shorter ones are its beginnings. */
const drawn = new Map<number, Float32Array<ArrayBuffer>>();

/** `length` float32, uniform in [-1, 1), fixed by `stream`. */
export function draw(length: number, stream: number): Float32Array<ArrayBuffer> {
  let values = drawn.get(stream);
  if (!values || values.length < length) {
    const random = new RandomStream(1, Purpose.probe, stream);
    values = new Float32Array(length).map(() => 2 * random.uniform() - 1);
    drawn.set(stream, values);
  }
  return values.slice(0, length);
}
