import type { Split } from "../graph/model.ts";

/** How long to train and when to report; see `Trainer.run()`. */
export interface RunOptions {
  /** Updates done when the run ends, those before it included. */
  updates: number;
  /** Updates between two reports; the last update has one in any case. Default: only that one. */
  every?: number;
  /**
   * Cases, always the same, that a report evaluates, or as a function of its update; 0 for none.
   * Default 2000.
   */
  evalCases?: number | ((update: number) => number);
  /** The split whose cases these are. Default: train. */
  evalSplit?: Split;
  /** Ends the run after the updates under way, with a last report. */
  signal?: AbortSignal | undefined;
}

/** What a run says of one network. */
export interface ReplicaReport {
  /** Loss of the minibatch of the last update, where its gradient was taken. */
  trainLoss: number;
  /** The model's figures at theta, by name, over the fixed cases of a report. */
  figures: Readonly<Record<string, number>>;
  /**
   * What the optimizer's lines read in the last update by name, such as `learning_rate`, and what it
   * measured; of the first tensor where groups of tensors differ.
   */
  scalars: Readonly<Record<string, number>>;
  /** The update at which a loss or a parameter was first found not finite. */
  divergedAt: number | undefined;
  /** Norm of the last gradient, before it was clipped; undefined where nobody asked for it. */
  gradientNorm: number | undefined;
}

/** The state of a run after `update` updates. */
export interface Report {
  /** Updates done. */
  update: number;
  /** By replica. */
  replicas: readonly ReplicaReport[];
  /** Updates a second since the last report, evaluation left out. */
  rate: number;
}
