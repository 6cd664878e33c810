import {
  type Activation,
  autoencoder,
  type AutoencoderProblem,
  type Gpu,
  type Optimizer,
} from "../../mod.ts";
import type { Configuration } from "../study/cell.ts";
import { initializerOf } from "../study/initializers.ts";
import { leastOf } from "../study/outcomes.ts";
import type { KindTables, NetworkKind } from "../study/network_kind.ts";
import type { ProblemData } from "./problem.ts";

/** What a configuration says of an autoencoder's shape. */
interface Shape extends AutoencoderProblem {
  readonly activation: Activation;
  readonly l2?: number;
}

/** How autoencoders are told. */
export const autoencoderTables: KindTables = {
  figure: {
    name: "squaredError",
    split: "train",
    column: "squared_error",
    title: "squared error",
    unit: "sum over pixels",
  },
  columns: {
    curve: [
      { name: "train_loss", cell: ({ loss }) => loss },
      { name: "train_squared_error", cell: ({ train }) => train.squaredError },
    ],
    furtherCurve: [{ name: "test_squared_error", cell: ({ test }) => test.squaredError }],
    summary: [
      { name: "train_squared_error", cell: ({ figures }) => figures.train.squaredError },
      { name: "test_squared_error", cell: ({ figures }) => figures.test.squaredError },
      {
        name: "best_train_squared_error",
        cell: ({ cell }) => leastOf(cell, ({ train }) => train.squaredError),
      },
    ],
  },
};

/** Autoencoders on one set of data. */
export function autoencoderKind(
  { dataOn, sample, optimizerOf }: {
    /** Asked for each model on a GPU. */
    dataOn(gpu: Gpu): Promise<ProblemData>;
    /** Training cases that initial weights are fitted to. */
    sample?: ArrayLike<number>;
    optimizerOf(configuration: Configuration): Optimizer;
  },
): NetworkKind {
  return {
    ...autoencoderTables,
    modelKey: (configuration) =>
      JSON.stringify({
        ...shapeOf(configuration),
        data: configuration.data,
        network: "autoencoder",
      }),
    model: async (gpu, configuration) =>
      autoencoder({ ...shapeOf(configuration), ...await dataOn(gpu) }),
    replica: (configuration) => ({
      seed: configuration.seed,
      optimizer: optimizerOf(configuration),
      initializer: initializerOf(configuration, sample),
    }),
  };
}

/** The network's shape and its loss. */
function shapeOf(configuration: Configuration): Shape {
  const { layers, outputUnit, loss, activation, l2 } = configuration as Configuration & Shape;
  return { layers, outputUnit, loss, activation, ...l2 && { l2 } };
}
