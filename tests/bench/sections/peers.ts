import { fileURLToPath } from "node:url";
import { paperProblems } from "../../../mod.ts";
import { type EngineCommand, EngineProcess, type Seconds } from "../engine_process.ts";
import { median } from "../median.ts";
import { operationsOf } from "../operations.ts";
import { pythonEngines, type PythonModule, pythonModules } from "../python.ts";
import type { Row } from "../report.ts";
import { type Task, type TaskValues, writeTask } from "../task.ts";
import { autoencoderTask, convolutionalTask, recurrentTask, transformerTask } from "../tasks.ts";
import type { Setting } from "./section.ts";

const bench = fileURLToPath(new URL("..", import.meta.url));

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

/** Engines of one autoencoder, */
export function autoencoderEngines(modules: readonly PythonModule[]): EngineCommand[] {
  return [ours, jaxWebGPU, jaxWasm, tensorflow, ...pythonEngines(modules, "one")];
}

/** of one recurrent network, */
export function recurrentEngines(modules: readonly PythonModule[]): EngineCommand[] {
  return [...ourTimeLoops, jaxWebGPU, jaxWasm, ...pythonEngines(modules, "one")];
}

/** and of several autoencoders. */
export function replicaEngines(modules: readonly PythonModule[]): EngineCommand[] {
  return [ours, ...pythonEngines(modules, "several")];
}

/** Our step beside every peer's, in one run on one adapter, on the paper's autoencoders. */
export async function comparePeers(setting: Setting): Promise<void> {
  const modules = await pythonModules(setting.report);
  const engines = autoencoderEngines(modules);
  for (const name of setting.networks) {
    const gigaflops = operationsOf(paperProblems[name].layers, 200) / 1e9;
    const rows = (await race(setting, autoencoderTask(name), engines)).map((row) => (
      { ...row, gflops: gigaflops / (Number(row.ms) / 1000) }
    ));
    setting.report.table(`peers_${name}`, `Peers on ${name}: batch 200, Nesterov momentum`, rows);
  }
  if (modules.length > 0) await compareReplicas(setting, modules);
}

/** 54 networks, as many as the paper's grid of a problem has, beside what trains as many at once. */
async function compareReplicas(
  setting: Setting,
  modules: readonly PythonModule[],
): Promise<void> {
  const engines = replicaEngines(modules);
  const rows = await race(setting, autoencoderTask("curves", { replicas: 54 }), engines);
  setting.report.table("replicas", "54 Curves networks side by side", rows);
}

const ourTimeLoops: readonly EngineCommand[] = [
  { name: "Nagare, loop in a kernel", command: deno("nagare_engine.ts", "kernel") },
  { name: "Nagare, a dispatch a step", command: deno("nagare_engine.ts", "dispatch") },
];

/** The recurrent update beside jax-js, whose loop over time is unrolled, and those of Python. */
export async function compareRecurrentPeers(setting: Setting): Promise<void> {
  const modules = await pythonModules(setting.report);
  const engines = recurrentEngines(modules);
  for (const [steps, batchSize] of [[50, 50], [80, 100]]) {
    const task = recurrentTask({ steps, batchSize, hidden: 100 });
    const rows = await race(setting, task, engines);
    setting.report.table(`peers_recurrent_${steps}`, `Peers on ${task.task.name}, NAG`, rows);
  }
  const { gpu } = await setting.machine();
  if (gpu.isSoftware || modules.length === 0) return;
  const task = recurrentTask({ steps: 80, batchSize: 100, hidden: 100, replicas: 16 });
  const rows = await race(setting, task, [...ourTimeLoops, ...pythonEngines(modules, "several")]);
  const title = `Peers on 16 networks, ${task.task.name}, NAG`;
  setting.report.table("peers_recurrent_16_networks", title, rows);
}

/** A Transformer beside jax-js. */
export async function compareTransformerPeers(setting: Setting): Promise<void> {
  const size = { blocks: 2, width: 64, heads: 2, steps: 64, batchSize: 32 };
  const { task, values } = transformerTask(size);
  const rows = await race(setting, { task, values }, [ours, jaxWebGPU, jaxWasm]);
  setting.report.table("peers_transformer", `Peers on a Transformer of ${task.name}, NAG`, rows);
}

/** A convolutional network beside jax-js. */
export async function compareConvolutionalPeers(setting: Setting): Promise<void> {
  const { task, values } = convolutionalTask();
  const rows = await race(setting, { task, values }, [ours, jaxWebGPU, jaxWasm]);
  setting.report.table("peers_convolutional", `Peers on ${task.name}, NAG`, rows);
}

/** Losses apart by more than this are another computation: float32 sums differ by far less. */
const closeLosses = 1e-3;

/** Times all engines in rounds, one after another in each; those that cannot run say why. */
export async function race(
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
    const walls = times.map((rounds) => rounds.map(({ wall }) => wall));
    return engines.map((engine, i) => {
      const difference = largestDifference(engine.losses, engines[0].losses);
      return {
        task: task.name,
        engine: engine.name,
        ms: 1000 * median(walls[i]),
        least_ms: 1000 * Math.min(...walls[i]),
        cpu_ms: 1000 * median(times[i].map(({ cpu }) => cpu)),
        ratio: median(walls[i]) / median(walls[0]),
        first_step_s: engine.firstStep,
        loss_difference: difference.toExponential(1),
        same_losses: difference <= closeLosses ? "yes" : "NO: not the same work",
        runs_on: engine.note,
      };
    });
  } finally {
    await Promise.all(engines.map((engine) => engine.end()));
    await Deno.remove(folder, { recursive: true });
  }
}

/** What an update of each engine takes, round by round of about a second; NaN of one that ended. */
async function interleave(
  engines: readonly EngineProcess[],
  rounds: number,
): Promise<Seconds[][]> {
  const counts: number[] = [];
  for (const engine of engines) {
    const { wall } = await secondsOf(engine, 1);
    const count = Number.isNaN(wall) ? 0 : Math.min(10_000, Math.max(1, Math.round(1 / wall)));
    await secondsOf(engine, count); // some compile anew for every count
    counts.push(count);
  }
  const times: Seconds[][] = engines.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, engine] of engines.entries()) times[i].push(await secondsOf(engine, counts[i]));
  }
  return times;
}

async function secondsOf(engine: EngineProcess, count: number): Promise<Seconds> {
  const none = { wall: NaN, cpu: NaN };
  if (count === 0) return none;
  try {
    return await engine.time(count);
  } catch (error) {
    console.error(`${engine.name} ended early: ${(error as Error).message}`);
    return none;
  }
}

/** The largest of the losses' relative differences. */
function largestDifference(losses: readonly number[], wanted: readonly number[]): number {
  return Math.max(...losses.map((loss, i) => Math.abs(loss / wanted[i] - 1)));
}
