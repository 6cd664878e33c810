import type { GradientAt, Movable, TensorValues, Values } from "./rule.ts";

/** A rule for some of the tensors. */
export interface Group {
  /** Whether it is this group's, if no group before it has it. `index` counts all tensors. */
  takes: (tensor: TensorValues, index: number) => boolean;
  make: (start: readonly TensorValues[]) => Movable;
}

/** Several rules, each for its own tensors, as one. Every tensor must belong to a group. */
export class Grouped implements Movable {
  readonly #rules: readonly Movable[];
  /** Which tensors a rule has. */
  readonly #indices: readonly (readonly number[])[];

  constructor(start: readonly TensorValues[], groups: readonly Group[]) {
    const owner = start.map((tensor, k) => groups.findIndex(({ takes }) => takes(tensor, k)));
    this.#indices = groups.map((_, n) => [...owner.keys()].filter((k) => owner[k] === n));
    this.#rules = groups.map(({ make }, n) => make(this.#indices[n].map((k) => start[k])));
  }

  get theta(): Values {
    return this.#together(({ theta }) => theta);
  }

  set theta(theta: Values) {
    this.#rules.forEach((rule, n) => rule.theta = this.#indices[n].map((k) => theta[k]));
  }

  get velocity(): Values {
    return this.#rules.flatMap(({ velocity }) => velocity);
  }

  set velocity(velocity: Values) {
    let taken = 0;
    for (const rule of this.#rules) {
      rule.velocity = velocity.slice(taken, taken += rule.velocity.length);
    }
  }

  get point(): Values {
    return this.#together(({ point }) => point);
  }

  step(gradientAt: GradientAt): void {
    const gradient = gradientAt(this.point);
    this.#rules.forEach((rule, n) => rule.step(() => this.#indices[n].map((k) => gradient[k])));
  }

  /** The rules' values in the order of the tensors. */
  #together(of: (rule: Movable) => Values): Values {
    const values: Float64Array[] = [];
    this.#rules.forEach((rule, n) => {
      of(rule).forEach((tensor, i) => values[this.#indices[n][i]] = tensor);
    });
    return values;
  }
}
