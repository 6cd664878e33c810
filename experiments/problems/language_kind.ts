import { type BlockOptions, type Optimizer, type TrainerOptions, transformer } from "../../mod.ts";
import type { Configuration } from "../study/cell.ts";
import { initializerOf } from "../study/initializers.ts";
import type { KindTables, NetworkKind } from "../study/network_kind.ts";
import { leastOf } from "../study/outcomes.ts";
import type { LoadedText } from "./text.ts";

/** How character models are told. */
export const languageTables: KindTables = {
  figure: {
    name: "bits",
    split: "test",
    column: "bits_per_character",
    title: "bits per character",
    unit: "bits per character of windows",
  },
  baseline: { title: "bigrams", of: bigramsOf },
  columns: {
    curve: [
      { name: "train_loss", cell: ({ loss }) => loss },
      { name: "train_bits_per_character", cell: ({ train }) => train.bits },
      { name: "test_bits_per_character", cell: ({ test }) => test.bits },
      { name: "gradient_norm", cell: ({ gradientNorm }) => gradientNorm },
    ],
    furtherCurve: [],
    summary: [
      { name: "train_bits_per_character", cell: ({ figures }) => figures.train.bits },
      { name: "test_bits_per_character", cell: ({ figures }) => figures.test.bits },
      {
        name: "best_test_bits_per_character",
        cell: ({ cell }) => leastOf(cell, ({ test }) => test.bits),
      },
      {
        name: "bigrams_bits_per_character",
        cell: ({ cell: { configuration } }) => bigramsOf(configuration),
      },
    ],
  },
};

/** What a configuration says of a Transformer's shape. */
type Shape = Required<Omit<BlockOptions, "dropout">> & Pick<BlockOptions, "dropout">;

/** Transformers that learn one text. */
export function languageKind(
  { text, optimizerOf, trainer }: {
    text: Pick<LoadedText, "taskOn">;
    optimizerOf(configuration: Configuration): Optimizer;
    trainer: Pick<TrainerOptions, "clipNorm" | "gradientNorm">;
  },
): NetworkKind {
  return {
    ...languageTables,
    trainer,
    modelKey: (configuration) =>
      JSON.stringify({ ...shapeOf(configuration), data: configuration.data }),
    model: (gpu, configuration) =>
      Promise.resolve(transformer({ task: text.taskOn(gpu), ...shapeOf(configuration) })),
    replica: (configuration) => ({
      seed: configuration.seed,
      optimizer: optimizerOf(configuration),
      initializer: initializerOf(configuration),
    }),
  };
}

function shapeOf(configuration: Configuration): Shape {
  const { blocks, width, heads, hidden, activation, dropout } = configuration as
    & Configuration
    & Shape;
  return { blocks, width, heads, hidden, activation, ...dropout && { dropout } };
}

/** The entropy of the bigrams of the text held out. */
function bigramsOf({ bigrams }: Configuration): number | undefined {
  return typeof bigrams === "number" ? bigrams : undefined;
}
