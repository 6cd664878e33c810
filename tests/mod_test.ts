import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { runDeno } from "./experiments/processes.ts";

const root = new URL("../", import.meta.url);

Deno.test("mod.ts bundles for a browser: no import is left, and no Deno", async () => {
  const entry = new URL("mod.ts", root).pathname;
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
    const entry = new URL("mod.ts", root).pathname;
    const built = await runDeno(["bundle", "--platform", "browser", "--output", bundle, entry]);
    assertEquals(built.status, 0, built.stderr);
    const script = new URL("older_platform.js", import.meta.url).pathname;
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

Deno.test("mod.ts is imported by URL, from a folder that knows nothing of it", async () => {
  const folder = await Deno.makeTempDir();
  await using server = Deno.serve({ hostname: "localhost", port: 0, onListen() {} }, serveFile);
  const origin = `http://localhost:${server.addr.port}`;
  try {
    await Deno.writeTextFile(`${folder}/train.ts`, script(origin));
    const { status, stdout, stderr } = await runDeno(
      ["run", "--allow-import", `--reload=${origin}`, "train.ts"],
      { cwd: folder },
    );
    assertEquals(status, 0, stderr);
    const reports = stdout.trim().split("\n").map((line) => line.split(" ").map(Number));
    assertEquals(reports.map(([update]) => update), [10, 20]);
    for (const [, squaredError] of reports) assertMatch(String(squaredError), /^\d\.\d+$/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
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
