import { assertEquals, assertRejects } from "@std/assert";
import { Readback } from "../../core/gpu/readback.ts";
import { gpuTest } from "./fixture.ts";

gpuTest(
  "Readback reads ranges one after another, several at once, taking nothing",
  async (bench) => {
    const { gpu } = bench;
    const [a, b] = [Uint32Array.of(1, 2, 3, 4), Uint32Array.of(5, 6, 7, 8)]
      .map((data) => bench.buffer(data));
    const readback = bench.take(new Readback(gpu, { bytes: 16, depth: 2 }));
    const { allocations } = gpu;
    const first = readback.read([{ buffer: a, offset: 4, size: 8 }, { buffer: b, size: 4 }]);
    gpu.write(b, Uint32Array.of(9));
    const second = readback.read([{ buffer: b, size: 8 }]);
    await assertRejects(
      () => readback.read([{ buffer: a, size: 4 }]),
      Error,
      "more reads under way",
    );
    assertEquals(new Uint32Array(await first), Uint32Array.of(2, 3, 5));
    assertEquals(new Uint32Array(await second), Uint32Array.of(9, 6));
    assertEquals(new Uint32Array(await readback.read([{ buffer: a, size: 4 }])), Uint32Array.of(1));
    assertEquals(gpu.allocations, allocations);
  },
);
