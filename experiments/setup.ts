/**
 * Makes sure that a GPU adapter answers, installing a driver where that is possible, then runs the
 * command it is given: `deno run -A experiments/setup.ts deno test -A`.
 */
import { runProcess } from "./terminal/process.ts";
import { runMain } from "./terminal/program.ts";
import { describeAdapter, ensureAdapter } from "./study/adapter.ts";
import { print } from "./terminal/terminal.ts";

await runMain(async (interruption) => {
  const adapter = await ensureAdapter("any", interruption);
  const [command, ...args] = Deno.args;
  if (command === undefined) return print(describeAdapter(adapter));
  // Under npx there may be no deno on the PATH.
  const program = command === "deno" ? Deno.execPath() : command;
  Deno.exit(await runProcess([program, ...args]));
});
