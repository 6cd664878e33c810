import { InputError } from "../errors.ts";
import type { TensorShape, VectorLayout } from "../gpu/vector.ts";
import type { Numbers } from "../optim/family.ts";

/** A vector of an optimizer's state. */
export interface StateVector {
  /** The tensors that it holds. */
  readonly layout: VectorLayout;
  /** Padding included. */
  readonly values: Float32Array<ArrayBuffer>;
}

/** What holds for some tensors of a network alike. */
export interface GroupState {
  /** Their names. */
  readonly tensors: readonly string[];
  /** Numbers that the optimizer hands from update to update; see `FamilyTraits.running`. */
  readonly running: Numbers;
  /** theta as a sum of the vectors named, `parameters` and states. */
  readonly theta: Numbers;
}

/** All that the next updates of one network depend on, besides its optimizer and its data. */
export interface ReplicaState {
  /** The seed of its minibatches so far; undefined where it was not trained here. */
  readonly seed: number | undefined;
  /** The family of its optimizer; undefined where it was not trained here. */
  readonly family: string | undefined;
  /** Updates done when the family's states began. */
  readonly since: number;
  /** Where its next gradient is taken: a vector of the state's layout, padding included. */
  readonly parameters: Float32Array<ArrayBuffer>;
  /** Its statistics, if it keeps any: a vector of `layout.statistics`, padding included. */
  readonly statistics?: Float32Array<ArrayBuffer>;
  /** The states of its optimizer by name. */
  readonly states: Readonly<Record<string, StateVector>>;
  /** By groups of tensors. */
  readonly groups: readonly GroupState[];
  /** What the optimizer measured of it last; see `FamilyTraits.measure`. */
  readonly measured: Numbers;
  /** Settings that hold in place of its optimizer's; see `Trainer.set()`. */
  readonly set: Numbers;
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
  checkLayout(state.layout.theta, layout.theta);
  for (const { parameters, statistics, states, groups, divergedAt } of replicas) {
    for (const [name, factor] of groups.flatMap(({ theta }) => Object.entries(theta))) {
      const own = name === "parameters" ? layout : states[name]?.layout;
      if (!own || differenceOf(own.tensors, layout.tensors)) {
        throw new InputError(
          `theta of a state is a sum of vectors with all tensors, which its "${name}" is not`,
        );
      }
      // Of a network that diverged it may be anything.
      if (typeof factor !== "number" || Number.isNaN(factor) && divergedAt === undefined) {
        throw new InputError(
          `theta of a state is a sum in which "${name}" must have a number, not ${factor}`,
        );
      }
    }
    for (const [name, { layout: own, values }] of Object.entries(states)) {
      if (values.length !== own.length) {
        throw new InputError(
          `the state "${name}" must hold ${own.length} floats, not ${values.length}`,
        );
      }
    }
    for (
      const [what, values, wanted] of [
        ["parameters", parameters, layout.length],
        ["statistics", statistics, layout.statistics?.length ?? 0],
      ] as const
    ) {
      const length = values?.length ?? 0;
      if (length === wanted) continue;
      throw new InputError(`the ${what} of a state must be ${wanted} floats, not ${length}`);
    }
  }
}

/** Refuses tensors of a state that are not those of the network, in the same order. */
function checkLayout(tensors: readonly TensorShape[], own: readonly TensorShape[]): void {
  const difference = differenceOf(tensors, own);
  if (!difference) return;
  const [found, wanted] = difference;
  throw new InputError(
    `the state has ${found} where this network has ${wanted}: they must be alike`,
  );
}

/** The first tensors, in words, in which two lists differ. */
export function differenceOf(
  a: readonly TensorShape[],
  b: readonly TensorShape[],
): [string, string] | undefined {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const [found, wanted] = [a[i], b[i]].map(describe);
    if (found !== wanted) return [found, wanted];
  }
}

function describe(tensor: TensorShape | undefined): string {
  return tensor ? `"${tensor.name}" of ${tensor.rows} x ${tensor.columns}` : "no further tensor";
}
