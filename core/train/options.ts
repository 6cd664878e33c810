import { InputError } from "../errors.ts";
import type { Profile } from "../gpu/profile.ts";
import type { Initializer } from "../init/initializer.ts";
import type { Optimizer } from "../optim/family.ts";
import { checkOptimizer, settingsAt, settingsOf } from "../optim/optimizer.ts";
import { checkGroups } from "./groups.ts";
import type { Model } from "../graph/model.ts";
import { checkState, type TrainerState } from "./state.ts";

/** One of the networks trained side by side: all that may differ between them. */
export interface Replica {
  /** Fixes the initial weights and the minibatches: the same for every optimizer. */
  seed: number;
  /** How its parameters move. */
  optimizer: Optimizer;
  /** How its initial weights are drawn. */
  initializer: Initializer;
}

/** What to train; see `Trainer.open()`. */
export interface TrainerOptions {
  /** The network and its data. */
  model: Model;
  /** The networks to train side by side. */
  replicas: readonly Replica[];
  /** Cases of a minibatch; 200 in the paper. */
  batchSize: number;
  /** Measures GPU time by kernel, at the price of slower steps. */
  profile?: Profile;
  /** Shortens each gradient whose norm is above this to it. Default: no gradient. */
  clipNorm?: number;
  /** Whether reports tell the norm of the last gradient; they do where it is clipped. */
  gradientNorm?: boolean;
  /**
   * Where to go on: a state for each replica, in place of its initial weights, of `save()` or, by
   * `decodeCheckpoint()`, of a file of `cells/` that a program left. theta stays where it is: where the
   * settings of a replica lead it otherwise at this update than those of the state did, the point where
   * the gradient is taken is moved, in float64, rounded once. Under another family of optimizers
   * training goes on from theta, with the states of the same names and shapes.
   */
  from?: TrainerState;
  /**
   * Whether states that an optimizer needs and `from` lacks may begin anew, at zero or at theta, as
   * their family says. Otherwise such a state is refused. Default: no.
   */
  beginStates?: boolean;
}

/** Refuses options that nothing can be trained with. */
export function checkOptions({ model, replicas, batchSize, clipNorm, from }: TrainerOptions): void {
  if (clipNorm !== undefined && !(clipNorm > 0)) {
    throw new InputError(`the norm gradients are clipped to must be above 0, not ${clipNorm}`);
  }
  if (replicas.length === 0) throw new InputError("there is nothing to train: give a replica");
  if (!(Number.isInteger(batchSize) && batchSize >= 1 && batchSize <= model.cases.train)) {
    throw new InputError(
      `the batch size must be a whole number from 1 to the ${model.cases.train} training cases, ` +
        `not ${batchSize}`,
    );
  }
  if (from) checkState(from, model.layout, replicas.length);
  for (const { optimizer } of replicas) {
    checkOptimizer(optimizer);
    checkGroups(optimizer, model.layout);
    for (const tensor of model.layout.tensors) {
      // Every schedule is asked for the first update.
      Object.values(settingsAt(optimizer.family, settingsOf(optimizer, tensor), from?.update ?? 0));
    }
  }
}
