import {
  echoState,
  fastestTimeLoop,
  gaussian,
  type Gpu,
  type Initializer,
  InputError,
  type Model,
  type Optimizer,
  orthogonal,
  rnn,
  type TimeLoop,
  type TrainerOptions,
} from "../../mod.ts";
import type { Configuration } from "../study/cell.ts";
import type { KindTables, NetworkKind } from "../study/network_kind.ts";
import { leastOf } from "../study/outcomes.ts";
import {
  chooseSequences,
  type LoadedSequences,
  type SequenceProblem,
  type SequenceProblemName,
} from "./sequences.ts";

/** What a configuration says of a recurrent network. */
export interface RecurrentSettings {
  readonly problem: SequenceProblemName;
  readonly length: number;
  readonly symbols?: number;
  readonly items?: number;
  readonly centre: boolean;
  readonly cue: boolean;
  readonly hidden: number;
  readonly fanIn: number;
  readonly spectralRadius: number;
  readonly inputScale: number;
  readonly outputScale: number;
}

/** The settings of a cell that is a recurrent network. */
export function recurrentSettings(configuration: Configuration): RecurrentSettings {
  return configuration as Configuration & RecurrentSettings;
}

/** How recurrent networks are told. */
export const recurrentTables: KindTables = {
  figure: {
    name: "zeroOneLoss",
    split: "test",
    column: "zero_one_loss",
    title: "zero-one loss",
    unit: "fraction of wrong cases; of mem, wrong symbols a sequence",
  },
  baseline: { title: "biases alone", of: biasesBaseline },
  columns: {
    curve: [
      { name: "train_loss", cell: ({ loss }) => loss },
      { name: "test_loss", cell: ({ test }) => test.loss },
      { name: "zero_one_loss", cell: ({ test }) => test.zeroOneLoss },
      { name: "gradient_norm", cell: ({ gradientNorm }) => gradientNorm },
    ],
    furtherCurve: [{ name: "train_zero_one_loss", cell: ({ train }) => train.zeroOneLoss }],
    summary: [
      { name: "test_loss", cell: ({ figures }) => figures.test.loss },
      { name: "zero_one_loss", cell: ({ figures }) => figures.test.zeroOneLoss },
      {
        name: "best_zero_one_loss",
        cell: ({ cell }) => leastOf(cell, ({ test }) => test.zeroOneLoss),
      },
      {
        name: "biases_zero_one_loss",
        cell: ({ cell: { configuration } }) => biasesBaseline(configuration),
      },
    ],
  },
};

/** Recurrent networks on problems with long-term dependencies. */
export function recurrentKind(
  { optimizerOf, loaded, timeLoop, trainer }: {
    optimizerOf(configuration: Configuration): Optimizer;
    /** What is learned in place of the paper's problems. */
    loaded?: Pick<LoadedSequences, "tables" | "taskOn"> | undefined;
    /** Default: the faster one, measured. */
    timeLoop?: TimeLoop | undefined;
    trainer?: Pick<TrainerOptions, "clipNorm" | "gradientNorm">;
  },
): NetworkKind {
  return {
    ...loaded?.tables ?? recurrentTables,
    ...trainer && { trainer },
    modelKey(configuration) {
      const { problem, length, symbols, items, centre, cue, hidden } = recurrentSettings(
        configuration,
      );
      const { data } = configuration;
      return JSON.stringify({ problem, data, length, symbols, items, centre, cue, hidden });
    },
    async model(gpu, configuration, replicas) {
      const { batchSize: batch } = configuration, { hidden } = recurrentSettings(configuration);
      const task = await loaded?.taskOn(gpu) ?? sequencesOf(configuration).task;
      checkMemory(gpu, rnn({ hidden, task }), { batch, steps: task.steps });
      const faster = timeLoop ??
        await fastestTimeLoop(gpu, { hidden, task }, { replicas, batch });
      return rnn({ hidden, task, timeLoop: faster });
    },
    replica: (configuration) => ({
      seed: configuration.seed,
      optimizer: optimizerOf(configuration),
      initializer: initializerOf(configuration),
    }),
  };
}

/** The sequences that a network learns. Throws InputError where there are none of its length. */
export function sequencesOf(configuration: Configuration): SequenceProblem {
  const { problem, length, symbols, items, centre, cue } = recurrentSettings(configuration);
  return chooseSequences({ problem, length, symbols, items, centre, cue });
}

/** The error of the output biases alone, the hidden state ignored. */
export function biasesBaseline(configuration: Configuration): number | undefined {
  return sequencesOf(configuration).task.biasesBaseline;
}

function initializerOf(configuration: Configuration): Initializer {
  const { init } = configuration;
  const { fanIn, spectralRadius, inputScale, outputScale } = recurrentSettings(configuration);
  if (init === "echo-state") return echoState({ fanIn, spectralRadius, inputScale, outputScale });
  const initializers = {
    input: gaussian({ deviation: inputScale }),
    // The eigenvalues of N(0, 1) / sqrt(n) fill the unit circle, orthogonal ones lie on it.
    recurrent: init === "gaussian"
      ? gaussian({ scale: spectralRadius })
      : orthogonal({ gain: spectralRadius }),
    output: gaussian({ deviation: outputScale }),
  };
  return (layer) => initializers[layer.role ?? "recurrent"](layer);
}

/** Says what fits where one network's states do not fit into a buffer. */
function checkMemory(
  gpu: Gpu,
  model: Model,
  { batch, steps }: { batch: number; steps: number },
): void {
  const { largest } = model.footprint(batch);
  if (largest <= gpu.maxBinding) return;
  const share = gpu.maxBinding / largest;
  throw new InputError(
    `the hidden states of ${steps} steps and ${batch} sequences need ${
      Math.ceil(largest / 2 ** 20)
    } MiB in one buffer; this adapter allows ${
      Math.floor(gpu.maxBinding / 2 ** 20)
    } MiB: at most about ${Math.floor(steps * share)} steps fit, or a --batch-size of about ${
      Math.floor(batch * share)
    }`,
  );
}
