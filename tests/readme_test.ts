import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { runDeno } from "./experiments/processes.ts";

const root = new URL("../", import.meta.url);
const readme = Deno.readTextFileSync(new URL("README.md", root));

Deno.test("README's example runs as it is printed", async () => {
  const example = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? "";
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(file, example.replace('"./mod.ts"', `"${root}mod.ts"`));
    const { status, stdout, stderr } = await runDeno(["run", "-A", file]);
    assertEquals(status, 0, stderr);
    assertMatch(stdout, /^100 \[ \d+\.\d+, \d+\.\d+ \]\n39200 \[/m);
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("README names every task and every flag, and no other", async () => {
  const { tasks } = JSON.parse(Deno.readTextFileSync(new URL("deno.json", root)));
  for (const task of Object.keys(tasks)) assertStringIncludes(readme, `task ${task}`);
  const { stdout } = await runDeno(["run", `${root}experiments/autoencoder.ts`, "--help"]);
  const flags = [...stdout.matchAll(/^ {2}(--[a-z0-9-]+)/gm)].map(([, flag]) => flag);
  const told = [...readme.matchAll(/^\| `(--[a-z0-9-]+)` +\|/gm)].map(([, flag]) => flag);
  assertEquals(told.toSorted(), flags.filter((flag) => flag !== "--help").toSorted());
});
