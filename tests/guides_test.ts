import { assertEquals, assertLess, assertMatch } from "@std/assert";
import { RandomStream } from "../core/random.ts";
import { outputOf } from "./outside.ts";

/** The program of a guide, with the library at an address. */
function programOf(guide: string): (origin: string) => string {
  const text = Deno.readTextFileSync(new URL(`../${guide}`, import.meta.url));
  const [, code] = /```ts\n([\s\S]*?)```/.exec(text) ?? [];
  return (origin) => code.replace(/"(?:\.\.\/)+mod\.ts"/, `"${origin}/mod.ts"`);
}

Deno.test("the guide to layers trains a layer and a loss of one's own", async () => {
  const lines = await outputOf(programOf("core/layers/README.md"));
  assertEquals(lines.length, 3);
  assertMatch(lines[1], /^500 0\.\d+/);
  assertLess(Number(lines[1].split(" ")[1]), 0.01);
  const [, said] = /is about (-0\.\d\d)$/.exec(lines[2]) ?? [];
  assertLess(Math.abs(Number(said) + 0.25), 0.05);
});

Deno.test("the guide to optimizers trains by one of one's own, by NAG and by Hessian-free", async () => {
  const lines = await outputOf(programOf("core/optim/README.md"));
  assertMatch(lines[0], /^own and NAG, 200 updates: \d+\.\d \d+\.\d$/);
  assertMatch(lines[1], /^Hessian-free, 10 updates: \d+\.\d$/);
});

/** An IDX file of bytes, compressed. */
async function idx(dimensions: readonly number[], values: Uint8Array) {
  const header = new DataView(new ArrayBuffer(4 + 4 * dimensions.length));
  header.setUint32(0, 0x0800 + dimensions.length);
  dimensions.forEach((size, i) => header.setUint32(4 + 4 * i, size));
  const file = new Blob([header.buffer, Uint8Array.from(values)]);
  const stream = file.stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Images of 28 x 28 whose digit says which rows are bright, and their labels. */
async function digits(count: number, seed: number) {
  const random = new RandomStream(seed, 6);
  const labels = Uint8Array.from({ length: count }, () => random.integer(10));
  const images = new Uint8Array(count * 784).map((_, i) => {
    const row = Math.floor(i % 784 / 28);
    return (Math.floor(row / 2.8) === labels[Math.floor(i / 784)] ? 150 : 0) + random.integer(100);
  });
  return [await idx([count, 28, 28], images), await idx([count], labels)] as const;
}

Deno.test("the guide to models reads the files of MNIST and tells digits apart", async () => {
  const [images, labels] = await digits(300, 1);
  const [testImages, testLabels] = await digits(100, 2);
  const program = programOf("models/README.md");
  const lines = await outputOf(
    (origin) => program(origin).replace("updates: 6000, every: 600", "updates: 60, every: 30"),
    {
      "data/train-images-idx3-ubyte.gz": images,
      "data/train-labels-idx1-ubyte.gz": labels,
      "data/t10k-images-idx3-ubyte.gz": testImages,
      "data/t10k-labels-idx1-ubyte.gz": testLabels,
    },
  );
  assertEquals(lines[1], "60 0.00 % of the test images are taken for another");
  assertMatch(lines[2], /^Float32Array\(10\) \[$/);
});
