import {
  echoState,
  generateCurves,
  type Initializer,
  paperProblems,
  Purpose,
  RandomStream,
  sparse,
} from "../../mod.ts";
import {
  type AutoencoderTask,
  comparedUpdates,
  type RecurrentTask,
  type Task,
  type TaskValues,
} from "./task.ts";

/** The paper's autoencoders by name. */
export type ProblemName = keyof typeof paperProblems;

/** All of them. */
export const problemNames = Object.keys(paperProblems) as ProblemName[];

const seed = 1;

/** Low enough for losses to fall from the first update on. */
const learningRates: Record<ProblemName, number> = { curves: 0.01, mnist: 0.01, faces: 1e-4 };

/** One of the paper's autoencoders with sparse weights and minibatches of 200 generated cases. */
export function autoencoderTask(
  name: ProblemName,
  replicas = 1,
): { task: Task; values: TaskValues } {
  const { layers, loss } = paperProblems[name];
  const sizes = [...layers, ...layers.slice(0, -1).reverse()];
  const task: AutoencoderTask = {
    kind: "autoencoder",
    name,
    replicas,
    sizes,
    loss,
    batchSize: 200,
    shapes: sizes.slice(1).flatMap((size, i) => [[sizes[i], size], [size]]),
    minibatches: comparedUpdates,
    learningRate: learningRates[name],
    momentum: 0.9,
  };
  const parameters = sizes.slice(1).flatMap((fanOut, i) => {
    const { weights, biases } = draw(sparse(), sizes[i], fanOut, i);
    return [weights, biases];
  });
  return {
    task,
    values: { parameters, inputs: images(task), targets: images(task).map(() => none) },
  };
}

const none = new Float32Array();

/** A recurrent network on sequences of numbers, all of them `steps` long. */
export function recurrentTask(
  size: { steps: number; batchSize: number; hidden: number; replicas?: number },
): { task: Task; values: TaskValues } {
  const { steps, batchSize, hidden, replicas = 1 } = size;
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

function draw(initializer: Initializer, fanIn: number, fanOut: number, layer: number) {
  const random = new RandomStream(seed, Purpose.weights, layer);
  const { weights, biases } = initializer({ fanIn, fanOut, random });
  return { weights: new Float32Array(weights), biases: new Float32Array(biases) };
}

/** Curves where a case has their size, else uniform numbers. */
function images({ minibatches, batchSize, sizes: [width] }: AutoencoderTask) {
  const train = minibatches * batchSize;
  const all = width === 784
    ? generateCurves({ seed, train, test: 0 }).train
    : uniform(train * width, 0);
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
