/** What tasks of either kind say of the training. */
interface CommonTask {
  readonly name: string;
  /** Networks trained side by side, all alike; engines that know only one take tasks of one. */
  readonly replicas: number;
  readonly batchSize: number;
  /** Shapes of the parameters, in the order in which they lie in `parameters.bin`. */
  readonly shapes: readonly (readonly number[])[];
  /** Minibatches in `inputs.bin`; update t takes minibatch t modulo their number. */
  readonly minibatches: number;
  /** Of Nesterov's accelerated gradient. */
  readonly learningRate: number;
  readonly momentum: number;
}

/**
 * An autoencoder: parameters are weights [below, above] and biases of each layer in turn. Its error is the
 * squared error, summed over units.
 */
export interface AutoencoderTask extends CommonTask {
  readonly kind: "autoencoder";
  /** Units of every layer, from the input to the output. */
  readonly sizes: readonly number[];
  readonly loss: "cross-entropy" | "squared-error";
}

/**
 * A recurrent network with tanh units and a linear output, squared error at the last step:
 * parameters are input weights [in, H], recurrent weights [H, H], biases [H], output weights
 * [H, out] and biases [out]; a minibatch is [T, B, in] and its targets [B, out]. Its error is the share of
 * wrong outputs.
 */
export interface RecurrentTask extends CommonTask {
  readonly kind: "recurrent";
  readonly steps: number;
}

/**
 * A Transformer that predicts the next of V tokens: parameters are the embeddings [V, W] and the positions
 * [T, W]; of each block gains and shifts [W], queries, keys and values [W, 3 W] and [3 W], [W, W] and [W],
 * gains and shifts, [W, H] and [H], [H, W] and [W]; gains, shifts, outputs [W, V] and [V]. A minibatch is
 * the numbers of tokens [T, B], and so are its targets. Its loss is averaged over tokens, and its error the
 * same in bits.
 */
export interface TransformerTask extends CommonTask {
  readonly kind: "transformer";
  readonly blocks: number;
  readonly heads: number;
}

/**
 * A network that tells classes of images of one channel apart by convolutions with relu units, each
 * followed by the largest of 2 x 2 pixels, and a layer of outputs: parameters are kernels [channels,
 * channels below x size x size] and biases of each convolution, weights [below, classes] and biases. A
 * minibatch is [B, pixels] and the numbers of the classes [B]. Its loss is the cross-entropy of a softmax,
 * averaged over cases, and its error the share of cases that it tells wrong.
 */
export interface ConvolutionalTask extends CommonTask {
  readonly kind: "convolutional";
  /** Pixels, across as down, of the images and of the kernels. */
  readonly side: number;
  readonly kernel: number;
  readonly channels: readonly number[];
}

/** A network to be trained alike by every engine: files in a folder, which any language reads. */
export type Task = AutoencoderTask | RecurrentTask | TransformerTask | ConvolutionalTask;

/** The numbers of a task, each minibatch by itself. */
export interface TaskValues {
  readonly parameters: readonly Float32Array<ArrayBuffer>[];
  readonly inputs: readonly Float32Array<ArrayBuffer>[];
  /** Of sequences; the targets of an autoencoder are its inputs. */
  readonly targets: readonly Float32Array<ArrayBuffer>[];
}

/** Updates whose losses are compared before anything is timed. */
export const comparedUpdates = 4;

/** Minibatches, from the first one on, whose cases the error of a task is an average over. */
const measuredMinibatches = 10;

/** Those minibatches of a task. */
export function measured<Minibatch>(minibatches: readonly Minibatch[]): Minibatch[] {
  return minibatches.slice(0, measuredMinibatches);
}

/** A recurrent output further than this from its target is wrong. */
export const tolerance = 0.04;

/** Index of the code layer, which is linear, among the layers above the input. */
export function codeLayer({ sizes }: AutoencoderTask): number {
  return (sizes.length - 1) / 2 - 1;
}

/** Writes task.json, and the values as little-endian float32, one after another. */
export async function writeTask(folder: string, task: Task, values: TaskValues): Promise<void> {
  await Deno.writeTextFile(`${folder}/task.json`, JSON.stringify(task));
  for (const name of valueNames) {
    await Deno.writeFile(`${folder}/${name}.bin`, new Uint8Array(joined(values[name]).buffer));
  }
}

const valueNames = ["parameters", "inputs", "targets"] as const;

/** Arrays one after another. */
export function joined(arrays: readonly Float32Array<ArrayBuffer>[]): Float32Array<ArrayBuffer> {
  const out = new Float32Array(arrays.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const array of arrays) {
    out.set(array, at);
    at += array.length;
  }
  return out;
}

/** Reads what {@linkcode writeTask} wrote. */
export async function readTask(folder: string): Promise<{ task: Task; values: TaskValues }> {
  const task: Task = JSON.parse(await Deno.readTextFile(`${folder}/task.json`));
  const read = async (name: typeof valueNames[number]) =>
    new Float32Array((await Deno.readFile(`${folder}/${name}.bin`)).buffer);
  const lengths = task.shapes.map((shape) => shape.reduce((a, b) => a * b));
  const equal = (all: Float32Array<ArrayBuffer>) =>
    split(all, Array(task.minibatches).fill(all.length / task.minibatches));
  return {
    task,
    values: {
      parameters: split(await read("parameters"), lengths),
      inputs: equal(await read("inputs")),
      targets: equal(await read("targets")),
    },
  };
}

function split(all: Float32Array<ArrayBuffer>, lengths: readonly number[]) {
  let at = 0;
  return lengths.map((length) => all.slice(at, at += length));
}
