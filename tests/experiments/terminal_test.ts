// Ctrl-C as a terminal sends it: to the program and to all that started it, at once.

import { fileURLToPath } from "node:url";
import { assertEquals, assertGreater, assertLess } from "@std/assert";
import { assertSame, finish, isBegun, referenceOf, savedUpdates } from "../soak/session.ts";
import { pause } from "./processes.ts";
import { type Scratch, scratch } from "./scratch.ts";
import { smallAutoencoders, type SmallRun } from "./small_runs.ts";

const config = fileURLToPath(new URL("../../deno.json", import.meta.url));

const launchers: Record<string, readonly string[]> = {
  "deno task": [Deno.execPath()],
  "npx deno task": ["npx", "-y", `deno@${Deno.version.deno}`],
};

/** The command line of a task that trains in a folder, by way of a launcher. */
function taskOf(
  folder: Scratch,
  { program, flags }: SmallRun,
  { launcher, out }: { launcher: readonly string[]; out: string },
): string {
  const words = ["deno", "run", "-A", "--config", config, program, ...flags];
  const train = [...words, "--checkpoint-every", "20", "--out", out].map(quoted).join(" ");
  const file = `${folder.path}/deno.json`;
  Deno.writeTextFileSync(file, JSON.stringify({ tasks: { train } }));
  return [...launcher, "task", "--config", file, "train"].map(quoted).join(" ");
}

/** A word as shells take it, whatever is in it. */
function quoted(word: string): string {
  return /^[\w@./:=,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\"'\"'")}'`;
}

function recordOf(out: string) {
  return JSON.parse(Deno.readTextFileSync(`${out}/run.json`));
}

/** Runs a command on a pseudo-terminal, and types Ctrl-C once there is a checkpoint. */
async function interrupt(command: string, out: string): Promise<void> {
  const terminal = new Deno.Command("script", {
    args: ["--quiet", "--return", "--command", command, "/dev/null"],
    stdin: "piped",
    stdout: "null",
    stderr: "null",
  }).spawn();
  let hasEnded = false;
  const ended = terminal.status.then(() => hasEnded = true);
  while (await savedUpdates(out) === 0 && !hasEnded) await pause(5);
  const keyboard = terminal.stdin.getWriter();
  if (!hasEnded) await keyboard.write(new TextEncoder().encode("\x03"));
  await ended;
  await keyboard.close().catch(() => {}); // the terminal is gone
  // Those who started the program may end before it does.
  while (isBegun(out) && recordOf(out).status === "running") await pause(5);
}

const hasNpx = Deno.build.os === "linux" &&
  new Deno.Command("sh", { args: ["-c", "command -v npx"], stdout: "null" }).outputSync().success;

Deno.test({
  name: "Ctrl-C on a terminal leaves a whole checkpoint, which goes on to the same bits",
  ignore: Deno.build.os !== "linux", // script takes other words elsewhere
  async fn(t) {
    using folder = scratch();
    const run = smallAutoencoders(folder);
    const reference = await referenceOf(run, `${folder.path}/whole`);
    for (const [name, launcher] of Object.entries(launchers)) {
      await t.step({
        name,
        ignore: launcher[0] === "npx" && !hasNpx,
        async fn() {
          const out = `${folder.path}/${launcher.length}`;
          await interrupt(taskOf(folder, run, { launcher, out }), out);
          const updates = await savedUpdates(out);
          assertGreater(updates, 0);
          assertLess(updates, 300);
          assertEquals(recordOf(out).reason, "ended by SIGINT");
          await finish(run, out);
          await assertSame(out, reference);
        },
      });
    }
  },
});
