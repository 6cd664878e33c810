/**
 * Makes sure that a GPU adapter answers, installing a driver where that is possible, then runs the
 * command it is given: `deno run -A experiments/setup.ts deno test -A`.
 */
import { runCommand } from "./shared/commands.ts";
import { runMain } from "./shared/program.ts";
import { describeAdapter, ensureAdapter } from "./shared/setup.ts";
import { print } from "./shared/terminal.ts";

await runMain(async (interruption) => {
  const adapter = await ensureAdapter("any", interruption);
  const [command, ...args] = Deno.args;
  if (command === undefined) return print(describeAdapter(adapter));
  // Under npx there may be no deno on the PATH.
  const program = command === "deno" ? Deno.execPath() : command;
  Deno.exit(await runCommand([program, ...args]));
});
