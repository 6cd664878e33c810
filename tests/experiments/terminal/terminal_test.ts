// Signals as they come: Ctrl-C from a terminal, to the program and to all that started it; a terminal
// that closes; a parent that is gone; a scheduler that asks for a checkpoint.

import { fileURLToPath } from "node:url";
import { assertEquals, assertGreater, assertLess } from "@std/assert";
import { exists } from "../../../experiments/files/files.ts";
import { assertSame, finish, isBegun, leastUpdates, referenceOf } from "../../soak/session.ts";
import { pause } from "../processes.ts";
import { type Scratch, scratch } from "../scratch.ts";
import { smallAutoencoders, type SmallRun } from "../study/small_runs.ts";

const config = fileURLToPath(new URL("../../../deno.json", import.meta.url));

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

/** Runs a command on a pseudo-terminal; types Ctrl-C, or closes it, once there is a checkpoint. */
async function interrupt(
  command: string,
  out: string,
  by: "Ctrl-C" | "closing" = "Ctrl-C",
): Promise<void> {
  const terminal = new Deno.Command("script", {
    args: ["--quiet", "--return", "--command", command, "/dev/null"],
    stdin: "piped",
    stdout: "null",
    stderr: "null",
  }).spawn();
  let hasEnded = false;
  const ended = terminal.status.then(() => hasEnded = true);
  while (await leastUpdates(out) === 0 && !hasEnded) await pause(5);
  const keyboard = terminal.stdin.getWriter();
  if (by === "closing") terminal.kill("SIGKILL");
  else if (!hasEnded) await keyboard.write(new TextEncoder().encode("\x03"));
  await ended;
  await keyboard.close().catch(() => {}); // the terminal is gone
  // Those who started the program may end before it does.
  while (isBegun(out) && recordOf(out).status === "running") await pause(5);
}

const hasNpx = Deno.build.os === "linux" &&
  new Deno.Command("sh", { args: ["-c", "command -v npx"], stdout: "null" }).outputSync().success;

Deno.test({
  name:
    "Ctrl-C, a terminal that closes and a request leave a checkpoint that goes on to the same bits",
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
          const updates = await leastUpdates(out);
          assertGreater(updates, 0);
          assertLess(updates, 300);
          assertEquals(recordOf(out).reason, "ended by SIGINT");
          await finish(run, out);
          await assertSame(out, reference);
        },
      });
    }
    const words = [Deno.execPath(), "run", "-A", run.program, ...run.flags];
    await t.step("a terminal that closes", async () => {
      const out = `${folder.path}/closed`;
      const command = [...words, "--checkpoint-every", "20", "--out", out].map(quoted).join(" ");
      await interrupt(command, out, "closing");
      assertGreater(await leastUpdates(out), 0);
      assertLess(await leastUpdates(out), 300);
      const { status, reason } = recordOf(out);
      assertEquals([status, reason], ["interrupted", "ended by SIGHUP"]);
      await finish(run, out);
      await assertSame(out, reference);
    });
    await t.step("a request to a run that ignores hangups, whose parent is gone", async () => {
      const out = `${folder.path}/alone`;
      const command = [...words, "--checkpoint-every", "1h", "--out", out].map(quoted).join(" ");
      const { stdout } = await new Deno.Command("sh", {
        args: ["-c", `trap "" HUP; ${command} >/dev/null 2>&1 & echo $!`],
        stdin: "null",
      }).output();
      const pid = Number(new TextDecoder().decode(stdout));
      const hasReported = () => isBegun(out) && sizeOf(`${out}/curve.csv`) > 200;
      const isThere = () => exists(`/proc/${pid}`);
      while (!hasReported() && isThere()) await pause(5);
      for (const signal of ["SIGHUP", "SIGUSR1"] as const) Deno.kill(pid, signal);
      while (await leastUpdates(out) === 0) await pause(5);
      assertLess(await leastUpdates(out), 300);
      while (isThere()) await pause(5);
      assertEquals(recordOf(out).status, "finished");
      await assertSame(out, reference);
    });
  },
});

/** 0 where there is no file. */
function sizeOf(path: string): number {
  return exists(path) ? Deno.statSync(path).size : 0;
}
