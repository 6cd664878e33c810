// Programs of users: they know nothing of this repository but the address of mod.ts.

import { assertEquals, assertLess, assertMatch } from "@std/assert";
import { RandomStream } from "../core/random.ts";
import { runDeno } from "./experiments/processes.ts";

const root = new URL("../", import.meta.url);
const folder = Deno.makeTempDirSync();

/** The program of a guide, with the library at its address. */
function programOf(guide: string): string {
  const text = Deno.readTextFileSync(new URL(`../${guide}`, import.meta.url));
  const [, code] = /```ts\n([\s\S]*?)```/.exec(text) ?? [];
  return code.replace(/"(?:\.\.\/)+mod\.ts"/, '"ORIGIN/mod.ts"');
}

/** What a user writes who has only the address of the library. */
const script = `
  import { autoencoder, Dataset, nesterov, openGPU, sparse, Trainer } from "ORIGIN/mod.ts";

  using gpu = await openGPU();
  const train = new Dataset(gpu, new Uint8Array(64).map((_, i) => 4 * i), { width: 8 });
  const trainer = await Trainer.open(gpu, {
    model: autoencoder({ layers: [8, 4, 2], train }),
    replicas: [{
      seed: 1,
      optimizer: nesterov({ learningRate: 0.1, momentum: 0.9 }),
      initializer: sparse(),
    }],
    batchSize: 4,
  });
  for await (const { update, replicas } of trainer.run({ updates: 20, every: 10, evalCases: 8 })) {
    console.log(update, replicas[0].figures.squaredError);
  }
`;

/** What that user writes who has an idea for an optimizer. */
const ownOptimizer = `
  import * as nagare from "ORIGIN/mod.ts";

  const sign = nagare.elementwise({
    name: "sign momentum", states: { mean: "zeros" }, scalars: ["rate", "beta"],
    body: \`mean = beta * mean + (1 - beta) * gradient; parameters -= rate * sign(mean);\`,
  });
  const optimizers: nagare.Optimizer[] = [
    { name: "sign", family: sign, settings: { rate: 1e-3, beta: 0.9 } },
    nagare.nesterov({ learningRate: 0.05, momentum: 0.9 }),
    nagare.adamW({ learningRate: 1e-3 }),
  ];

  using gpu = await nagare.openGPU();
  const train = new nagare.Dataset(gpu, new Uint8Array(64).map((_, i) => 4 * i), { width: 8 });
  const open = (optimizers: nagare.Optimizer[], from?: nagare.TrainerState) =>
    nagare.Trainer.open(gpu, {
      model: nagare.autoencoder({ layers: [8, 4, 2], train }),
      replicas: optimizers.map((optimizer) => (
        { seed: 1, optimizer, initializer: nagare.sparse({ fanIn: 4 }) }
      )),
      batchSize: 4,
      ...from && { from },
    });
  const upTo = async (trainer: nagare.Trainer, updates: number) => {
    for await (const _ of trainer.run({ updates }));
  };
  const bits = (trainer: nagare.Trainer, r: number) => trainer.theta(r).then(JSON.stringify);

  const whole = await open(optimizers);
  await upTo(whole, 20);
  const former = await open(optimizers);
  await upTo(former, 10);
  const { state } = await nagare.decodeCheckpoint(
    await nagare.encodeCheckpoint(await former.save()),
  );
  const resumed = await open(optimizers, state);
  await upTo(resumed, 20);
  for (const [r, optimizer] of optimizers.entries()) {
    const alone = await open([optimizer]);
    await upTo(alone, 20);
    const wanted = await bits(whole, r);
    console.log(optimizer.name, await bits(resumed, r) === wanted, await bits(alone, 0) === wanted);
  }
`;

const server = Deno.serve({ hostname: "localhost", port: 0, onListen() {} }, serveFile);
const origin = `http://localhost:${server.addr.port}`;

const programs = {
  "script.ts": script,
  "own_optimizer.ts": ownOptimizer,
  "layers.ts": programOf("core/layers/README.md"),
  "optimizers.ts": programOf("core/optim/README.md"),
  "models.ts": programOf("models/README.md")
    .replace("updates: 6000, every: 600", "updates: 60, every: 30"),
};

Deno.test.beforeAll(async () => {
  for (const [name, text] of Object.entries(programs)) {
    Deno.writeTextFileSync(`${folder}/${name}`, text.replaceAll("ORIGIN", origin));
  }
  // All together: each check reads the whole library.
  await linesOf("check", "--allow-import", `--reload=${origin}`, ...Object.keys(programs));
});

Deno.test.afterAll(async () => {
  await server.shutdown();
  Deno.removeSync(folder, { recursive: true });
});

/** Any static host will do: files by their path. */
async function serveFile(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  const type = pathname.endsWith(".ts") ? "application/typescript" : "text/plain";
  try {
    const file = await Deno.readTextFile(new URL(`.${pathname}`, root));
    return new Response(file, { headers: { "content-type": type } });
  } catch {
    return new Response(null, { status: 404 });
  }
}

/** What deno prints in a folder that holds nothing but the programs and their data. */
async function linesOf(...args: string[]): Promise<string[]> {
  const { status, stdout, stderr } = await runDeno(args, { cwd: folder });
  assertEquals(status, 0, stderr);
  return stdout.trim().split("\n");
}

/** The lines that a program prints, which may read its folder. */
function outputOf(name: keyof typeof programs): Promise<string[]> {
  return linesOf("run", "--allow-import", "--allow-read=.", name);
}

Deno.test("mod.ts is imported by URL, from a folder that knows nothing of it", async () => {
  const reports = (await outputOf("script.ts")).map((line) => line.split(" ").map(Number));
  assertEquals(reports.map(([update]) => update), [10, 20]);
  for (const [, squaredError] of reports) assertMatch(String(squaredError), /^\d\.\d+$/);
});

Deno.test("an optimizer of a user's own stands beside those that are shipped", async () => {
  assertEquals(await outputOf("own_optimizer.ts"), [
    "sign true true",
    "nag true true",
    "adamw true true",
  ]);
});

Deno.test("the guide to layers trains a layer and a loss of one's own", async () => {
  const lines = await outputOf("layers.ts");
  assertEquals(lines.length, 3);
  assertMatch(lines[1], /^500 0\.\d+/);
  assertLess(Number(lines[1].split(" ")[1]), 0.01);
  const [, said] = /is about (-0\.\d\d)$/.exec(lines[2]) ?? [];
  assertLess(Math.abs(Number(said) + 0.25), 0.05);
});

Deno.test("the guide to optimizers trains by one of one's own, by NAG and by Hessian-free", async () => {
  const lines = await outputOf("optimizers.ts");
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
  Deno.mkdirSync(`${folder}/data`);
  const files = {
    "train-images-idx3": images,
    "train-labels-idx1": labels,
    "t10k-images-idx3": testImages,
    "t10k-labels-idx1": testLabels,
  };
  for (const [name, contents] of Object.entries(files)) {
    Deno.writeFileSync(`${folder}/data/${name}-ubyte.gz`, contents);
  }
  const lines = await outputOf("models.ts");
  assertEquals(lines[1], "60 0.00 % of the test images are taken for another");
  assertMatch(lines[2], /^Float32Array\(10\) \[$/);
});
