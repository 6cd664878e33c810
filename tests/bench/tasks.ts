import {
  echoState,
  gaussian,
  generateCurves,
  type Initializer,
  paperProblems,
  Purpose,
  RandomStream,
  sparse,
} from "../../mod.ts";
import { markedSequence, type Sequence } from "../../core/data/sequences.ts";
import {
  type AutoencoderTask,
  comparedUpdates,
  type ConvolutionalTask,
  joined,
  type RecurrentTask,
  type Task,
  type TaskValues,
  type TransformerTask,
} from "./task.ts";

/** The paper's autoencoders by name. */
export type ProblemName = keyof typeof paperProblems;

/** All of them. */
export const problemNames = Object.keys(paperProblems) as ProblemName[];

const seed = 1;

/** Low enough for losses to fall from the first update on. */
const learningRates: Record<ProblemName, number> = { curves: 0.01, mnist: 0.01, faces: 1e-4 };

/** What an autoencoder's task may have in place of its own. */
export interface AutoencoderTaskOptions {
  replicas?: number;
  batchSize?: number;
  minibatches?: number;
  learningRate?: number;
  momentum?: number;
  /** From the input to the code. Default: the paper's. */
  layers?: readonly number[];
  /** All cases, one after another. Default: generated ones. */
  cases?: Float32Array<ArrayBuffer>;
}

/** One of the paper's autoencoders, or a smaller one of its kind, with sparse weights and minibatches of generated cases. */
export function autoencoderTask(
  name: ProblemName,
  { cases, layers = paperProblems[name].layers, ...options }: AutoencoderTaskOptions = {},
): { task: Task; values: TaskValues } {
  const { loss } = paperProblems[name];
  const sizes = [...layers, ...layers.slice(0, -1).reverse()];
  const task: AutoencoderTask = {
    kind: "autoencoder",
    name: layers === paperProblems[name].layers ? name : `${name} ${layers.join("-")}`,
    sizes,
    loss,
    shapes: sizes.slice(1).flatMap((size, i) => [[sizes[i], size], [size]]),
    ...{ replicas: 1, batchSize: 200, minibatches: comparedUpdates },
    ...{ learningRate: learningRates[name], momentum: 0.9 },
    ...options,
  };
  const parameters = sizes.slice(1).flatMap((fanOut, i) => {
    const { weights, biases } = draw(sparse(), sizes[i], fanOut, i);
    return [weights, biases];
  });
  const inputs = parted(cases ?? images(task), task);
  return { task, values: { parameters, inputs, targets: inputs.map(() => none) } };
}

const none = new Float32Array();

/** Sizes of a recurrent task. */
export interface RecurrentTaskSizes {
  steps: number;
  batchSize: number;
  hidden: number;
  replicas?: number;
}

/** A recurrent network on one minibatch of sequences of numbers, all of them `steps` long. */
export function recurrentTask(
  { steps, batchSize, hidden, replicas = 1 }: RecurrentTaskSizes,
): { task: RecurrentTask; values: TaskValues } {
  const [inputs, outputs, minibatches] = [2, 1, 1];
  const task: RecurrentTask = {
    kind: "recurrent",
    name: `T ${steps}, B ${batchSize}, H ${hidden}`,
    replicas,
    steps,
    batchSize,
    shapes: [[inputs, hidden], [hidden, hidden], [hidden], [hidden, outputs], [outputs]],
    minibatches,
    learningRate: 0.001,
    momentum: 0.9,
  };
  const initializer = echoState();
  const of = (role: "input" | "recurrent" | "output", fanIn: number, fanOut: number, i: number) =>
    draw((layer) => initializer({ ...layer, role }), fanIn, fanOut, i);
  const recurrent = of("recurrent", hidden, hidden, 1);
  const output = of("output", hidden, outputs, 2);
  const parameters = [
    of("input", inputs, hidden, 0).weights,
    recurrent.weights,
    recurrent.biases,
    output.weights,
    output.biases,
  ];
  return {
    task,
    values: {
      parameters,
      inputs: [uniform(steps * batchSize * inputs, 0)],
      targets: [uniform(batchSize * outputs, 1)],
    },
  };
}

/** A Transformer on one minibatch of random tokens, each of which often follows from the one before. */
export function transformerTask(
  size: { blocks: number; width: number; heads: number; steps: number; batchSize: number },
): { task: Task; values: TaskValues } {
  const { blocks, width, heads, steps, batchSize } = size, vocabulary = 96;
  const norm = [[width], [width]];
  const dense = (below: number, above: number) => [[below, above], [above]];
  const block = [
    ...[...norm, ...dense(width, 3 * width), ...dense(width, width)],
    ...[...norm, ...dense(width, 4 * width), ...dense(4 * width, width)],
  ];
  const shapes = [
    ...[[vocabulary, width], [steps, width]],
    ...Array(blocks).fill(block).flat(),
    ...[...norm, ...dense(width, vocabulary)],
  ];
  const task: TransformerTask = {
    ...{ kind: "transformer", replicas: 1, blocks, heads, batchSize, shapes, minibatches: 1 },
    name: `${blocks} blocks, width ${width}, T ${steps}, B ${batchSize}`,
    ...{ learningRate: 0.03, momentum: 0.9 },
  };
  const parameters = shapes.map((shape, i) => {
    const [fanIn, fanOut] = shape;
    if (shape.length > 1) return draw(gaussian(), fanIn, fanOut, i).weights;
    // Gains and shifts are two rows in turn.
    const isGain = shapes[i + 1]?.length === 1 && (i === 2 || shapes[i - 1].length === 1);
    return new Float32Array(fanIn).fill(isGain ? 1 : 0);
  });
  const random = new RandomStream(seed, Purpose.probe);
  const tokens = new Float32Array((steps + 1) * batchSize);
  for (let i = 0; i < tokens.length; i++) {
    const isDrawn = i < batchSize || random.integer(4) === 0;
    tokens[i] = isDrawn ? random.integer(vocabulary) : (7 * tokens[i - batchSize] + 1) % vocabulary;
  }
  const [inputs, targets] = [tokens.slice(0, -batchSize), tokens.slice(batchSize)];
  return { task, values: { parameters, inputs: [inputs], targets: [targets] } };
}

/** Two convolutions on random pixels, of which none are equal: who is the largest is never open. */
export function convolutionalTask(): { task: Task; values: TaskValues } {
  const [side, kernel, classes, batchSize, minibatches] = [28, 5, 10, 128, comparedUpdates];
  const channels = [8, 16];
  const read = [1, ...channels.slice(0, -1)];
  const below = channels.reduce((side) => (side - kernel + 1) / 2, side) ** 2 * channels[1];
  const shapes = [
    ...channels.flatMap((made, i) => [[made, read[i] * kernel * kernel], [made]]),
    ...[[below, classes], [classes]],
  ];
  const task: ConvolutionalTask = {
    ...{
      kind: "convolutional",
      replicas: 1,
      side,
      kernel,
      channels,
      batchSize,
      shapes,
      minibatches,
    },
    name: `convolutions of ${channels.join(" and ")} channels, B ${batchSize}`,
    ...{ learningRate: 0.02, momentum: 0.9 },
  };
  const parameters = shapes.map(([rows, columns = 0], i) =>
    columns > 0 ? draw(gaussian(), rows, columns, i).weights : new Float32Array(rows)
  );
  const random = new RandomStream(seed, Purpose.probe);
  const targets = Array.from(
    { length: minibatches },
    () => new Float32Array(batchSize).map(() => random.integer(classes)),
  );
  const inputs = targets.map((_, i) => uniform(batchSize * side * side, i));
  return { task, values: { parameters, inputs, targets } };
}

/** The adding problem on sequences of one length, in so many minibatches of 100. */
export function addingTask({ steps, minibatches, ...rates }: {
  steps: number;
  minibatches: number;
  learningRate: number;
  momentum: number;
}): { task: Task; values: TaskValues } {
  const { task, values } = recurrentTask({ steps, batchSize: 100, hidden: 100 });
  const [, ...others] = values.parameters;
  const [[inputs, hidden]] = task.shapes;
  const initializer = echoState({ inputScale: 0.1 });
  const input = draw((layer) => initializer({ ...layer, role: "input" }), inputs, hidden, 0);
  const outputBiases = Float32Array.of(0.5); // the mean of the targets
  const sequences = addingSequences(steps, minibatches * task.batchSize);
  const batches = Array.from(
    { length: minibatches },
    (_, i) => sequences.slice(i * task.batchSize, (i + 1) * task.batchSize),
  );
  return {
    task: { ...task, ...rates, minibatches, name: `add, T = ${steps}` },
    values: {
      parameters: [input.weights, ...others.slice(0, -1), outputBiases],
      inputs: batches.map((batch) => stepByStep(batch, steps)),
      targets: batches.map((batch) => Float32Array.from(batch, ({ targets }) => targets[0])),
    },
  };
}

/** Sequences of the adding problem that are just so long. */
function addingSequences(steps: number, count: number): Sequence[] {
  const options = { problem: "add", length: steps, centre: true, cue: false } as const;
  const sequences: Sequence[] = [];
  for (let number = 0; sequences.length < count; number++) {
    const sequence = markedSequence(options, { seed, purpose: Purpose.probe, number });
    if (sequence.length === steps) sequences.push(sequence);
  }
  return sequences;
}

/** [T, B, inputs] of the inputs of B sequences, [T, inputs] or longer each. */
function stepByStep(batch: readonly Sequence[], steps: number): Float32Array<ArrayBuffer> {
  const width = 2;
  return joined(
    Array.from({ length: steps }, (_, t) => t * width).flatMap((from) =>
      batch.map(({ inputs }) => inputs.slice(from, from + width))
    ),
  );
}

function draw(initializer: Initializer, fanIn: number, fanOut: number, layer: number) {
  const random = new RandomStream(seed, Purpose.weights, layer);
  const { weights, biases } = initializer({ fanIn, fanOut, random });
  return { weights: new Float32Array(weights), biases: new Float32Array(biases) };
}

/** Curves where a case has their size, else uniform numbers. */
function images({ minibatches, batchSize, sizes: [width] }: AutoencoderTask) {
  const train = minibatches * batchSize;
  return width === 784 ? generateCurves({ seed, train, test: 0 }).train : uniform(train * width, 0);
}

/** The cases of a task by minibatch. */
function parted(
  all: Float32Array<ArrayBuffer>,
  { minibatches, batchSize, sizes: [width] }: AutoencoderTask,
) {
  const length = batchSize * width;
  return Array.from(
    { length: minibatches },
    (_, i) => all.slice(i * length, (i + 1) * length),
  );
}

/** Numbers in [-1, 1). */
function uniform(length: number, stream: number): Float32Array<ArrayBuffer> {
  const random = new RandomStream(seed, Purpose.probe, stream);
  return new Float32Array(length).map(() => 2 * random.uniform() - 1);
}
