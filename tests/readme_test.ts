import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { commonFlags } from "../experiments/terminal/flags.ts";
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

Deno.test("README names every task", () => {
  const { tasks } = JSON.parse(Deno.readTextFileSync(new URL("deno.json", root)));
  for (const task of Object.keys(tasks)) assertStringIncludes(readme, `task ${task}`);
});

const [, autoencoders, recurrent, tables] = readme.split(
  /^## (?:Train|Recurrent networks|The paper's tables|Runs that survive)$/m,
);

/** The flags of a help that are not those of every program. */
function ownFlags(help: string): string[] {
  return [...help.matchAll(/^ {2}--([a-z0-9-]+)/gm)].map(([, name]) => name)
    .filter((name) => !Object.hasOwn(commonFlags, name)).map((name) => `--${name}`);
}

for (const [program, section] of [["autoencoder", autoencoders], ["rnn", recurrent]]) {
  Deno.test(`README names every flag of ${program}.ts, and no other`, async () => {
    const { stdout } = await runDeno(["run", `${root}experiments/${program}.ts`, "--help"]);
    // Named in a row of a table, or in the list of those that mean the same.
    const told = [...section.matchAll(/^\| `(--[a-z0-9-]+)` +\||^Flags that[^`]*`([^`]*)`/gm)]
      .flatMap(([, flag, list]) => list === undefined ? [flag] : list.split(/\s+/));
    assertEquals(told.toSorted(), ownFlags(stdout).toSorted());
  });
}

Deno.test("README names every command and flag of paper.ts, and no other", async () => {
  const help = async (...args: string[]) =>
    (await runDeno(["run", `${root}experiments/paper.ts`, ...args, "--help"])).stdout;
  const commands = [...(await help()).matchAll(/^ {2}([a-z]+\d?) {2,}/gm)].map(([, name]) => name);
  const texts = await Promise.all(commands.map((command) => help(command)));
  const flags = texts.flatMap(ownFlags);
  const told = [...tables.matchAll(/^\| `([a-z0-9-]+)` +\|/gm)].map(([, name]) => name);
  assertEquals(told.toSorted(), [...new Set([...commands, ...flags])].toSorted());
});
