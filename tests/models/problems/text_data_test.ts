import { assertAlmostEquals, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { InputError } from "../../../core/errors.ts";
import type { TaskCases } from "../../../models/problems/sequence_tasks.ts";
import { allocateTensor } from "../../../core/gpu/tensor.ts";
import { permute, Purpose, RandomStream, seedKey } from "../../../core/random.ts";
import { bigramEntropy, charactersOf, TextData } from "../../../models/problems/text_data.ts";
import { type Bench, gpuTest } from "../../gpu/fixture.ts";

const replicas = 2, rows = 5, steps = 9, seeds = [3, 2 ** 40 + 2];
/** No two places hold one token, and an odd number of them. */
const train = Uint16Array.from({ length: 301 }, (_, i) => 60_000 + i);
const test = Uint16Array.from({ length: 9 * 6 + 3 }, (_, i) => i);

/** Windows of a minibatch, of each its tokens and the last target; and that targets are what follows. */
async function windows(bench: Bench, task: TextData, cases: TaskCases, position: number) {
  const { gpu } = bench;
  const take = () => {
    const all = allocateTensor(gpu, "test", { replicas, steps, rows, columns: 1 });
    bench.take({ free: () => gpu.free(all.buffer) });
    return all;
  };
  const buffers = { inputs: take(), targets: take(), lengths: bench.buffer(new Uint32Array(16)) };
  const keys = bench.buffer(Uint32Array.from(seeds.flatMap(seedKey)));
  bench.run((plan) => task.record(plan, buffers, keys, cases), { position, update: 7 });
  const [inputs, targets] = [
    await bench.paddedValues(buffers.inputs),
    await bench.paddedValues(buffers.targets),
  ];
  return Array.from({ length: replicas * rows }, (_, i) => {
    const at = (t: number) => (Math.floor(i / rows) * steps + t) * rows + i % rows;
    const own = Array.from({ length: steps }, (_, t) => inputs[at(t)]);
    const next = Array.from({ length: steps }, (_, t) => targets[at(t)]);
    assertEquals(next.slice(0, -1), own.slice(1));
    return [...own, next[steps - 1]];
  });
}

const windowAt = (text: Uint16Array, start: number) => [...text.slice(start, start + steps + 1)];

gpuTest("TextData draws windows by the seed and the number of the case", async (bench) => {
  const task = bench.take(new TextData(bench.gpu, { vocabulary: 65_000, steps, train, test }));
  assertEquals(task.cases, { train: Infinity, test: 6 });
  for (
    const [cases, purpose] of [
      ["minibatch", Purpose.sequence],
      [{ split: "train", cases: 5 }, Purpose.evaluation],
    ] as const
  ) {
    const made = await windows(bench, task, cases, 700);
    const exact = seeds.flatMap((seed) =>
      Array.from({ length: rows }, (_, row) => {
        const word = new RandomStream(seed, purpose, 700 + row).uint32();
        return windowAt(train, Math.floor(word * (train.length - steps) / 2 ** 32));
      })
    );
    assertEquals(made, exact);
    // Another minibatch of the same stream.
    const other = await windows(bench, task, cases, 705);
    assertNotEquals(other, made);
  }
});

gpuTest("TextData cuts held-out text into windows that follow one another", async (bench) => {
  const task = bench.take(new TextData(bench.gpu, { vocabulary: 65_000, steps, train, test }));
  const all = await windows(bench, task, { split: "test", cases: 6 }, 3);
  assertEquals(all.slice(0, rows), [3, 4, 5, 0, 1].map((i) => windowAt(test, steps * i)));
  const some = await windows(bench, task, { split: "test", cases: 4 }, 0);
  const exact = seeds.flatMap((seed) =>
    [0, 1, 2, 3, 4].map((place) =>
      windowAt(test, steps * permute(place, 6, seed, Purpose.evaluation, 0))
    )
  );
  assertEquals(some, exact);
});

gpuTest("TextData refuses what is no text", ({ gpu }) => {
  const given = { vocabulary: 65_000, steps, train };
  const cases: [Partial<ConstructorParameters<typeof TextData>[1]>, string][] = [
    [{ vocabulary: 1 }, "2 to 65536 tokens, not 1"],
    [{ vocabulary: 70_000 }, "2 to 65536 tokens, not 70000"],
    [{ steps: 0 }, "number of steps must be a whole number above 0"],
    [{ steps: 301 }, "train has 301 tokens, and a window of 301 takes one more"],
    [{ test: test.subarray(0, 9) }, "test has 9 tokens"],
    [{ vocabulary: 60_300 }, "token 300 of train is 60300: with a vocabulary of 60300"],
    [{ train: [1, 2] as unknown as Uint16Array }, "must be a Uint16Array"],
  ];
  for (const [change, says] of cases) {
    assertThrows(() => new TextData(gpu, { ...given, ...change }), InputError, says);
  }
});

Deno.test("charactersOf() numbers code points in their order", () => {
  const { characters, tokens } = charactersOf("b a😀b\u00e9");
  assertEquals(characters, [" ", "a", "b", "\u00e9", "😀"]);
  assertEquals([...tokens], [2, 0, 1, 4, 2, 3]);
  assertEquals(charactersOf(""), { characters: [], tokens: new Uint16Array() });
});

Deno.test("bigramEntropy() is that of a token given the one before it", () => {
  assertEquals(bigramEntropy([0, 1, 0, 1, 0, 1]), 0);
  // After 0 as often 0 as 1, after 1 always 0: 2 of 3 pairs have a bit.
  assertAlmostEquals(bigramEntropy([0, 0, 1, 0, 0, 1, 0]), 2 / 3);
  // After 5 come 5, 6, 6; after 6 comes 5.
  const thirds = (1 / 3) * Math.log2(3) + (2 / 3) * Math.log2(3 / 2);
  assertAlmostEquals(bigramEntropy([5, 5, 6, 5, 6]), 3 / 4 * thirds);
});
