import { fileURLToPath } from "node:url";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { runDeno } from "./experiments/processes.ts";

const root = new URL("../", import.meta.url);

const folder = Deno.makeTempDirSync();
const bundle = `${folder}/mod.mjs`;

Deno.test.beforeAll(async () => {
  const entry = fileURLToPath(new URL("mod.ts", root));
  const built = await runDeno(["bundle", "--platform", "browser", "--output", bundle, entry]);
  assertEquals(built.status, 0, built.stderr);
});

Deno.test.afterAll(() => Deno.removeSync(folder, { recursive: true }));

Deno.test("mod.ts bundles for a browser: no import is left, and no Deno", () => {
  const text = Deno.readTextFileSync(bundle);
  assertStringIncludes(text, "export {"); // it is the bundle
  assertStringIncludes(text, "@compute"); // with its shaders
  // Neither in code nor as the word of a message; comments are not bundled.
  const left = text.split("\n").filter((line) => /^\s*import\b|\bimport\(|\bDeno\b/.test(line));
  assertEquals(left, []);
  // Nor what Node 20 and browsers of 2023 lack.
  const newer =
    /\b(Array\.fromAsync|Promise\.(try|withResolvers)|(Object|Map)\.groupBy|RegExp\.escape|URL\.parse)\b/;
  assertEquals(text.split("\n").filter((line) => newer.test(line)), []);
});

/** What tests/older_platform.js prints when `program` runs it on the bundle. */
async function useBundle(program: string, args: readonly string[]): Promise<string> {
  const script = fileURLToPath(new URL("older_platform.js", import.meta.url));
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args: [...args, script, bundle],
    env: { NO_COLOR: "1" },
  }).output();
  const decoder = new TextDecoder();
  assert(success, decoder.decode(stderr));
  return decoder.decode(stdout).trim();
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
