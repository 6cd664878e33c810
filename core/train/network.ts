import {
  readSafetensors,
  type SafetensorsTensor,
  type SafetensorsType,
  writeSafetensors,
} from "../formats/safetensors.ts";
import { printable, shapeWords } from "../formats/wording.ts";
import { InputError } from "../errors.ts";
import type { TensorShape, VectorLayout } from "../gpu/vector.ts";
import type { ReplicaState, TrainerState } from "./state.ts";
import { thetaOf } from "./theta.ts";

/** A trained network apart from its training; see {@linkcode importNetwork}. */
export interface Network {
  /** theta as `Trainer.theta()` reads it: each tensor of the layout row by row, statistics behind. */
  theta: Float32Array<ArrayBuffer>[];
  /** Texts beside them, by name. */
  metadata: Readonly<Record<string, string>>;
}

/**
 * The safetensors file of a network: the tensors of theta by their names in the model's layout, those
 * of its statistics too, each [rows, columns] in float32, and texts of your own.
 *
 * @throws {RangeError} If the tensors are not those of the layout.
 *
 * @example
 * ```ts
 * import { exportNetwork, importNetwork, networkState, VectorLayout } from "../../mod.ts";
 *
 * const layout = new VectorLayout([{ name: "weights", rows: 2, columns: 3 }]);
 * const trained = [Float32Array.of(1, 2, 3, 4, 5, 6)]; // or await trainer.theta()
 * const bytes = exportNetwork(layout, trained, { problem: "curves" });
 * const { theta, metadata } = importNetwork(layout, bytes);
 * console.log(metadata.problem, networkState(layout, [theta]).update); // Trainer.open() takes it
 * ```
 */
export function exportNetwork(
  layout: VectorLayout,
  theta: readonly Float32Array[],
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const tensors = layout.theta.map(({ name, rows, columns }, t) =>
    [name, { type: "F32", shape: [rows, columns], data: theta[t] }] as const
  );
  return writeSafetensors(tensors, metadata);
}

const floats: readonly SafetensorsType[] = ["F32", "F64", "F16"];

/**
 * Reads a network of this layout from a safetensors file: what {@linkcode exportNetwork} wrote, or
 * another program. Tensors of one row may lack that dimension; float64 are rounded to float32.
 *
 * @throws {InputError} If the file is damaged or its tensors are not those of the layout.
 */
export function importNetwork(layout: VectorLayout, bytes: Uint8Array): Network {
  const { tensors, metadata } = readSafetensors(bytes);
  const unknown = [...tensors.keys()].find((key) => !layout.theta.some(({ name }) => name === key));
  if (unknown !== undefined) {
    throw new InputError(
      `this network has no "${printable(unknown)}", only ${
        layout.theta.map(({ name }) => name).join(", ")
      }: give it the layers of the network in the file`,
    );
  }
  return {
    theta: layout.theta.map((shape) => floatsOf(shape, tensors.get(shape.name))),
    metadata,
  };
}

function floatsOf(
  { name, rows, columns }: TensorShape,
  tensor: SafetensorsTensor | undefined,
): Float32Array<ArrayBuffer> {
  const shape = tensor?.shape.join(" x ");
  const fits = shape === `${rows} x ${columns}` || (rows === 1 && shape === `${columns}`);
  if (tensor && fits && floats.includes(tensor.type)) {
    return Float32Array.from(tensor.data as Float32Array);
  }
  throw new InputError(
    `"${name}" must be ${rows} x ${columns} floats, ` +
      (tensor ? `not ${shapeWords(tensor.shape)} of ${tensor.type}` : "and is missing") +
      ": give it the layers of the network in the file",
  );
}

/** The state in which training starts from given networks, each theta as one replica. */
export function networkState(
  layout: VectorLayout,
  networks: readonly (readonly ArrayLike<number>[])[],
): TrainerState {
  const replicas = networks.map((theta) => {
    const statistics = layout.packStatistics(theta);
    return {
      seed: undefined,
      family: undefined,
      since: 0,
      parameters: layout.pack(theta),
      ...statistics && { statistics },
      states: {},
      groups: [],
      measured: {},
      set: {},
      divergedAt: undefined,
    };
  });
  return { update: 0, layout, replicas };
}

/**
 * The same networks after as many updates, each at its theta, without what its optimizer keeps: who goes
 * on from it begins with no velocity.
 *
 * @example
 * ```ts
 * import {
 *   autoencoder, Dataset, nesterov, openGPU, sparse, Trainer, withoutStates,
 * } from "../../mod.ts";
 *
 * using gpu = await openGPU();
 * const train = new Dataset(gpu, new Uint8Array(64).map((_, i) => 4 * i), { width: 8 });
 * const options = {
 *   model: autoencoder({ layers: [8, 4, 2], train }),
 *   replicas: [{
 *     seed: 1,
 *     optimizer: nesterov({ learningRate: 0.1, momentum: 0.99 }),
 *     initializer: sparse(),
 *   }],
 *   batchSize: 4,
 * };
 * const first = await Trainer.open(gpu, options);
 * for await (const _ of first.run({ updates: 10, evalCases: 0 }));
 * const from = withoutStates(await first.save());
 * const second = await Trainer.open(gpu, { ...options, from });
 * for await (const { update } of second.run({ updates: 20 })) console.log(update); // 20
 * ```
 */
export function withoutStates(state: TrainerState): TrainerState {
  const replicas = state.replicas.map((replica): ReplicaState => ({
    ...replica,
    ...{ family: undefined, since: state.update, parameters: thetaOf(replica, state.layout) },
    ...{ states: {}, groups: [], measured: {}, set: {} },
  }));
  return { ...state, replicas };
}
