/** What every network of the paper's tables has. */
interface Training {
  readonly optimizer: "sgd" | "cm" | "nag";
  /** mu_max of an autoencoder, mu_0 of a recurrent network; 0 for sgd. */
  readonly mu: number;
  /** Per update. */
  readonly learningRate: number;
  readonly updates: number;
  readonly batchSize: number;
  readonly seed: number;
  /** Updates between two reports. */
  readonly reportEvery: number;
  /** Cases of each split that a report evaluates. */
  readonly reportCases: number;
}

/** What autoencoders have (paper, section 3). */
interface Autoencoder extends Training {
  readonly problem: "curves" | "mnist" | "faces";
  /** Which data: those of the paper or what stands in for them, by seed or SHA-256. */
  readonly data: string;
  /** The encoder; the decoder mirrors it. */
  readonly layers: readonly number[];
  readonly activation: "sigmoid" | "tanh";
  readonly init: "sparse" | "glorot" | "gaussian" | "hinton";
  readonly initScale: number;
  /** Updates between two rises of the momentum schedule. */
  readonly schedulePeriod: number;
  /** Updates at the end whose momentum is at most 0.9. */
  readonly finish: number;
}

/** An autoencoder that is trained from its initial weights. */
export interface AutoencoderConfiguration extends Autoencoder {
  readonly network: "autoencoder";
}

/** An autoencoder that leaves the course of another one, to go on with a cap of its own. */
export interface BranchConfiguration extends Autoencoder {
  readonly network: "branch";
  /** mu_max of that other one. */
  readonly trunkMu: number;
  /** The updates that both have in common. */
  readonly branchAt: number;
}

/** A recurrent network (paper, section 4). */
export interface RecurrentConfiguration extends Training {
  readonly network: "recurrent";
  readonly problem: "add" | "mul" | "mem-5" | "mem-20";
  /** T. */
  readonly length: number;
  readonly hidden: number;
  /** Updates at momentum 0.9 before mu. */
  readonly warmUpUpdates: number;
}

/** All that the figures of one network depend on. */
export type CellConfiguration =
  | AutoencoderConfiguration
  | BranchConfiguration
  | RecurrentConfiguration;
