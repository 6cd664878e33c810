/** The values of all tensors, in one order: parameters, gradients or state. */
export type Values = readonly Float64Array[];

/** The values of a tensor, row by row: a weight matrix [fan-in, fan-out] or a bias. */
export interface TensorValues {
  rows: number;
  columns: number;
  values: Float64Array;
  /** A bias is never decayed, and no rule takes it for a matrix. */
  bias?: boolean;
}

/** A number, or a function of the number of updates done so far. */
export type Setting = number | ((updates: number) => number);

/** Gives the gradient at a point. */
export type GradientAt = (point: Values) => Values;

/** An optimizer in float64, written as its authors write it. */
export interface Rule {
  /** Where the network is evaluated. */
  readonly theta: Values;
  /** Where the next gradient is taken. */
  readonly point: Values;
  /** One update. `gradientAt` is asked once, at {@linkcode point}. */
  step(gradientAt: GradientAt): void;
}

/** A rule that another one may move, as Lookahead does. */
export interface Movable extends Rule {
  theta: Values;
  /** What it remembers of former gradients as a direction, v or m; empty if nothing. */
  velocity: Values;
}

/** Starts a rule at the tensors' values. */
export type MakeRule<Settings, Made extends Rule = Rule> = (
  start: readonly TensorValues[],
  settings: Settings,
) => Made;

/** What the rules share that keep theta and take their gradient there. */
export abstract class Stepper implements Movable {
  theta: Values;
  velocity: Values = [];
  /** Updates done so far. */
  protected updates = 0;
  /** The tensors as they were at the start; their values are not touched. */
  protected readonly start: readonly TensorValues[];

  constructor(start: readonly TensorValues[]) {
    this.start = start;
    this.theta = start.map(({ values }) => values.slice());
  }

  get point(): Values {
    return this.theta;
  }

  step(gradientAt: GradientAt): void {
    const gradient = gradientAt(this.point);
    this.update(gradient, this.updates + 1);
    this.updates++;
  }

  /** The update number t, counted from 1, from the gradient at {@linkcode point}. */
  protected abstract update(gradient: Values, t: number): void;

  /** State that starts at rest, or at `value`. */
  protected filled(value = 0): Values {
    return this.start.map(({ values }) => values.map(() => value));
  }

  /** theta after decoupled weight decay: the weights times `factor`, the biases as they are. */
  protected decayed(factor: number): Values {
    return this.theta.map((x, k) => this.start[k].bias ? x : x.map((x) => factor * x));
  }
}

/** What a setting is in update number t, counted from 1. */
export function inUpdate(t: number, setting: Setting): number {
  return typeof setting === "number" ? setting : setting(t - 1);
}
