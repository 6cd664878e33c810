import { checkChoice } from "../core/checks.ts";
import { InputError } from "../core/errors.ts";
import type { Layer } from "../core/graph/tape.ts";
import { residual } from "../core/layers/add.ts";
import { attention } from "../core/layers/attention.ts";
import { dense } from "../core/layers/dense.ts";
import { dropout } from "../core/layers/dropout.ts";
import { embedding, positions } from "../core/layers/embedding.ts";
import { gelu } from "../core/layers/gelu.ts";
import { layerNorm } from "../core/layers/layer_norm.ts";
import { type Patches, patches, stepMean } from "../core/layers/patches.ts";
import { sequential } from "../core/layers/sequential.ts";
import { Classifier, type ClassifierOptions } from "./classifier.ts";
import { checkCount, type SequenceTask } from "./problems/sequence_tasks.ts";
import { checkTask, type SequenceModel, sequenceNetwork } from "./sequence_network.ts";

/** What the hidden units of a block may be. */
export const blockActivations = ["relu", "gelu"] as const;

/** The blocks of a Transformer; see {@linkcode transformer}. */
export interface BlockOptions {
  /** How many there are. Default 2. */
  blocks?: number;
  /** Units of a step. Default 64. */
  width?: number;
  /** Heads of attention, which divide the width. Default 2. */
  heads?: number;
  /** Hidden units of a block. Default: four times the width. */
  hidden?: number;
  /** Their activation. Default relu. */
  activation?: typeof blockActivations[number];
  /** The share of units that is dropped while training, of what is embedded and of each branch. Default 0. */
  dropout?: number;
}

/** A Transformer and its text; see {@linkcode transformer}. */
export interface TransformerOptions extends BlockOptions {
  /** What is learned: a `TextData`, or another task whose inputs are tokens. */
  task: SequenceTask;
}

/**
 * A Transformer that predicts the next token (Vaswani et al. 2017; Radford et al. 2019): embeddings of
 * tokens and positions, blocks that each add causal attention and a hidden layer to what they read, both
 * behind a layer norm (Xiong et al. 2020), a last layer norm, an output unit for each token. Its figures
 * are the loss of the task and the same in bits.
 *
 * Every matrix is drawn by the replica's initializer: by `gaussian()` its numbers are
 * N(0, 1) / sqrt(fan-in) (LeCun et al. 1998), a table of embeddings being that of one-hot inputs. The last
 * matrix of each branch is multiplied by 1 / sqrt(2 blocks), so that what the branches add is no larger
 * where there are more of them (Radford et al. 2019, section 2.3). Gains begin at 1, shifts and biases
 * at 0.
 *
 * Throws an {@linkcode InputError} for a size that is none, and heads that do not divide the width.
 *
 * ```ts
 * import { adamW, charactersOf, gaussian, openGPU, TextData, Trainer, transformer } from "../mod.ts";
 *
 * using gpu = await openGPU();
 * const { characters, tokens: train } = charactersOf("so much depends upon ".repeat(50));
 * const task = new TextData(gpu, { vocabulary: characters.length, steps: 16, train });
 * const trainer = await Trainer.open(gpu, {
 *   model: transformer({ task, width: 16 }),
 *   replicas: [{
 *     seed: 1,
 *     optimizer: adamW({ learningRate: 0.01 }),
 *     initializer: gaussian(),
 *   }],
 *   batchSize: 8,
 * });
 * for await (const { update, replicas } of trainer.run({ updates: 40, every: 20, evalCases: 16 })) {
 *   console.log(update, replicas[0].figures.bits, "bits a character");
 * }
 * ```
 */
export function transformer({ task, ...options }: TransformerOptions): SequenceModel {
  checkTask(task);
  const { width = 64, dropout: rate = 0 } = options;
  const layers = sequential(
    embedding({ vocabulary: task.outputs, units: width }),
    positions(),
    ...dropped(rate),
    transformerBlocks({ ...options, isCausal: true }),
    dense({ units: task.outputs }),
  );
  return sequenceNetwork({ task, layers });
}

/** A Transformer that tells classes of images apart; see {@linkcode visionTransformer}. */
export interface VisionTransformerOptions
  extends BlockOptions, Patches, Pick<ClassifierOptions, "train" | "test" | "l2"> {
  /** How many classes there are. */
  classes: number;
}

/**
 * A Transformer that tells classes of images apart (Dosovitskiy et al. 2021): square patches, each made
 * `width` units, positions, blocks of attention over all patches, a last layer norm, the mean over patches
 * (Beyer, Zhai and Kolesnikov 2022), an output unit for each class. Its figures are those of a classifier,
 * the error rate and the loss in nats; weights begin as those of {@linkcode transformer}.
 *
 * Throws an {@linkcode InputError} for a size that is none, patches that do not make up the images, and for
 * a label outside the classes.
 *
 * ```ts
 * import { visionTransformer } from "../mod.ts";
 *
 * const images = { data: new Uint8Array(2 * 28 * 28), width: 28 * 28 };
 * const model = visionTransformer({
 *   ...{ image: [1, 28, 28], size: 7, classes: 10 },
 *   train: { inputs: images, targets: [3, 9] },
 * });
 * console.log(model.layout.parameterCount); // 104970, of two blocks of 64 units
 * ```
 */
export function visionTransformer(options: VisionTransformerOptions): Classifier {
  const { image, size, width = 64, dropout: rate = 0 } = options;
  return new Classifier({
    ...options,
    layers: [
      patches({ image, size }),
      dense({ units: width }),
      positions(),
      ...dropped(rate),
      transformerBlocks({ ...options, isCausal: false }),
      stepMean(),
    ],
  });
}

/** The blocks of a Transformer and the layer norm behind them. */
function transformerBlocks(
  { blocks = 2, width = 64, heads = 2, activation = "relu", isCausal, ...rest }:
    & BlockOptions
    & { isCausal: boolean },
): Layer {
  const { hidden = 4 * width, dropout: rate = 0 } = rest;
  const counts = { blocks, width, heads, "hidden units": hidden };
  for (const [name, count] of Object.entries(counts)) checkCount(`${name} of a Transformer`, count);
  if (width % heads !== 0) {
    throw new InputError(
      `${heads} heads do not divide a width of ${width}: give a width of ${
        heads * Math.ceil(width / heads)
      }`,
    );
  }
  checkChoice("activation", activation, blockActivations);
  // What a branch ends in.
  const last = [dense({ units: width, scale: 1 / Math.sqrt(2 * blocks) }), ...dropped(rate)];
  const first = activation === "relu"
    ? [dense({ units: hidden, activation })]
    : [dense({ units: hidden }), gelu];
  const block = sequential(
    residual(layerNorm(), dense({ units: 3 * width }), attention({ heads, isCausal }), ...last),
    residual(layerNorm(), ...first, ...last),
  );
  return sequential(...Array<Layer>(blocks).fill(block), layerNorm());
}

function dropped(rate: number): Layer[] {
  return rate === 0 ? [] : [dropout(rate)];
}
