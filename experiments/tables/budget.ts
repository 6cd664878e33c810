/** How much is trained for the tables of autoencoders. */
export interface AutoencoderBudget {
  /** The encoder; undefined is the paper's. */
  readonly layers: readonly number[] | undefined;
  readonly updates: number;
  readonly schedulePeriod: number;
  readonly finish: number;
  readonly mu: readonly number[];
  /** Those that are tried first. */
  readonly learningRates: readonly number[];
  /** Whether more rates are tried where the best is at the edge of those tried. Default: true. */
  readonly widen?: boolean | undefined;
  /** The first one chooses the learning rates, the others confirm what it chose. */
  readonly seeds: readonly number[];
  readonly scales: readonly number[];
  readonly batchSize: number;
  /** Updates of Hessian-free as published in 2010; none is trained where they are 0 or left out. */
  readonly hfUpdates?: number | undefined;
  /** Updates of Hessian-free on minibatches, likewise. */
  readonly hfDaggerUpdates?: number | undefined;
  /** Steps of conjugate gradient in each of these; left out: the paper's schedule, up to its end. */
  readonly hfDaggerSteps?: number | undefined;
  /** Of Hessian-free as momentum: its steps of conjugate gradient, */
  readonly cgSteps?: readonly number[] | undefined;
  /** how much of its last iterate it begins with, */
  readonly decay?: readonly number[] | undefined;
  /** and the cases of an update. */
  readonly gradientCases?: number | undefined;
}

/** How much is trained for the table of recurrent networks. */
export interface RecurrentBudget {
  /** T of add, mul, mem-5 and mem-20. */
  readonly lengths: Readonly<Record<"add" | "mul" | "mem-5" | "mem-20", number>>;
  readonly hidden: number;
  readonly updates: number;
  readonly warmUpUpdates: number;
  readonly mu: readonly number[];
  /** {@linkcode AutoencoderBudget.learningRates} */
  readonly learningRates: readonly number[];
  /** {@linkcode AutoencoderBudget.widen} */
  readonly widen?: boolean | undefined;
  /** {@linkcode AutoencoderBudget.seeds} */
  readonly seeds: readonly number[];
  readonly batchSize: number;
}

/** The budgets that --preset names. */
export const presets = ["paper", "small"] as const;

/** One of {@linkcode presets}. */
export type Preset = typeof presets[number];

/** The paper's budget for autoencoders. */
export const paperBudget: AutoencoderBudget = {
  layers: undefined,
  updates: 750_000,
  schedulePeriod: 250,
  finish: 1000,
  mu: [0.9, 0.99, 0.995, 0.999],
  learningRates: [0.05, 0.01, 0.005, 0.001, 0.0005, 0.0001],
  seeds: [1, 2, 3, 4, 5],
  scales: [0.25, 0.5, 1, 2, 4],
  batchSize: 200,
};

/** One without a GPU: the schedule is compressed tenfold, so that 0.995 is reached within the run. */
export const smallBudget: AutoencoderBudget = {
  ...paperBudget,
  layers: [784, 100, 50, 25, 6],
  updates: 3000,
  schedulePeriod: 25,
  finish: 200,
  learningRates: [0.05, 0.02, 0.01],
  seeds: [1, 2, 3, 4],
};

/** How much is trained for the experiment on the phases of training. */
export interface PhasesBudget {
  /** The encoder; undefined is the paper's. */
  readonly layers: readonly number[] | undefined;
  readonly schedulePeriod: number;
  /** The caps of the branches; the highest is that of the trunk. */
  readonly mu: readonly number[];
  readonly learningRate: number;
  readonly seeds: readonly number[];
  /** Updates after which branches leave the trunk. */
  readonly branchAt: readonly number[];
  /** Updates of a branch. */
  readonly branchUpdates: number;
  readonly batchSize: number;
}

/** The budgets of the experiment on the phases of training. */
export const phasesBudgets: Record<Preset, PhasesBudget> = {
  paper: {
    layers: undefined,
    schedulePeriod: 250,
    mu: [0, 0.9, 0.999],
    learningRate: 0.01,
    seeds: [1, 2, 3],
    branchAt: [1000, 10_000, 50_000, 150_000, 400_000, 749_000],
    branchUpdates: 10_000,
    batchSize: 200,
  },
  small: {
    layers: smallBudget.layers,
    schedulePeriod: smallBudget.schedulePeriod,
    mu: [0.9, 0.995],
    learningRate: 0.02,
    seeds: [1, 2],
    branchAt: [200, 500, 1000, 2000, 3000],
    branchUpdates: 400,
    batchSize: 200,
  },
};
