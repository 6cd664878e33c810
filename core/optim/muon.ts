import averageBody from "../../shaders/optim/muon_average.wgsl" with { type: "text" };
import stepBody from "../../shaders/optim/muon_step.wgsl" with { type: "text" };
import othersBody from "../../shaders/optim/adamw.wgsl" with { type: "text" };
import { InputError } from "../errors.ts";
import type { VectorLayout } from "../gpu/vector.ts";
import { newtonSchulz, squaresOf } from "../ops/newton_schulz.ts";
import { pointwise } from "../ops/pointwise.ts";
import { adamWFamily } from "./adamw.ts";
import type { Family, Optimizer, SettingValue } from "./family.ts";
import { type GroupOptions, optimizerOf } from "./optimizer.ts";
import { beta, epsilon, learningRate, momentum, weightDecay, withDefault } from "./settings.ts";
import { groupsOf, layoutOf, once, type Takes, weightsOf } from "./share.ts";

/** Settings of {@linkcode muon}. */
export interface MuonOptions extends GroupOptions {
  /** lr of the orthogonalized matrices, above 0. Default: 0.02. */
  learningRate?: SettingValue;
  /** beta, at least 0 and below 1. Default: 0.95. */
  momentum?: SettingValue;
  /** wd of the orthogonalized matrices, at least 0. Default: 0. */
  weightDecay?: SettingValue;
  /** AdamW's lr for all other tensors, above 0. Default: 0.003. */
  otherLearningRate?: SettingValue;
  /** AdamW's wd for the other matrices, at least 0. Default: 0. */
  otherWeightDecay?: SettingValue;
  /** AdamW's share of the mean gradient, at least 0 and below 1. Default: 0.9. */
  beta1?: SettingValue;
  /** AdamW's share of the mean square, likewise. Default: 0.999. */
  beta2?: SettingValue;
  /** AdamW's, outside of the root, above 0. Default: 1e-8. */
  epsilon?: SettingValue;
  /**
   * Which weight matrices are orthogonalized: all of them, or none of the first and the last.
   * Default: "all".
   */
  matrices?: MuonMatrices;
  /** Newton-Schulz steps, at least 1. Default: 5. */
  steps?: number;
}

/** See {@linkcode MuonOptions.matrices}. */
export type MuonMatrices = "all" | "hidden";

/** What tells families of {@linkcode muon} apart. */
interface Structure {
  matrices: MuonMatrices;
  steps: number;
}

const familyOf = once(nameOf, make);

/** The family of {@linkcode muon}: the same object for the same matrices and steps. */
export function muonFamily({ matrices = "all", steps = 5 }: Partial<Structure> = {}): Family {
  if (matrices !== "all" && matrices !== "hidden") {
    throw new InputError(`muon orthogonalizes "all" or "hidden" matrices, not ${matrices}`);
  }
  if (!(Number.isSafeInteger(steps) && steps >= 1)) {
    throw new InputError(
      `muon takes a whole number of Newton-Schulz steps, at least 1, not ${steps}; its authors take 5`,
    );
  }
  return familyOf({ matrices, steps });
}

function make({ matrices, steps }: Structure): Family {
  const name = nameOf({ matrices, steps });
  const takesOf = (layout: VectorLayout): Takes => {
    const weights = weightsOf(layout);
    const names = new Set(
      (matrices === "all" ? weights : weights.slice(1, -1)).map(({ name }) => name),
    );
    if (names.size === 0) {
      throw new InputError(
        `${name} finds no matrix to orthogonalize among the ${weights.length} weight matrices of ` +
          `this network: choose ${weights.length > 0 ? 'matrices "all"' : "another optimizer"}`,
      );
    }
    return (tensor) => names.has(tensor.name);
  };
  const others = (layout: VectorLayout): Takes => {
    const takes = takesOf(layout);
    return (tensor) => !takes(tensor);
  };
  const otherState = {
    layout: (model: VectorLayout) => layoutOf(model, others(model)),
    initial: "zeros",
  } as const;
  return {
    name,
    settings: [
      withDefault(learningRate, 0.02),
      withDefault(momentum, 0.95),
      weightDecay(0),
      { ...withDefault(learningRate, 3e-3), name: "otherLearningRate", help: OTHER_RATE },
      { ...weightDecay(0), name: "otherWeightDecay", help: OTHER_DECAY },
      beta("beta1", "gradient, of tensors that AdamW moves,", 0.9),
      beta("beta2", "square, of tensors that AdamW moves,", 0.999),
      epsilon,
    ],
    states: {
      average: { layout: (model) => layoutOf(model, takesOf(model)), initial: "zeros" },
      mean: otherState,
      square: otherState,
    },
    running: adamWFamily.running!,
    scalars: ["momentum", "rest", "matrix_rate", "matrix_keep", ...adamWFamily.scalars],
    compute(now, next, running, update) {
      const { learningRate, momentum, weightDecay, otherLearningRate, otherWeightDecay } = now;
      const adamW = adamWFamily.compute(
        {
          ...now,
          learningRate: otherLearningRate,
          weightDecay: otherWeightDecay,
          initialSquare: 0,
        },
        next,
        running,
        update,
      );
      return {
        scalars: {
          momentum,
          rest: 1 - momentum,
          matrix_rate: learningRate,
          matrix_keep: 1 - learningRate * weightDecay,
          ...adamW.scalars,
        },
        running: adamW.running,
      };
    },
    record(plan, update) {
      const { parameters, gradient, scalars, diverges, states } = update;
      const { average, mean, square } = states;
      const takes = takesOf(parameters.layout);
      const { layout } = average;
      const scratch = (name: string, of = layout) => update.scratch(name, of);
      const ahead = scratch("ahead");
      pointwise(plan, {
        name: `average of ${name}`,
        body: averageBody,
        updates: { average, ahead },
        reads: { gradient },
        scalars,
        groupOf: groupsOf(update, takes),
      });
      const { vector: direction, factor } = newtonSchulz(plan, {
        x: ahead,
        scratch: scratch("orthogonal"),
        squares: [scratch("square", squaresOf(layout)), scratch("polynomial", squaresOf(layout))],
        steps,
      });
      const factors = layout.tensors.map(stepFactor);
      for (const own of new Set(factors)) {
        pointwise(plan, {
          name,
          body: stepBody,
          updates: { parameters },
          reads: { direction },
          numbers: { factor: factor * own },
          scalars,
          diverges,
          groupOf: groupsOf(update, (tensor) => takes(tensor) && stepFactor(tensor) === own),
        });
      }
      pointwise(plan, {
        name: `others of ${name}`,
        body: othersBody,
        updates: { parameters, mean, square },
        reads: { gradient },
        scalars,
        diverges,
        groupOf: groupsOf(update, others(parameters.layout)),
      });
    },
  };
}

const OTHER_RATE = "The learning rate of tensors that AdamW moves.";
const OTHER_DECAY = "The weight decay of matrices that AdamW moves.";

/** What a step is longer for, of a matrix [fan-in, fan-out]. */
function stepFactor({ rows, columns }: { rows: number; columns: number }): number {
  return Math.sqrt(Math.max(1, columns / rows));
}

function nameOf({ matrices, steps }: Structure): string {
  const words = [
    ...matrices === "all" ? [] : [matrices],
    ...steps === 5 ? [] : [`${steps} ${steps === 1 ? "step" : "steps"}`],
  ];
  return words.length > 0 ? `muon (${words.join(", ")})` : "muon";
}

/**
 * Muon (Jordan and others, "Muon: An optimizer for hidden layers in neural networks", 2024): momentum
 * whose singular values are driven towards 1, of weight matrices W [fan-in, fan-out]:
 *
 * m' = beta m + (1 - beta) g, u = (1 - beta) g + beta m',
 * W' = (1 - lr wd) W - lr sqrt(max(1, fan-out / fan-in)) NS(u)
 *
 * NS(X) divides X by |X| + 1e-7, |X| the root of the sum of its squares, and takes `steps` times
 * A = X X', X = 3.4445 X + (-4.7750 A + 2.0315 A A) X. Of an oblong matrix five steps leave singular
 * values between 0.68 and 1.14, not 1. Biases, and with `matrices: "hidden"`, as the authors advise,
 * the first and the last matrix, go by AdamW with settings of their own.
 *
 * It keeps 4 bytes a parameter of the matrices and 8 of the others, and takes three products a step
 * and matrix. `Trainer.open()` refuses a network without such matrices.
 *
 * @throws {InputError} If a setting is out of its range.
 *
 * @example
 * ```ts
 * import { muon } from "../../mod.ts";
 *
 * const optimizer = muon({ learningRate: 0.02, matrices: "hidden" });
 * console.log(optimizer.name, optimizer.settings.momentum); // muon (hidden) 0.95
 * ```
 */
export function muon(options: MuonOptions = {}): Optimizer {
  const { matrices, steps, ...settings } = options;
  return optimizerOf(
    muonFamily({ ...matrices !== undefined && { matrices }, ...steps !== undefined && { steps } }),
    settings,
  );
}
