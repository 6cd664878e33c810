import { assertEquals } from "@std/assert";
import { Vector, VectorLayout } from "../../core/gpu/vector.ts";
import { probe } from "../../core/ops/probe.ts";
import { seedKey } from "../../core/random.ts";
import { probe as exactProbe } from "../../core/reference/curvature.ts";
import { gpuTest } from "../gpu/fixture.ts";

gpuTest("probe() is that of the reference, bit for bit, and leaves the padding", async (bench) => {
  const shapes = [[1, 1], [3, 6], [17, 129], [1, 40]];
  const layout = new VectorLayout(
    shapes.map(([rows, columns], t) => ({ name: `tensor ${t}`, rows, columns })),
  );
  for (const seeds of [[5], [1, 2 ** 40 + 7, 1]]) {
    const out = bench.take(new Vector(bench.gpu, "test", layout, seeds.length));
    const before = new Float32Array(layout.length).fill(3.5);
    seeds.forEach((_, r) => out.writePacked(r, before));
    const keys = bench.buffer(new Uint32Array(seeds.flatMap(seedKey)));
    for (const sample of [0, 9]) {
      bench.run((plan) => probe(plan, out, keys), { update: sample });
      for (const [r, seed] of seeds.entries()) {
        const exact = shapes.map(([rows, columns], tensor) =>
          exactProbe({ seed, sample, tensor, rows, columns })
        );
        const inside = layout.pack(exact.map(({ length }) => new Uint8Array(length).fill(1)));
        const wanted = layout.pack(exact).map((value, i) => inside[i] ? value : 3.5);
        assertEquals(await out.readPacked(r), wanted);
      }
    }
  }
});
