import { receiveSignals } from "./signals.ts";

/**
 * Runs another program with this process's stdin, stdout and stderr and returns its exit status. Signals
 * are passed on to it, and it decides what to do about them.
 */
export async function runProcess(
  [command, ...args]: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<number> {
  const child = new Deno.Command(command, {
    args,
    env,
    stdin: "inherit",
    stdout: "inherit",
    stderr: "inherit",
  }).spawn();
  using _signals = receiveSignals((signal) => {
    try {
      child.kill(signal);
    } catch {
      // It has ended in this moment.
    }
  });
  return (await child.status).code;
}
