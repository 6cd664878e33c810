import { AdamW, type AdamWSettings } from "./adamw.ts";
import { elementwise } from "./elementwise.ts";
import { Grouped } from "./grouped.ts";
import { newtonSchulz } from "./newton_schulz.ts";
import { inUpdate, type Setting, Stepper, type TensorValues, type Values } from "./rule.ts";

/** What fixes {@linkcode Orthogonal}. */
export interface OrthogonalSettings {
  /** The authors' is 0.02. */
  learningRate: Setting;
  /** beta; the authors' is 0.95. */
  momentum: Setting;
  /** Newton-Schulz steps; the authors' is 5. */
  steps: number;
  /** None if not given. */
  weightDecay?: number;
}

/** What fixes {@linkcode muon}. */
export interface MuonSettings extends OrthogonalSettings {
  /** The weight matrices that are orthogonalized: all, or none of the first and the last. */
  matrices: "all" | "hidden";
  /** The AdamW of the biases and of the other matrices. */
  others: AdamWSettings;
}

/** Muon of weight matrices, and AdamW, with a rate of its own, of all other tensors. */
export function muon(start: readonly TensorValues[], settings: MuonSettings): Grouped {
  const { matrices, others } = settings;
  const weights = start.filter(({ bias }) => !bias);
  const chosen = new Set(matrices === "all" ? weights : weights.slice(1, -1));
  return new Grouped(start, [
    { takes: (tensor) => chosen.has(tensor), make: (start) => new Orthogonal(start, settings) },
    { takes: () => true, make: (start) => new AdamW(start, others) },
  ]);
}

/**
 * Momentum orthogonalized by Newton-Schulz (Jordan and others, 2024), of matrices [fan-in, fan-out]:
 *
 * m' = beta m + (1 - beta) g, u = (1 - beta) g + beta m',
 * theta' = (1 - lr wd) theta - lr sqrt(max(1, fan-out / fan-in)) NS(u)
 *
 * The authors' matrices are [fan-out, fan-in]: the factor is often found turned round.
 */
export class Orthogonal extends Stepper {
  readonly #settings: OrthogonalSettings;

  constructor(start: readonly TensorValues[], settings: OrthogonalSettings) {
    super(start);
    this.#settings = settings;
    this.velocity = this.filled();
  }

  protected override update(gradient: Values, t: number): void {
    const { learningRate, momentum, steps, weightDecay = 0 } = this.#settings;
    const lr = inUpdate(t, learningRate);
    const beta = inUpdate(t, momentum);
    this.velocity = elementwise((m, g) => beta * m + (1 - beta) * g, this.velocity, gradient);
    const ahead = elementwise((g, m) => (1 - beta) * g + beta * m, gradient, this.velocity);
    const direction = this.start.map(({ rows, columns }, k) => {
      const factor = Math.sqrt(Math.max(1, columns / rows));
      const { values } = newtonSchulz({ rows, columns, values: ahead[k] }, steps);
      return values.map((o) => factor * o);
    });
    this.theta = elementwise((x, o) => x - lr * o, this.decayed(1 - lr * weightDecay), direction);
  }
}
