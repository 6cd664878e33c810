import { fileURLToPath } from "node:url";
import { assertEquals, assertMatch } from "@std/assert";
import { tuningFiles } from "../../../experiments/files/tuning_files.ts";
import { runDeno } from "../processes.ts";
import { scratch } from "../scratch.ts";

Deno.test("tuningFiles() keeps a text for each adapter", () => {
  using folder = scratch();
  const store = tuningFiles(`${folder.path}/new/nagare`);
  assertEquals(store.load("one"), undefined);
  store.save("one", "1");
  store.save("two", "2");
  store.save("one", "3");
  assertEquals([store.load("one"), store.load("two"), store.load("three")], ["3", "2", undefined]);
  const names = [...Deno.readDirSync(`${folder.path}/new/nagare`)].map(({ name }) => name);
  assertEquals(names.length, 2);
  for (const name of names) assertMatch(name, /^tuning-[0-9a-f]{16}\.json$/);
});

Deno.test("tuningFiles() does without a folder that cannot be made", () => {
  using folder = scratch();
  const file = folder.write("file", new Uint8Array(1));
  const store = tuningFiles(`${file}/nagare`);
  store.save("one", "1");
  assertEquals(store.load("one"), undefined);
  assertEquals(Deno.readFileSync(file).length, 1);
});

const module = new URL("../../../experiments/files/tuning_files.ts", import.meta.url);
const config = fileURLToPath(new URL("../../../deno.json", import.meta.url));

/**
 * Saves and loads with the folder that is taken by default, in a process of its own, which sets the
 * variables itself: Deno goes by some of them to find its modules.
 */
async function inProcess(permissions: string[], env: Record<string, string>) {
  using folder = scratch();
  const code = `
    import { tuningFiles } from "${module}";
    for (const [name, value] of ${JSON.stringify(Object.entries(env))}) Deno.env.set(name, value);
    const store = tuningFiles();
    store.save("adapter", "text");
    console.log(store.load("adapter"));`;
  const script = folder.write("script.ts", new TextEncoder().encode(code));
  const args = ["run", "--no-prompt", `--config=${config}`, ...permissions, script];
  const { status, stdout, stderr } = await runDeno(args);
  return [status, stdout.trim(), stderr];
}

Deno.test("tuningFiles() uses the user's cache folder", async () => {
  using folder = scratch();
  for (
    const [env, where] of [
      [{ XDG_CACHE_HOME: `${folder.path}/caches` }, "caches/nagare"],
      [{ XDG_CACHE_HOME: "", HOME: folder.path }, ".cache/nagare"],
    ] as const
  ) {
    assertEquals(await inProcess(["-A"], env), [0, "text", ""]);
    assertEquals([...Deno.readDirSync(`${folder.path}/${where}`)].length, 1);
  }
});

Deno.test("tuningFiles() keeps nothing where it may not, without a word", async () => {
  using folder = scratch();
  const env = { XDG_CACHE_HOME: folder.path };
  assertEquals(await inProcess([], {}), [0, "undefined", ""]);
  for (const permissions of [["--allow-env"], ["--allow-env", "--allow-read"]]) {
    assertEquals(await inProcess(permissions, env), [0, "undefined", ""]);
  }
  assertEquals(folder.names(), []);
});
