import { fileURLToPath } from "node:url";
import { median } from "../median.ts";
import type { Row } from "../report.ts";
import type { Setting } from "./section.ts";

const program = fileURLToPath(new URL("../start_program.ts", import.meta.url));
const config = fileURLToPath(new URL("../deno.json", import.meta.url));

/**
 * From the start of a process to the end of the first update of Curves, and where the time goes: with
 * the driver's cache of compiled shaders empty, as on a first run, and as it is from the second on.
 */
export async function measureStart({ report, rounds }: Setting): Promise<void> {
  const cold: Parts[] = [], warm: Parts[] = [];
  for (let round = 0; round < rounds; round++) {
    const cache = await Deno.makeTempDir({ prefix: "nagare-bench-" });
    cold.push(await start(cache));
    await start(cache); // the driver may not have written all of it before the first one ended
    warm.push(await start(cache));
    await Deno.remove(cache, { recursive: true });
  }
  const middle = (runs: Parts[], part: string) => median(runs.map((run) => run[part]));
  const rows: Row[] = Object.keys(cold[0]).map((part) => (
    { part, first_run_ms: middle(cold, part), later_runs_ms: middle(warm, part) }
  ));
  report.table("start", "Start-up: process start to the end of the first Curves update", rows);
}

/** Milliseconds by part. */
type Parts = Record<string, number>;

async function start(cache: string): Promise<Parts> {
  const started = Date.now();
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", `--config=${config}`, program, String(started), `${cache}/nagare`],
    // Where Mesa and NVIDIA's driver keep what they compiled.
    env: { MESA_SHADER_CACHE_DIR: cache, __GL_SHADER_DISK_CACHE_PATH: cache },
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}
