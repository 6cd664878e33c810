import {
  autoencoder,
  type AutoencoderProblem,
  constant,
  echoState,
  fastestTimeLoop,
  type Gpu,
  lowMomentumFinish,
  type Model,
  paperMomentum,
  paperProblems,
  type Replica,
  rnn,
  type Schedule,
  warmUp,
} from "../../mod.ts";
import type { ProblemData } from "../problems/problem.ts";
import { chooseSequences } from "../problems/sequences.ts";
import { initializerOf } from "../study/initializers.ts";
import { optimizerOf } from "../study/settings.ts";
import type {
  AutoencoderConfiguration,
  BranchConfiguration,
  CellConfiguration,
  RecurrentConfiguration,
} from "./configuration.ts";

type AnyAutoencoder = AutoencoderConfiguration | BranchConfiguration;

/** The momentum of the low-momentum finish, and of a recurrent network's warm-up. */
const LOW_MOMENTUM = 0.9;

/** The momentum of each update of a network (paper, sections 3 and 4). */
export function scheduleOf(configuration: CellConfiguration): Schedule {
  const { mu, updates, network } = configuration;
  if (network === "recurrent") {
    const length = configuration.warmUpUpdates;
    return warmUp(constant(mu), { length, momentum: LOW_MOMENTUM });
  }
  const growing = paperMomentum({ cap: mu, period: configuration.schedulePeriod });
  return lowMomentumFinish(growing, { updates, length: configuration.finish });
}

/**
 * The momentum that a network's schedule has reached when it ends or the low-momentum finish begins.
 * One that is too short for its cap never reaches it, and is then the same for all higher caps.
 */
export function reachedMomentum(configuration: CellConfiguration): number {
  if (configuration.optimizer === "sgd") return 0;
  const finish = configuration.network === "recurrent" ? 0 : configuration.finish;
  return scheduleOf(configuration)(Math.max(0, configuration.updates - finish - 1));
}

/** One of the networks trained side by side. */
export function replicaOf(configuration: CellConfiguration): Replica {
  const { seed } = configuration;
  const momentum = scheduleOf(configuration);
  return {
    seed,
    optimizer: optimizerOf(configuration, momentum),
    initializer: configuration.network === "recurrent"
      ? echoState({ inputScale: inputScaleOf(configuration) })
      : initializerOf(configuration.init, { scale: configuration.initScale }),
  };
}

/** Networks that one model serves agree in this text. */
export function modelKey(configuration: CellConfiguration): string {
  const { updates, batchSize, reportEvery, reportCases, problem } = configuration;
  const common = { problem, updates, batchSize, reportEvery, reportCases };
  if (configuration.network === "recurrent") {
    const { length, hidden } = configuration;
    return JSON.stringify({ ...common, length, hidden });
  }
  const { layers, activation, finish } = configuration;
  return JSON.stringify({ ...common, layers, activation, finish });
}

/** The network's shape and its loss: the paper's, with the encoder of the configuration. */
export function shapeOf({ problem, layers }: AnyAutoencoder): AutoencoderProblem {
  return { ...paperProblems[problem], layers };
}

/** The model of an autoencoder. */
export function autoencoderOf(
  configuration: AnyAutoencoder,
  data: ProblemData,
): Model {
  const { activation } = configuration;
  return autoencoder({ ...shapeOf(configuration), activation, ...data });
}

/** The model of a recurrent network, with the faster loop over time for so many replicas. */
export async function recurrentOf(
  gpu: Gpu,
  configuration: RecurrentConfiguration,
  replicas: number,
): Promise<Model> {
  const { hidden, batchSize: batch } = configuration;
  const { task } = sequencesOf(configuration);
  const timeLoop = await fastestTimeLoop(gpu, { hidden, task }, { replicas, batch });
  return rnn({ hidden, task, timeLoop });
}

/** The error of the output biases alone, the hidden state ignored. */
export function biasesBaseline(configuration: RecurrentConfiguration): number | undefined {
  return sequencesOf(configuration).task.biasesBaseline;
}

/** The sequences that a network learns. Throws InputError where there are none of its length. */
export function sequencesOf({ problem, length }: RecurrentConfiguration) {
  const rest = { symbols: undefined, items: undefined, centre: true, cue: false };
  return chooseSequences({ problem, length, ...rest });
}

function inputScaleOf(configuration: RecurrentConfiguration): number {
  return sequencesOf(configuration).inputScale;
}
