import { fileURLToPath } from "node:url";
import { assertEquals, assertLess } from "@std/assert";
import { runDeno } from "../experiments/processes.ts";

/** What is done again and again: updates of one trainer, or trainers opened and closed. */
export const leakKinds = ["steps", "trainers"] as const;

/** Where products read their operands. */
export const operandKinds = ["buffers", "textures"] as const;

/** What is done again and again, how often, and where products read their operands. */
export interface LeakTrial {
  readonly kind: typeof leakKinds[number];
  /** A multiple of ten. */
  readonly count: number;
  readonly operands: typeof operandKinds[number];
}

/** Memory after so many times. */
interface Reading {
  readonly done: number;
  /** Bytes that the least that can be forgotten takes, each time. */
  readonly least: number;
  /** Buffers and textures created so far. */
  readonly allocations: number;
  readonly allocatedBytes: number;
  readonly residentBytes: number;
}

const program = fileURLToPath(new URL("leak_program.ts", import.meta.url));

/**
 * Does it in a process of its own, and rejects where memory grows. GPU memory is counted to the
 * byte. Resident memory is taken over the second half, as the driver's pools grow in the first: the
 * limit is a page for each update, and the parameters, once, for each trainer, which is less than
 * any buffer that might be forgotten. Resolves to the bytes of resident memory it grew by.
 */
export async function assertNoLeak({ kind, count, operands }: LeakTrial): Promise<number> {
  const flags = ["--no-check", "--v8-flags=--expose-gc"];
  const words = [program, kind, String(count), operands];
  const { status, stdout, stderr } = await runDeno(["run", "-A", ...flags, ...words]);
  assertEquals(status, 0, stderr);
  const readings: Reading[] = stdout.trim().split("\n").map((line) => JSON.parse(line));
  assertEquals(
    readings.map(({ done }) => done),
    Array.from({ length: 10 }, (_, i) => (i + 1) * count / 10),
  );
  const [first, middle, last] = [readings[0], readings[4], readings[9]];
  assertEquals(last.allocatedBytes, first.allocatedBytes);
  if (kind === "steps") assertEquals(last.allocations, first.allocations);
  const growth = last.residentBytes - middle.residentBytes;
  assertLess(growth, last.least * (last.done - middle.done));
  return growth;
}
