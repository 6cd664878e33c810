// A run of small networks in a folder, for tests of what trains them.

import { findRounds } from "../../../experiments/study/checkpoints.ts";
import type { Cadence } from "../../../experiments/terminal/durations.ts";
import { Ending } from "../../../experiments/study/ending.ts";
import { Machine } from "../../../experiments/study/machine.ts";
import type { Outcome } from "../../../experiments/study/outcomes.ts";
import { Run } from "../../../experiments/study/run_folder.ts";
import {
  expandGrid,
  type Grid,
  momentumOf,
  optimizerOf,
} from "../../../experiments/study/settings.ts";
import { trainGrid } from "../../../experiments/study/training.ts";
import { autoencoder, Dataset, type Family, type Gpu, sparse } from "../../../mod.ts";

/** Five networks of three optimizers. */
export const grid: Grid = {
  optimizer: ["cm", "nag", "sgd"],
  mu: [0.9, 0.5],
  schedule: ["paper"],
  learningRate: [0.1],
  init: ["sparse"],
  initScale: [1],
  seed: [1],
};

/** What a test changes of a run; see {@linkcode trainSmall}. */
export interface SmallRun {
  folder: string;
  grid?: Grid;
  updates?: number;
  every?: number;
  finish?: number;
  /** Bytes that the networks may take. */
  memory?: number;
  checkpointEvery?: Cadence;
  stopWhenDiverged?: boolean;
  /** Whether the run of the folder goes on. */
  resume?: boolean;
  /** Called with every GPU that is opened, before anything is on it. */
  onGpu?: (gpu: Gpu) => void;
  /** Called for the first network before each update, with the updates done. */
  onUpdate?: (update: number, to: { ending: Ending; gpu: Gpu }) => void;
}

/** What came of it: its files as texts, and its networks. */
export interface SmallOutcome {
  outcomes: readonly Outcome[];
  curve: string;
  /** summary.csv without its last column, the time. */
  summary: string;
  /** Why it ended early. */
  stopped: string | undefined;
  unsaved: string[];
}

/** Trains networks 17-5-17 on 20 cases, batches of 7. */
export async function trainSmall(options: SmallRun): Promise<SmallOutcome> {
  const { folder, updates = 6, every = 3, finish = 0, memory = Infinity } = options;
  const { checkpointEvery = { never: true }, stopWhenDiverged = false, onUpdate } = options;
  const settings = expandGrid(options.grid ?? grid);
  const ending = new Ending(new AbortController().signal);
  const rule = { schedulePeriod: 2, finish, updates };
  using machine = await Machine.open({
    adapter: async () => (await navigator.gpu.requestAdapter())!,
    operands: "buffers",
    model(gpu) {
      options.onGpu?.(gpu);
      const cases = new Uint8Array(20 * 17).map((_, i) => i * 37);
      return autoencoder({ layers: [17, 5], train: new Dataset(gpu, cases, { width: 17 }) });
    },
  });
  const found = options.resume ? await findRounds(folder, { settings, ...machine }) : undefined;
  using run = new Run("test", folder, {}, options.resume ? {} : undefined);
  const { outcomes } = await trainGrid({
    machine,
    run,
    problem: "test",
    settings,
    replicaOf: (setting) => {
      const optimizer = optimizerOf(setting, momentumOf(setting, rule));
      const { family } = optimizer;
      const watched: Family = {
        ...family,
        compute(now, next, running, update) {
          onUpdate?.(update, { ending, gpu: machine.gpu });
          return family.compute(now, next, running, update);
        },
      };
      return {
        seed: setting.seed,
        optimizer: setting === settings[0] ? { ...optimizer, family: watched } : optimizer,
        initializer: sparse(),
      };
    },
    batchSize: 7,
    updates,
    every,
    evalCases: 15,
    figure: { name: "squaredError", column: "squared_error" },
    memory,
    checkpointEvery,
    stopWhenDiverged,
    ending,
    found,
  });
  const read = (name: string) => Deno.readTextFileSync(`${folder}/${name}`);
  return {
    outcomes,
    curve: run.unsaved.includes("curve.csv") ? "" : read("curve.csv"),
    summary: run.unsaved.includes("summary.csv")
      ? ""
      : read("summary.csv").replace(/,[^,]*$/gm, ""),
    stopped: run.stopped,
    unsaved: run.unsaved,
  };
}

/** Bytes of the vector of one such network: weights, biases, weights, biases in blocks of eight. */
export const vectorBytes = 4 * (24 * 8 + 8 * 8 + 8 * 24 + 8 * 24);

/** What one network takes besides its three vectors: outputs and deltas of eight rows. */
const graphBytes = 4 * 8 * (24 + 2 * 8 + 2 * 24);

/** What one network takes. */
export const networkBytes = 3 * vectorBytes + graphBytes;
