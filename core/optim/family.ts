import type { Footprint, Model } from "../graph/model.ts";
import type { Plan } from "../gpu/plan.ts";
import type { StepScalars } from "../gpu/scalars.ts";
import type { TensorShape, Vector, VectorLayout } from "../gpu/vector.ts";
import type { VectorsByName } from "../ops/pointwise.ts";
import type { Schedule } from "./schedule.ts";

/** Numbers by name. */
export type Numbers = Readonly<Record<string, number>>;

/** What a setting may be: a number, or one for each update. */
export type SettingValue = number | Schedule;

/** The settings of an optimizer by name. */
export type Settings = Readonly<Record<string, SettingValue>>;

/** Settings that hold for some tensors in place of an optimizer's own. */
export interface Group {
  /** Whether a tensor belongs to it; where it belongs to several, later ones win. */
  match(tensor: TensorShape): boolean;
  /** In place of the optimizer's. */
  readonly settings: Settings;
}

/**
 * How the parameters of one network move: a family of methods, and the settings that tell its
 * members apart. All that a replica of a trainer is told of its optimizer.
 *
 * ```ts
 * import { nesterov } from "../../mod.ts";
 *
 * const optimizer = nesterov({
 *   learningRate: 0.05,
 *   momentum: 0.9,
 *   groups: [{ match: ({ isBias }) => isBias === true, settings: { momentum: 0.5 } }],
 * });
 * console.log(optimizer.family.name); // nag
 * ```
 */
export interface Optimizer {
  /** What tables call it. */
  readonly name: string;
  /** How parameters move. */
  readonly family: Family;
  /** What a user gives, a grid varies and `Trainer.set()` changes. */
  readonly settings: Settings;
  /** Tensors with settings of their own. */
  readonly groups?: readonly Group[];
}

/** A setting that a family declares: whatever programs and messages say of it is read off here. */
export interface Setting {
  /** As in `learningRate`. */
  readonly name: string;
  /** What a user reads of it. */
  readonly help: string;
  /** What it is where nobody says. Without one it must be given. */
  readonly default?: number;
  /** It must be above this, */
  readonly above?: number;
  /** at least this, */
  readonly atLeast?: number;
  /** below this, */
  readonly below?: number;
  /** and at most this. */
  readonly atMost?: number;
  /** Whether it must be a whole number. */
  readonly whole?: boolean;
  /** Whether it is 0 for biases, whatever is given. */
  readonly weightsOnly?: boolean;
}

/** What a vector of a family's state holds before the first update. */
export type InitialState = "zeros" | "parameters";

/** A vector beside the parameters. */
export type State = InitialState | {
  /**
   * Which tensors it holds, and with what shapes. It throws an `InputError` where a family cannot
   * move such a model.
   */
  layout(model: VectorLayout): VectorLayout;
  /** What it holds before the first update; only of the model's own layout can it be parameters. */
  readonly initial: InitialState;
};

/**
 * A method by which parameters move: a literal that {@linkcode elementwise} makes of a few lines, one
 * that records dispatches of its own, or one that drives its updates by what it finds.
 *
 * The parameters on the GPU are those at which the gradient is taken. Where the network is
 * evaluated may be another point: see {@linkcode FamilyTraits.theta}.
 */
export type Family = RecordedFamily | DrivenFamily;

/** A family whose update is the same dispatches every time, after the gradient of a minibatch. */
export interface RecordedFamily extends FamilyTraits {
  /** Records one update, after the gradient. */
  record(plan: Plan, update: Update): void;
}

/** A family that takes its gradients itself and decides by them how an update goes on. */
export interface DrivenFamily extends FamilyTraits {
  /** Settings that all replicas of a trainer must have alike. */
  readonly shared: readonly string[];
  /**
   * Bytes that its updates take of one replica besides the parameters, the gradient and the states,
   * under the scalars given.
   */
  footprint(model: Model, scalars: Numbers): Footprint;
  /** Takes what its updates need. It throws an `InputError` where it cannot train such a model. */
  drive(parts: DriverParts): Driver;
}

/** What all families declare. */
export interface FamilyTraits {
  /** Its name, in tables and in checkpoints. */
  readonly name: string;
  /** What its members differ in. */
  readonly settings: readonly Setting[];
  /** Vectors that it keeps from update to update, by name. */
  readonly states: Readonly<Record<string, State>>;
  /** What the lines of an update read by name: float32, rounded from float64. */
  readonly scalars: readonly string[];
  /**
   * Numbers handed from update to update on the host, with their first values; they are saved.
   * Another family that goes on from the states takes those of the same names with them.
   */
  readonly running?: Numbers;
  /**
   * The scalars of an update and the running numbers after it, in float64, from the settings at this
   * update and at the next one. `update` counts those done since the states began. What the lines do
   * not read may be given for {@linkcode FamilyTraits.theta}.
   */
  compute(now: Numbers, next: Numbers, running: Numbers, update: number): {
    readonly scalars: Numbers;
    readonly running: Numbers;
  };
  /** Numbers of each replica that follow from its gradients, made on the GPU without a readback. */
  readonly measure?: Measure;
  /**
   * Where the network is evaluated after an update: a sum of the vectors named, `parameters` and
   * states, from the update's scalars and measured numbers. Left out: the parameters.
   */
  theta?(scalars: Numbers): Numbers;
  /**
   * Whether theta is an average of former points, far from those of the gradients: statistics of a
   * network, such as running means, are then taken anew at theta wherever it is evaluated or read.
   */
  readonly averages?: boolean;
  /**
   * Where settings in force would have the gradient taken, with the states as they are: theta as the
   * sum of vectors that then holds, and the running numbers that go with it. A replica that goes on
   * under other settings is moved there, and its theta stays. Left out: the gradient is taken where
   * the parameters are.
   */
  lead?(
    settings: Numbers,
    running: Numbers,
  ): { readonly theta: Numbers; readonly running: Numbers };
}

/** What a {@linkcode Driver} works on: all replicas of a trainer. */
export interface DriverParts extends Omit<Update, "gradient" | "scratch" | "buffer"> {
  /** Where the gradient of the last update is left. */
  readonly gradient: Vector;
  /** What is trained. */
  readonly model: Model;
  /** Where the statistics of the networks lie, if they keep any. */
  readonly statistics: Vector | undefined;
  /** Which network lies at each place, by its number among those given. */
  readonly order: readonly number[];
  /** R keys of two words, see `seedKey()`. */
  readonly seeds: GPUBuffer;
  /** The scalars of each replica at the next update, those of its first tensor. */
  readonly next: readonly Numbers[];
  /** Where the mean loss at the gradient point goes, [R] float32. */
  readonly meanLoss: GPUBuffer;
}

/** Updates of a family that decides by data. */
export interface Driver {
  /** Dispatches of the parts of an update, each counted once. */
  readonly dispatches: number;
  /**
   * Submits one update under its scalars, as they lie in a row of the step table. Fulfilled when all of
   * it is submitted, which may take looks at what is done.
   */
  advance(update: number, scalars: readonly number[]): Promise<void>;
  /** Measures the variants of kernels that were not measured yet. */
  tune(): Promise<void>;
  /** Gives back what it took. */
  free(): void;
}

/** Numbers that a family measures; see {@linkcode FamilyTraits.measure}. */
export interface Measure {
  /** Their names, with what they are before the first update; they are saved. */
  readonly initial: Numbers;
  /** Those that reports tell. Default: all. */
  readonly told?: readonly string[];
  /**
   * Records what leaves them in {@linkcode Update.measured}, before the update itself. Left out where
   * the family drives its updates.
   */
  record?(plan: Plan, update: Update): void;
}

/** What an update is recorded on; replicas are those of the family alone. */
export interface Update {
  /** What moves. */
  readonly parameters: Vector;
  /** The gradient at the parameters; once it is used up, an update may write over it. */
  readonly gradient: Vector;
  /** The family's states. */
  readonly states: VectorsByName;
  /** What of the row of the step is the family's. */
  readonly scalars: StepScalars;
  /** The group of each tensor, whose scalars it takes. */
  readonly groupOf: readonly number[];
  /** [R, names] float32. */
  readonly measured?: { readonly buffer: GPUBuffer; readonly names: readonly string[] };
  /** Where the update is noted at which a replica was first not finite. */
  readonly diverges: { readonly at: GPUBuffer; readonly first: number };
  /** A vector for what lives within an update, taken once a name. */
  scratch(name: string, layout: VectorLayout): Vector;
  /** A buffer of so many float32, likewise. */
  buffer(name: string, floats: number): GPUBuffer;
}
