import { assertEquals, assertLessOrEqual, assertMatch, assertStringIncludes } from "@std/assert";
import { shippedOptimizers } from "../experiments/study/shipped_optimizers.ts";
import { runDeno } from "./experiments/processes.ts";
import { scratch } from "./experiments/scratch.ts";
import { flagsPage, flagsPagePath } from "./flags_page.ts";

const root = new URL("../", import.meta.url);
const readme = Deno.readTextFileSync(new URL("README.md", root));
const flags = Deno.readTextFileSync(flagsPagePath);

function blocks(language: string): string[] {
  return [...readme.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\``, "gm"))]
    .map(([, block]) => block);
}

Deno.test("README is for a person in a hurry", () => {
  assertLessOrEqual(readme.split("\n").length, 250);
});

Deno.test("README's lines of TypeScript run together as they are printed", async () => {
  using folder = scratch();
  const program = blocks("ts").join("").replace(/"https:[^"]*\/mod\.ts"/, `"${root}mod.ts"`);
  const file = folder.write("program.ts", new TextEncoder().encode(program));
  const { status, stdout, stderr } = await runDeno(["run", "-A", file]);
  assertEquals(status, 0, stderr);
  assertMatch(stdout, /^100 \[ \d+\.\d+, \d+\.\d+ \]\n39200$/m);
});

Deno.test("README's mine.ts trains beside nag, and its settings are flags", async () => {
  using folder = scratch();
  const [mine] = blocks("js");
  const file = folder.write("mine.ts", new TextEncoder().encode(mine));
  const { status, stdout, stderr } = await runDeno([
    ...["run", "-A", `${root}experiments/autoencoder.ts`, "--optimizer", `nag,${file}`],
    ...["--beta", "0.5,0.9", "--layers", "784,9,3", "--updates", "2", "--eval-cases", "5"],
    ...["--batch-size", "500", "--out", `${folder.path}/run`],
  ]);
  assertEquals(status, 0, stderr);
  assertEquals(stdout.match(/^sign /gm)?.length, 2);
});

Deno.test("README imports the version that this is", () => {
  const { version } = JSON.parse(Deno.readTextFileSync(new URL("deno.json", root)));
  assertStringIncludes(blocks("ts")[0], `/v${version}/mod.ts"`);
});

Deno.test("README names every task", () => {
  const { tasks } = JSON.parse(Deno.readTextFileSync(new URL("deno.json", root)));
  for (const task of Object.keys(tasks)) assertStringIncludes(readme, `task ${task}`);
});

Deno.test("README names every optimizer", () => {
  const [, list] = /Shipped are ([^.]*)\./.exec(readme)!;
  assertEquals(list.split(/,\s+|\s+and\s+/), Object.keys(shippedOptimizers));
});

Deno.test("README names no flag, command or file that there is not", async () => {
  const told = [
    ...readme.replaceAll(/deno@.*$|^systemd.*$/gm, "")
      .matchAll(/(?<=[\s`])--([a-z][a-z0-9-]*)/g),
  ].map(([, name]) => name);
  // Those of Deno, of the benchmark, and of README's own optimizer are not on the page.
  const isOther = (name: string) => /^allow-|^(only|beta)$/.test(name);
  const strange = [...new Set(told)].filter((name) =>
    !isOther(name) && !flags.includes(`\`--${name} `) && !flags.includes(`\`--${name}\``)
  );
  assertEquals(strange, []);
  for (const [, path] of readme.matchAll(/\]\((?!https:|#)([^)]*)\)/g)) {
    await Deno.stat(new URL(path, root));
  }
  for (const command of flags.matchAll(/paper\.ts ([\w\s,]*?)(?:,\s\w+\.ts|:)/g)) {
    for (const name of command[1].split(/,\s/)) assertStringIncludes(readme, `\`${name}\``);
  }
});

Deno.test("guides name no file that there is not", async () => {
  for (const guide of [".github/CONTRIBUTING.md", "tests/bench/NOTES.md"]) {
    const text = await Deno.readTextFile(new URL(guide, root));
    for (
      const [, path] of text.matchAll(/`((?:core|experiments|models|shaders|tests)\/[\w./]+)`/g)
    ) {
      if (!path.includes("NAME")) await Deno.stat(new URL(path, root));
    }
  }
});

Deno.test("FLAGS.md is as deno task flags makes it", async () => {
  assertEquals(flags, await flagsPage());
});
