import { assertAlmostEquals, assertEquals, assertLess, assertThrows } from "@std/assert";
import { Dataset } from "../../core/data/dataset.ts";
import { InputError } from "../../core/errors.ts";
import { allocateTensor } from "../../core/gpu/tensor.ts";
import { openGPU } from "../../core/gpu/open.ts";
import { MAX_ITERATIONS, Plan } from "../../core/gpu/plan.ts";
import { gather } from "../../core/ops/gather.ts";
import { longestPermutation, longestWalk, permute, Purpose, seedKey } from "../../core/random.ts";
import { draw, gpuTest } from "../gpu/fixture.ts";
import { accuracy } from "../../core/reference/tolerance.ts";

const seeds = [1, 2, 5 * 2 ** 40 + 3];
const keys = Uint32Array.from(seeds.flatMap(seedKey));

/** The case at a position that may lie past the end of an epoch. */
function caseAt(position: number, cases: number, { seed, epoch }: { seed: number; epoch: number }) {
  const place = position % cases;
  return permute(place, cases, seed, Purpose.minibatch, epoch + Math.floor(position / cases));
}

/** Values of a data set as uploaded and as they should arrive. */
const formats = {
  bytes: (length: number) => {
    const data = Uint8Array.from(draw(length, 1), (value) => 128 * (value + 1));
    return { data, wanted: Float64Array.from(data, (value) => value / 255) };
  },
  halves: (length: number) => {
    const halves = Float16Array.from(draw(length, 2), (value) => 100 * value);
    return { data: new Uint32Array(halves.buffer), wanted: Float64Array.from(halves) };
  },
  floats: (length: number) => {
    const data = draw(length, 3);
    return { data, wanted: Float64Array.from(data) };
  },
};

for (const [format, make] of Object.entries(formats)) {
  for (const purpose of [Purpose.minibatch, undefined]) {
    const order = purpose === undefined ? "in turn" : "shuffled by each replica's seed";
    gpuTest(`gather() takes ${format} ${order}, across epochs`, async (bench) => {
      const [cases, batch, position, epoch] = [22, 7, 18, 4];
      const widths = [1, 3, 12, 17, 129];
      const sets = widths.map((width) => ({ width, ...make(cases * width) }));
      const matrices = sets.map(({ width }) =>
        bench.surrounded(batch, width, new Float32Array(3 * batch * width), 3)
      );
      bench.run((plan) => {
        sets.forEach(({ data, width }, i) => {
          const dataset = bench.take(new Dataset(bench.gpu, data, { width }));
          assertEquals([dataset.cases, dataset.format], [cases, format]);
          gather(plan, dataset, matrices[i], { seeds: bench.buffer(keys), purpose });
        });
      }, { position, epoch });
      for (const [i, { width, wanted }] of sets.entries()) {
        const values = await bench.paddedValues(matrices[i]);
        values.forEach((value, at) => {
          const [r, row] = [Math.floor(at / width / batch), Math.floor(at / width) % batch];
          const source = purpose === undefined
            ? (position + row) % cases
            : caseAt(position + row, cases, { seed: seeds[r], epoch });
          const exact = wanted[source * width + at % width];
          // Only bytes are computed with: value / 255.
          const most = format === "bytes" ? accuracy.quotient * exact : 0;
          assertAlmostEquals(value, exact, most, `width ${width}: replica ${r}, row ${row}`);
        });
      }
    });
  }
}

gpuTest("gather() follows permute() through lists of all lengths", async (bench) => {
  const batch = 40;
  const places = [1, 2, 3, 7, 16, 17, 1000, 60_000].map((cases) => ({
    cases,
    // Each case's value is its index.
    data: bench.take(
      new Dataset(bench.gpu, Float32Array.from({ length: cases }, (_, i) => i), { width: 1 }),
    ),
    out: bench.matrix(batch, 1, undefined, 3),
  }));
  const [position, epoch] = [13, 70_000];
  bench.run((plan) => {
    for (const { data, out } of places) {
      gather(plan, data, out, { seeds: bench.buffer(keys), purpose: Purpose.minibatch });
    }
  }, { position, epoch });
  for (const { cases, out } of places) {
    const wanted = seeds.flatMap((seed) =>
      Array.from({ length: batch }, (_, i) => caseAt(position + i, cases, { seed, epoch }))
    );
    assertEquals([...await bench.values(out)], wanted, `${cases} cases`);
  }
});

gpuTest("gather() takes the values of a case as those of its steps", async (bench) => {
  const [cases, batch, steps, position] = [22, 7, 3, 18];
  for (const [format, make] of Object.entries(formats)) {
    for (const width of [1, 3, 12, 17]) {
      const { data, wanted } = make(cases * steps * width);
      const largestPart = Math.ceil(9 * data.byteLength / cases);
      const dataset = bench.take(
        new Dataset(bench.gpu, data, { width: steps * width, largestPart }),
      );
      const out = allocateTensor(bench.gpu, "out", {
        replicas: 3,
        steps,
        rows: batch,
        columns: width,
      });
      bench.take({ free: () => bench.gpu.free(out.buffer) });
      bench.run((plan) => {
        gather(plan, dataset, out, { seeds: bench.buffer(keys), purpose: Purpose.minibatch });
      }, { position });
      const exact = seeds.flatMap((seed) =>
        Array.from({ length: steps }, (_, t) =>
          Array.from({ length: batch }, (_, row) => {
            const first = steps * caseAt(position + row, cases, { seed, epoch: 0 });
            return wanted.subarray((first + t) * width, (first + t + 1) * width);
          }))
      ).flat().flatMap((values) => [...values]);
      const most = format === "bytes" ? accuracy.quotient : 0;
      (await bench.paddedValues(out)).forEach((value, at) =>
        assertAlmostEquals(
          value,
          exact[at],
          most * exact[at],
          `${format}, width ${width}, at ${at}`,
        )
      );
    }
  }
});

gpuTest("gather() takes cases from data in several buffers", async (bench) => {
  const [cases, width] = [22, 3];
  for (const [format, make] of Object.entries(formats)) {
    const { data } = make(cases * width);
    const whole = bench.take(new Dataset(bench.gpu, data, { width }));
    const largestPart = Math.ceil(9 * data.byteLength / cases); // of nine cases eight fit
    const split = bench.take(new Dataset(bench.gpu, data, { width, largestPart }));
    assertEquals([split.parts.length, split.casesPerPart], [3, 8], format);
    const outputs = [whole, split].map((dataset) => {
      const out = bench.matrix(cases, width, undefined, 3);
      const seeds = bench.buffer(keys);
      bench.run((plan) => gather(plan, dataset, out, { seeds, purpose: Purpose.minibatch }), {});
      return out;
    });
    const [wanted, actual] = await Promise.all(outputs.map((out) => bench.values(out)));
    assertEquals(actual, wanted, format);
  }
});

Deno.test("Dataset refuses more buffers than a kernel can bind, and takes none", async () => {
  const adapter = await navigator.gpu.requestAdapter();
  const device = await adapter!.requestDevice(); // eight storage buffers, the least of WebGPU
  using gpu = await openGPU({ device });
  assertThrows(
    () => new Dataset(gpu, new Float32Array(24), { width: 1, largestPart: 16 }),
    InputError,
    "data set takes 6 buffers, of at most 5 on this adapter",
  );
  assertEquals(gpu.allocatedBytes, 0);
  device.destroy();
});

Deno.test("longestWalk() of the longest list is within what a loop may take", () => {
  assertLess(longestWalk(longestPermutation), MAX_ITERATIONS);
  assertEquals(longestWalk(60_000), 8 * 256 + 11);
});

gpuTest("gather() refuses cases of another width", (bench) => {
  const data = bench.take(new Dataset(bench.gpu, new Float32Array(12), { width: 3 }));
  assertThrows(
    () => gather(new Plan(bench.gpu), data, bench.matrix(2, 4), { seeds: bench.buffer(keys) }),
    InputError,
    "a minibatch of cases of 4 values cannot be taken from cases of 3",
  );
});
