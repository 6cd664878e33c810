import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { integer } from "../../../experiments/terminal/flags.ts";
import { runSubcommands, subcommand } from "../../../experiments/terminal/subcommands.ts";
import { isQuiet, setQuiet } from "../../../experiments/terminal/terminal.ts";

/** What a program of one command prints, and what the command is given. */
async function run(...args: string[]): Promise<{ printed: string; given: unknown[] }> {
  const given: unknown[] = [];
  let printed = "";
  const { log } = console;
  console.log = (text: string) => void (printed += text);
  try {
    await runSubcommands({
      usage: "x.ts",
      summary: "Works.",
      examples: [{ command: "x.ts count --to 3", does: "Counts." }],
      commands: {
        count: subcommand(
          {
            summary: "Counts.",
            examples: [{ command: "x.ts count --to 9", does: "Counts further." }],
            flags: { to: integer({ default: 1, help: "How far." }) },
          },
          ({ to }) => Promise.resolve(void given.push(to, isQuiet())),
        ),
      },
    }, args);
  } finally {
    console.log = log;
    setQuiet(false);
  }
  return { printed, given };
}

Deno.test("runSubcommands() runs a command, quietly where it is asked to before or after it", async () => {
  assertEquals(await run("count", "--to", "3"), { printed: "", given: [3, false] });
  assertEquals(await run("--quiet", "count", "--to", "3"), { printed: "", given: [3, true] });
  assertEquals(await run("count", "--to=3", "--quiet"), { printed: "", given: [3, true] });
});

Deno.test("runSubcommands() prints the help of all or of a command, and the version", async () => {
  const overview = await run();
  assertMatch(
    overview.printed,
    /^Usage: x\.ts COMMAND [^]*x\.ts count --to 3\n[^]*^ {2}count {2}Counts\./m,
  );
  assertEquals(await run("--help"), overview);
  assertEquals(await run("--quiet"), overview);
  const { printed, given } = await run("count", "--to", "3", "--help");
  assertStringIncludes(printed, "Usage: x.ts count [--flag value ...]\n\nCounts.\n");
  assertStringIncludes(printed, "x.ts count --to 9\n    Counts further.\n");
  assertStringIncludes(printed, "--to N ");
  assertEquals(given, []);
  assertMatch((await run("--version")).printed, /^nagare \S+ \(deno \S+\)$|, revision /);
  assertEquals(await run("count", "--version"), await run("--version"));
});
