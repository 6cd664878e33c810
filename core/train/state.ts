import { InputError } from "../errors.ts";
import type { TensorShape, VectorLayout } from "../gpu/vector.ts";

/** All that the next updates of one network depend on, besides its optimizer and its data. */
export interface ReplicaState {
  /** The seed of its minibatches so far; undefined where it was not trained here. */
  readonly seed: number | undefined;
  /** phi, where its next gradient is taken: a vector of the state's layout, padding included. */
  readonly parameters: Float32Array<ArrayBuffer>;
  /** v, in the same layout. */
  readonly velocity: Float32Array<ArrayBuffer>;
  /** The float32 that phi leads theta by along v: theta = phi - lead v. */
  readonly lead: number;
  /** The update at which something of it was first found not finite. */
  readonly divergedAt: number | undefined;
}

/**
 * The networks of a trainer between two updates, as `Trainer.save()` gives it and `Trainer.open()`
 * goes on from it: with the same options to the very bits of a trainer that never stopped. The
 * states of the replicas may be picked, repeated and put in another order, so that one network is
 * trained on in several ways:
 *
 * ```ts
 * import {
 *   autoencoder, Dataset, nesterov, openGPU, sparse, Trainer, type TrainerState,
 * } from "../../mod.ts";
 *
 * using gpu = await openGPU();
 * const train = new Dataset(gpu, new Uint8Array(64).map((_, i) => 4 * i), { width: 8 });
 * const model = autoencoder({ layers: [8, 4, 2], train });
 * const open = (momenta: number[], from?: TrainerState) => Trainer.open(gpu, {
 *   model,
 *   replicas: momenta.map((momentum) => ({
 *     seed: 1,
 *     optimizer: nesterov({ learningRate: 0.1, momentum }),
 *     initializer: sparse(),
 *   })),
 *   batchSize: 4,
 *   ...from && { from },
 * });
 * const trunk = await open([0.99]);
 * for await (const _ of trunk.run({ updates: 10, evalCases: 0 }));
 * const state = await trunk.save();
 * const [replica] = state.replicas;
 * const branches = await open([0.99, 0.9], { ...state, replicas: [replica, replica] });
 * for await (const { update } of branches.run({ updates: 20 })) console.log(update); // 20
 * ```
 */
export interface TrainerState {
  /** Updates done. */
  readonly update: number;
  /** Where the tensors lie within the vectors. */
  readonly layout: VectorLayout;
  /** By replica. */
  readonly replicas: readonly ReplicaState[];
}

/** Refuses a state that is not of `count` networks of this layout. */
export function checkState(state: TrainerState, layout: VectorLayout, count: number): void {
  const { update, replicas } = state;
  if (!(Number.isSafeInteger(update) && update >= 0)) {
    throw new InputError(`a state is that after a whole number of updates, not ${update}`);
  }
  if (replicas.length !== count) {
    throw new InputError(
      `the state has ${replicas.length} networks, and ${count} are to be trained: give as many`,
    );
  }
  checkLayout(state.layout.tensors, layout);
  for (const { parameters, velocity, lead } of replicas) {
    const isWhole = [parameters, velocity].every(({ length }) => length === layout.length);
    if (!isWhole || !Number.isFinite(lead)) {
      throw new InputError(
        `the vectors of a state must hold ${layout.length} floats, and its lead be a number`,
      );
    }
  }
}

/** Refuses tensors of a state that are not those of `layout`, in the same order. */
function checkLayout(tensors: readonly TensorShape[], layout: VectorLayout): void {
  const count = Math.max(tensors.length, layout.tensors.length);
  for (let i = 0; i < count; i++) {
    const [found, wanted] = [tensors[i], layout.tensors[i]].map(describe);
    if (found !== wanted) {
      throw new InputError(
        `the state has ${found} where this network has ${wanted}: they must be alike`,
      );
    }
  }
}

function describe(tensor: TensorShape | undefined): string {
  return tensor ? `"${tensor.name}" of ${tensor.rows} x ${tensor.columns}` : "no further tensor";
}

/**
 * phi where theta is led by `lead` from now on: phi + (lead - former lead) v, in float64, rounded
 * once. The same phi where the lead stays.
 */
export function rebase(
  { parameters, velocity, lead: former }: ReplicaState,
  lead: number,
): Float32Array<ArrayBuffer> {
  const change = Math.fround(lead) - former;
  return change === 0 ? parameters : parameters.map((phi, i) => phi + change * velocity[i]);
}
