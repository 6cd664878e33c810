import { paperProblems } from "../../../mod.ts";
import { type EngineCommand, EngineProcess } from "../engine_process.ts";
import { median } from "../median.ts";
import { operationsOf } from "../operations.ts";
import type { Row } from "../report.ts";
import { type Task, type TaskValues, writeTask } from "../task.ts";
import { autoencoderTask, recurrentTask } from "../tasks.ts";
import type { Setting } from "./section.ts";

const bench = new URL("..", import.meta.url).pathname;

/** The command of a program of the benchmark. */
function deno(program: string, ...args: string[]): string[] {
  return [Deno.execPath(), "run", "-A", `--config=${bench}deno.json`, bench + program, ...args];
}

const ours: EngineCommand = { name: "Nagare", command: deno("nagare_engine.ts") };
const jaxWebGPU: EngineCommand = {
  name: "jax-js WebGPU",
  command: deno("peers/jax_js.ts", "webgpu"),
};
const jaxWasm: EngineCommand = {
  name: "jax-js WebAssembly",
  command: deno("peers/jax_js.ts", "wasm"),
};
const tensorflow: EngineCommand = {
  name: "TensorFlow.js WebGPU",
  command: deno("peers/tensorflow_js.ts"),
};

/** Our step beside every peer's, in one run on one adapter, on the paper's autoencoders. */
export async function comparePeers(setting: Setting): Promise<void> {
  const python = await pythonEngines(setting);
  const engines = [ours, jaxWebGPU, jaxWasm, tensorflow, ...python];
  for (const name of setting.networks) {
    const gigaflops = operationsOf(paperProblems[name].layers, 200) / 1e9;
    const rows = (await race(setting, autoencoderTask(name), engines)).map((row) => (
      { ...row, gflops: gigaflops / (Number(row.ms) / 1000) }
    ));
    setting.report.table(`peers_${name}`, `Peers on ${name}: batch 200, Nesterov momentum`, rows);
  }
  if (python.some(({ name }) => name.startsWith("JAX"))) await compareReplicas(setting);
}

/** 54 networks, as many as the paper's grid of a problem has, against vmap over a scan of steps. */
async function compareReplicas(setting: Setting): Promise<void> {
  const rows = await race(setting, autoencoderTask("curves", 54), [ours, pythonEngine("JAX vmap")]);
  setting.report.table("replicas", "54 Curves networks side by side", rows);
}

/** The recurrent update beside jax-js, its loop over time unrolled. */
export async function compareRecurrentPeers(setting: Setting): Promise<void> {
  const engines = [
    { name: "Nagare, loop in a kernel", command: deno("nagare_engine.ts", "kernel") },
    { name: "Nagare, a dispatch a step", command: deno("nagare_engine.ts", "dispatch") },
    jaxWebGPU,
    jaxWasm,
    ...await pythonEngines(setting),
  ];
  for (const [steps, batchSize] of [[50, 50], [80, 100]]) {
    const task = recurrentTask({ steps, batchSize, hidden: 100 });
    const rows = await race(setting, task, engines);
    setting.report.table(`peers_recurrent_${steps}`, `Peers on ${task.task.name}, NAG`, rows);
  }
}

/** Losses apart by more than this are another computation: float32 sums differ by far less. */
const closeLosses = 1e-3;

/** Times all engines in rounds, one after another in each; those that cannot run say why. */
async function race(
  { report, rounds }: Setting,
  { task, values }: { task: Task; values: TaskValues },
  commands: readonly EngineCommand[],
): Promise<Row[]> {
  const folder = await Deno.makeTempDir({ prefix: "nagare-bench-" });
  const engines: EngineProcess[] = [];
  try {
    await writeTask(folder, task, values);
    for (const command of commands) {
      try {
        engines.push(await EngineProcess.start(command, folder));
      } catch (error) {
        report.say(`${task.name}: ${command.name} cannot run: ${(error as Error).message}`);
      }
    }
    const times = await interleave(engines, rounds);
    return engines.map((engine, i) => {
      const difference = largestDifference(engine.losses, engines[0].losses);
      return {
        task: task.name,
        engine: engine.name,
        ms: 1000 * times[i],
        ratio: times[i] / times[0],
        first_step_s: engine.firstStep,
        loss_difference: difference.toExponential(1),
        same_losses: difference <= closeLosses ? "yes" : "NO: not the same work",
      };
    });
  } finally {
    await Promise.all(engines.map((engine) => engine.end()));
    await Deno.remove(folder, { recursive: true });
  }
}

/**
 * Median seconds an update of each engine, in rounds of about a second each; NaN for one that ends
 * before the others.
 */
async function interleave(engines: readonly EngineProcess[], rounds: number): Promise<number[]> {
  const counts: number[] = [];
  for (const engine of engines) {
    const seconds = await secondsOf(engine, 1);
    const count = Number.isNaN(seconds)
      ? 0
      : Math.min(10_000, Math.max(1, Math.round(1 / seconds)));
    await secondsOf(engine, count); // some compile anew for every count
    counts.push(count);
  }
  const times: number[][] = engines.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, engine] of engines.entries()) times[i].push(await secondsOf(engine, counts[i]));
  }
  return times.map((values) => values.some(Number.isNaN) ? NaN : median(values));
}

async function secondsOf(engine: EngineProcess, count: number): Promise<number> {
  if (count === 0) return NaN;
  try {
    return await engine.time(count);
  } catch (error) {
    console.error(`${engine.name} ended early: ${(error as Error).message}`);
    return NaN;
  }
}

/** The largest of the losses' relative differences. */
function largestDifference(losses: readonly number[], wanted: readonly number[]): number {
  return Math.max(...losses.map((loss, i) => Math.abs(loss / wanted[i] - 1)));
}

const pythonNames = {
  torch: ["PyTorch eager", "PyTorch compile", "PyTorch CUDA graphs"],
  jax: ["JAX jit", "JAX scan"],
};

function pythonEngine(name: string): EngineCommand {
  const command = ["python3", `${bench}peers.py`, name.toLowerCase().replaceAll(" ", "-")];
  return { name, command };
}

/** What Python has here; one line says what it has not. */
async function pythonEngines({ report }: Setting): Promise<EngineCommand[]> {
  const names: string[] = [];
  for (const [module, engines] of Object.entries(pythonNames)) {
    if (await pythonHas(module)) names.push(...engines);
    else report.say(`${engines.join(", ")} cannot run: there is no python3 with ${module}`);
  }
  return names.map(pythonEngine);
}

async function pythonHas(module: string): Promise<boolean> {
  try {
    return (await new Deno.Command("python3", { args: ["-c", `import ${module}`] }).output())
      .success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
