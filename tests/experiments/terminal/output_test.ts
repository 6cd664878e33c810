// Output that fails, and output in another locale: no program ends of it, or writes another number.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { sha256 } from "../../../experiments/files/files.ts";
import { recordRun } from "../../../experiments/study/run.ts";
import { print, say, unsaid } from "../../../experiments/terminal/terminal.ts";
import { scratch } from "../scratch.ts";
import { smallAutoencoders, snapshot, withoutTime } from "../study/small_runs.ts";

const root = new URL("../../../experiments/", import.meta.url);

function sources(folder: URL): URL[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) => {
    const at = new URL(isDirectory ? `${name}/` : name, folder);
    return isDirectory ? sources(at) : /(?<!\.d)\.tsx?$/.test(name) ? [at] : [];
  });
}

/** The files of experiments/ that hold a pattern. */
function holding(pattern: RegExp): string[] {
  return sources(root).filter((file) => pattern.test(Deno.readTextFileSync(file)))
    .map(({ href }) => href.slice(root.href.length));
}

Deno.test("experiments print and say by terminal/terminal.ts alone", () => {
  assertEquals(
    holding(/\b(console\.|(Deno|process)\.(stdout|stderr)\b|(alert|prompt|confirm)\()/),
    ["terminal/terminal.ts"],
  );
});

Deno.test("experiments spell no number in the locale of the machine", () => {
  assertEquals(
    holding(/toLocale\w*\((?!"en-US")|\bIntl\.\w+\((?!"en-US")|\.localeCompare\(/),
    [],
  );
});

/** The files of a run as texts, without the time that it took. */
function timeless(files: Readonly<Record<string, Uint8Array>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(files).filter(([name]) => name !== "times.csv").map(([name, bytes]) => {
      if (name.endsWith("safetensors") || name.endsWith("png")) return [name, sha256(bytes)];
      const text = new TextDecoder().decode(bytes);
      if (name === "summary.csv") return [name, withoutTime(text)];
      const ofTime = /^ *"(seconds|saved|sha256)": .*$/gm;
      return [name, name.startsWith("cells/") ? text.replace(ofTime, "") : text];
    }),
  );
}

/** Acts while nothing can be written on stdout and stderr. */
async function withoutOutput(act: () => unknown): Promise<void> {
  const { error, log } = console;
  console.error = console.log = () => {
    throw new Error("No space left on device (os error 28)");
  };
  try {
    await act();
  } finally {
    Object.assign(console, { error, log });
  }
}

Deno.test("say() and print() keep what they cannot write, of very much the ends", async () => {
  await withoutOutput(() => {
    say("a warning");
    print("a table");
    for (let i = 0; i < 1000; i++) say(`${i}/1000 updates ${"x".repeat(5000)}`);
  });
  const kept = unsaid();
  assertEquals(kept.slice(0, 2), ["a warning", "a table"]);
  assertEquals(kept[50], "(and 902 more)");
  assertEquals([kept.length, kept[100].slice(0, 8)], [101, "999/1000"]);
  assert(kept.every((line) => line.length <= 2000));
});

Deno.test("a run goes on where neither its record nor its output can be written", async () => {
  using folder = scratch();
  const out = `${folder.path}/run`;
  const interruption = new AbortController().signal;
  await withoutOutput(() =>
    recordRun({ program: "sample", folder: out, details: {}, interruption }, (run) => {
      Deno.removeSync(`${out}/run.json`);
      Deno.mkdirSync(`${out}/run.json/in/its/place`, { recursive: true });
      run.note({ more: true });
      run.write("loss.svg", "<svg/>");
      assertEquals(run.unsaved, ["run.json"]);
      return Promise.resolve();
    })
  );
  assertEquals(Deno.exitCode, 1);
  Deno.exitCode = 0;
  assertEquals(Deno.readTextFileSync(`${out}/loss.svg`), "<svg/>");
  assertStringIncludes(unsaid().at(-1)!, `error: not saved in ${out}: run.json`);
});

Deno.test({
  name: "a run whose output nobody takes, in another locale, leaves the same files and says so",
  ignore: Deno.build.os !== "linux", // others have no /dev/full
  async fn() {
    using folder = scratch();
    const { program, flags } = smallAutoencoders(folder);
    const words = [Deno.execPath(), "run", "-A", program, ...flags].map((word) => `'${word}'`);
    const train = (out: string, redirection: string, env: Record<string, string> = {}) =>
      new Deno.Command("sh", {
        args: ["-c", `exec ${words.join(" ")} --out ${folder.path}/${out} ${redirection}`],
        env: { NO_COLOR: "1", LC_ALL: "C", ...env },
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
      }).output();
    const german = { LANG: "de_DE.UTF-8", LC_ALL: "de_DE.UTF-8", LANGUAGE: "de" };
    const heard = await train("heard", "");
    const unheard = await train("unheard", ">/dev/full 2>&1", german);
    assertEquals([heard.code, unheard.code], [0, 0]);
    const [{ "run.json": record, ...files }, { "run.json": expected, ...reference }] = [
      snapshot(`${folder.path}/unheard`),
      snapshot(`${folder.path}/heard`),
    ];
    assertEquals(timeless(files), timeless(reference));
    const read = (bytes: Uint8Array) => JSON.parse(new TextDecoder().decode(bytes));
    const { status, unsaid } = read(record);
    assertEquals([status, read(expected).unsaid], ["finished", undefined]);
    const table = new TextDecoder().decode(heard.stdout).split("\n")[0];
    assert(unsaid.some((text: string) => text.startsWith(table)), unsaid.join("\n"));
    assertStringIncludes(unsaid[0], "adapter: ");
  },
});
