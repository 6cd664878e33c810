import {
  type Activation,
  classifier,
  type Gpu,
  type Optimizer,
  visionTransformer,
} from "../../mod.ts";
import type { Configuration } from "../study/cell.ts";
import { initializerOf } from "../study/initializers.ts";
import type { KindTables, NetworkKind } from "../study/network_kind.ts";
import { leastOf } from "../study/outcomes.ts";
import type { Blocks } from "./block_flags.ts";
import { type LayerEntry, shapeOfLayers } from "./classifier_layers.ts";
import type { Labels, ProblemData } from "./problem.ts";

/** What a configuration says of a classifier's shape. */
interface Shape {
  readonly layers: readonly LayerEntry[];
  readonly activation: Activation;
  readonly batchNorm?: boolean;
  readonly dropout?: number;
  readonly l2?: number;
  /** Of a vision Transformer, beside its blocks. */
  readonly patchSize?: number;
}

/** How classifiers are told: by their test cases, or where there are none by those to train on. */
export function classifierTables({ isTested }: { isTested: boolean }): KindTables {
  const split = isTested ? "test" : "train";
  return {
    figure: {
      name: "errorRate",
      split,
      column: "error_rate",
      title: "error rate",
      unit: "fraction of cases taken for another class",
    },
    columns: {
      curve: [
        { name: "train_loss", cell: ({ loss }) => loss },
        { name: "test_loss", cell: ({ test }) => test.loss },
        { name: "train_error_rate", cell: ({ train }) => train.errorRate },
        { name: "test_error_rate", cell: ({ test }) => test.errorRate },
      ],
      furtherCurve: [],
      summary: [
        { name: "test_loss", cell: ({ figures }) => figures.test.loss },
        { name: "train_error_rate", cell: ({ figures }) => figures.train.errorRate },
        { name: "test_error_rate", cell: ({ figures }) => figures.test.errorRate },
        {
          name: `best_${split}_error_rate`,
          cell: ({ cell }) => leastOf(cell, (figures) => figures[split].errorRate),
        },
      ],
    },
  };
}

/** Classifiers on one set of data. */
export function classifierKind(
  { dataOn, sample, labels, optimizerOf }: {
    /** Asked for each model on a GPU. */
    dataOn(gpu: Gpu): Promise<ProblemData>;
    /** Training cases that initial weights are fitted to. */
    sample?: ArrayLike<number>;
    labels: Labels;
    optimizerOf(configuration: Configuration): Optimizer;
  },
): NetworkKind {
  return {
    ...classifierTables({ isTested: labels.test !== undefined }),
    baseline: { title: "largest class alone", of: () => largestClassError(labels) },
    modelKey: (configuration) =>
      JSON.stringify({ ...shapeOf(configuration), data: configuration.data }),
    async model(gpu, configuration) {
      const { layers, ...shape } = shapeOf(configuration), { train, test } = await dataOn(gpu);
      const { inputs: _, ...ofLayers } = shapeOfLayers(layers);
      const sets = {
        train: { inputs: train, targets: labels.train },
        ...test && labels.test && { test: { inputs: test, targets: labels.test } },
      };
      if (!("patchSize" in shape)) return classifier({ ...shape, ...ofLayers, ...sets });
      const { patchSize: size, activation: __, ...blocks } = shape, { image, classes } = ofLayers;
      return visionTransformer({ ...blocks, size, image: image!, classes, ...sets });
    },
    replica: (configuration) => ({
      seed: configuration.seed,
      optimizer: optimizerOf(configuration),
      initializer: initializerOf(configuration, sample),
    }),
  };
}

/** The error rate where all cases are taken for the class that most of those to train on have. */
function largestClassError({ train, test = train }: Labels): number {
  const counts = new Map<number, number>();
  for (const label of train) counts.set(label, (counts.get(label) ?? 0) + 1);
  const [[largest]] = [...counts].toSorted(([, a], [, b]) => b - a);
  return test.filter((label) => label !== largest).length / test.length;
}

function shapeOf(configuration: Configuration) {
  const { layers, activation, batchNorm, dropout, l2, patchSize, blocks, width, heads, hidden } =
    configuration as Configuration & Shape & Blocks;
  return {
    ...{ layers, activation },
    ...batchNorm && { batchNorm },
    ...dropout && { dropout },
    ...l2 && { l2 },
    ...patchSize !== undefined && { patchSize, blocks, width, heads, hidden },
  };
}
