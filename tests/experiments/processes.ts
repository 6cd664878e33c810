// Child processes for tests: what a program prints, and how it ends.

import { fileURLToPath } from "node:url";

/** A program that has ended. */
export interface Ended {
  status: number;
  stdout: string;
  stderr: string;
}

const decoder = new TextDecoder();

/** Where processes start: tests beside this one may be in a folder that goes before they end. */
export const root = fileURLToPath(new URL("../../", import.meta.url));

/** Starts `deno` with its arguments and pipes for all it prints. */
export function spawnDeno(
  args: readonly string[],
  options: {
    cwd?: string;
    env?: Record<string, string>;
    stdin?: "null" | "piped";
    clearEnv?: boolean;
  } = {},
): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: [...args],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    cwd: root,
    ...options,
    env: { NO_COLOR: "1", ...options.env },
  }).spawn();
}

/** Runs `deno` to its end. */
export async function runDeno(...parameters: Parameters<typeof spawnDeno>): Promise<Ended> {
  const { code, stdout, stderr } = await spawnDeno(...parameters).output();
  return { status: code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** Waits for the first line of a program, then hands both over and reads it to its end. */
export async function whenReady(
  child: Deno.ChildProcess,
  act: (child: Deno.ChildProcess, line: string) => void | Promise<void>,
): Promise<Ended> {
  const stderr = new Response(child.stderr).text();
  let stdout = "";
  let acted: Promise<void> | void = undefined;
  let ready = false;
  for await (const bytes of child.stdout) {
    stdout += decoder.decode(bytes);
    if (!ready && stdout.includes("\n")) {
      ready = true;
      acted = act(child, stdout.slice(0, stdout.indexOf("\n")));
    }
  }
  await acted;
  const { code } = await child.status;
  return { status: code, stdout, stderr: await stderr };
}

/** A file beside the tests, as a path. */
export function beside(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}

/** Waits. */
export function pause(time_ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, time_ms));
}

/** What is said on stderr of this process meanwhile. */
export function linesOnStderr(act: () => void | Promise<unknown>): Promise<string[]> {
  return linesOn("error", act);
}

/** What is printed on stdout of this process meanwhile. */
export function linesOnStdout(act: () => void | Promise<unknown>): Promise<string[]> {
  return linesOn("log", act);
}

async function linesOn(
  name: "error" | "log",
  act: () => void | Promise<unknown>,
): Promise<string[]> {
  const lines: string[] = [];
  const write = console[name];
  console[name] = (line: string) => void lines.push(line);
  try {
    await act();
  } finally {
    console[name] = write;
  }
  return lines;
}

/** Environment variables of this process, until disposed of. */
export function environment(values: Readonly<Record<string, string>>): Disposable {
  const before = Object.keys(values).map((name) => [name, Deno.env.get(name)] as const);
  for (const [name, value] of Object.entries(values)) Deno.env.set(name, value);
  return {
    [Symbol.dispose]() {
      for (const [name, value] of before) {
        if (value === undefined) Deno.env.delete(name);
        else Deno.env.set(name, value);
      }
    },
  };
}
