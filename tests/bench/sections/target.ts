import { readIDX } from "../../../mod.ts";
import { findFile, readUnpacked } from "../../../experiments/files/files.ts";
import { type EngineCommand, EngineProcess } from "../engine_process.ts";
import { pythonModules } from "../python.ts";
import type { Row } from "../report.ts";
import { type Task, type TaskValues, writeTask } from "../task.ts";
import { addingTask, autoencoderTask } from "../tasks.ts";
import { autoencoderEngines, recurrentEngines } from "./peers.ts";
import type { Setting } from "./section.ts";

/** A task and the error at which it is done. */
interface Race {
  readonly task: Task;
  readonly values: TaskValues;
  readonly error: number;
  /** Updates between two looks at the error, which no time is counted for. */
  readonly every: number;
}

/** Minibatches of an epoch. */
const minibatches = 100;

/** An engine that has not got there in so many seconds of training is stopped. */
const patience_s = 300;

/**
 * Seconds of training to an error: 12 on Curves and 16 on MNIST, both squared, by networks smaller than
 * the paper's, and a tenth of wrong answers on add, T = 20. The momentum is constant, as all engines
 * have it, and the rates low enough for networks to leave the plateau with it. Every engine has the same weights, minibatches of one epoch and rates; the
 * errors are those of the first ten minibatches.
 */
export async function measureTargets(setting: Setting): Promise<void> {
  const { report, data } = setting;
  const modules = await pythonModules(report);
  const autoencoders = autoencoderEngines(modules);
  await race(setting, "curves", autoencoders, {
    ...autoencoderTask("curves", { layers: [784, 100, 50, 25, 6], minibatches }),
    ...{ error: 12, every: 50 },
  });
  const cases = await mnistCases(data, 200 * minibatches);
  if (cases) {
    await race(setting, "mnist", autoencoders, {
      ...autoencoderTask("mnist", {
        ...{ layers: [784, 200, 100, 30], minibatches, cases, learningRate: 0.005 },
      }),
      ...{ error: 16, every: 50 },
    });
  } else report.say("target: MNIST is left out: name the folder of its files with --data");
  await race(setting, "add", recurrentEngines(modules), {
    ...addingTask({ steps: 20, minibatches: 200, learningRate: 0.003, momentum: 0.98 }),
    ...{ error: 0.1, every: 100 },
  });
}

/** The first training images of MNIST, as many as are wanted; undefined where they are not there. */
async function mnistCases(
  folder: string | undefined,
  count: number,
): Promise<Float32Array<ArrayBuffer> | undefined> {
  const name = "train-images-idx3-ubyte";
  const file = folder && findFile(folder, [name, `${name}.gz`]);
  if (!file) return undefined;
  const { data } = readIDX((await readUnpacked(file)).bytes);
  return Float32Array.from(data.subarray(0, 784 * count), (level) => level / 255);
}

/** Trains by one engine after another, each until it is there; those that cannot run say why. */
async function race(
  { report }: Setting,
  name: string,
  commands: readonly EngineCommand[],
  { task, values, error, every }: Race,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "nagare-bench-" });
  const rows: Row[] = [];
  try {
    await writeTask(folder, task, values);
    for (const command of commands) {
      try {
        const engine = await EngineProcess.start(command, folder);
        rows.push({ task: task.name, engine: engine.name, ...await reach(engine, error, every) });
        await engine.end();
      } catch (failure) {
        report.say(`${task.name}: ${command.name} cannot run: ${(failure as Error).message}`);
      }
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  report.table(`target_${name}`, `Training of ${task.name} to an error of ${error}`, rows);
}

/** Trains until the error is small enough, or patience is at its end. */
async function reach(engine: EngineProcess, target: number, every: number): Promise<Row> {
  let [updates, wall, cpu, error] = [engine.losses.length, 0, 0, Infinity];
  while (error > target && wall < patience_s) {
    const seconds = await engine.time(every);
    updates += every;
    wall += every * seconds.wall;
    cpu += every * seconds.cpu;
    error = await engine.error();
  }
  return {
    reached: error <= target ? "yes" : "NO",
    error,
    updates,
    seconds: wall,
    cpu_seconds: cpu,
    first_step_s: engine.firstStep,
    runs_on: engine.note,
  };
}
