import { fileURLToPath } from "node:url";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { runDeno } from "./experiments/processes.ts";
import { outputOf } from "./outside.ts";

const root = new URL("../", import.meta.url);

Deno.test("mod.ts bundles for a browser: no import is left, and no Deno", async () => {
  const entry = fileURLToPath(new URL("mod.ts", root));
  const { status, stdout, stderr } = await runDeno(["bundle", "--platform", "browser", entry]);
  assertEquals(status, 0, stderr);
  assertStringIncludes(stdout, "export {"); // it is the bundle
  assertStringIncludes(stdout, "@compute"); // with its shaders
  // Neither in code nor as the word of a message; comments are not bundled.
  const left = stdout.split("\n").filter((line) => /^\s*import\b|\bimport\(|\bDeno\b/.test(line));
  assertEquals(left, []);
});

/** What tests/older_platform.js prints when `program` runs it on a bundle of the library. */
async function useBundle(program: string, args: readonly string[]): Promise<string> {
  const folder = await Deno.makeTempDir();
  try {
    const bundle = `${folder}/mod.mjs`;
    const entry = fileURLToPath(new URL("mod.ts", root));
    const built = await runDeno(["bundle", "--platform", "browser", "--output", bundle, entry]);
    assertEquals(built.status, 0, built.stderr);
    const script = fileURLToPath(new URL("older_platform.js", import.meta.url));
    const { success, stdout, stderr } = await new Deno.Command(program, {
      args: [...args, script, bundle],
      env: { NO_COLOR: "1" },
    }).output();
    const decoder = new TextDecoder();
    assert(success, decoder.decode(stderr));
    return decoder.decode(stdout).trim();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("mod.ts runs where what is newer than 2023 is missing", async () => {
  assertEquals(await useBundle(Deno.execPath(), ["run", "-A"]), "all, and the GPU");
});

/** Whether Node is here: of version 20 it also tells of syntax that is too new. */
const hasNode = await new Deno.Command("node", { args: ["--version"] }).output()
  .then(({ success }) => success, () => false);

Deno.test({ name: "mod.ts is imported by Node", ignore: !hasNode }, async () => {
  assertEquals(await useBundle("node", []), "all but the GPU");
});

/** What a user writes who has only the address of the library. */
const script = (origin: string) => `
  import { autoencoder, Dataset, nesterov, openGPU, sparse, Trainer } from "${origin}/mod.ts";

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
const ownOptimizer = (origin: string) => `
  import * as nagare from "${origin}/mod.ts";

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

Deno.test("mod.ts is imported by URL, from a folder that knows nothing of it", async () => {
  const reports = (await outputOf(script)).map((line) => line.split(" ").map(Number));
  assertEquals(reports.map(([update]) => update), [10, 20]);
  for (const [, squaredError] of reports) assertMatch(String(squaredError), /^\d\.\d+$/);
});

Deno.test("an optimizer of a user's own stands beside those that are shipped", async () => {
  assertEquals(await outputOf(ownOptimizer), [
    "sign true true",
    "nag true true",
    "adamw true true",
  ]);
});
