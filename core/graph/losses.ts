import type { Source } from "../data/source.ts";
import { InputError } from "../errors.ts";
import { errorRate as errorRateOp } from "../ops/error_rate.ts";
import {
  softmaxCrossEntropy as softmaxCrossEntropyOp,
  softmaxCurvature,
} from "../ops/softmax_cross_entropy.ts";
import { unitCurvature, type UnitLoss, unitLoss } from "../ops/unit_loss.ts";
import type { Figure, Loss, OutputUnits } from "./loss.ts";

/**
 * A loss of one's own that is a sum over units, from its WGSL on vec4f: z is the input of an output
 * unit, y = f(z) its output, slope(y) = f'(z), `wanted` its target. `slope` in the literal is the
 * derivative of `value` by z.
 *
 * ```ts
 * import { elementwiseLoss } from "../../mod.ts";
 *
 * const logCosh = elementwiseLoss({
 *   name: "log cosh",
 *   value: "log(cosh(y - wanted))",
 *   slope: "tanh(y - wanted) * slope(y)",
 * });
 * console.log(logCosh.name);
 * ```
 */
export function elementwiseLoss(loss: UnitLoss & Pick<Loss, "check">): Loss {
  const { name, curvature, check = checkTargets } = loss;
  return {
    name,
    check,
    record: (plan, rows, out) => unitLoss(plan, loss, rows, out),
    ...curvature !== undefined && {
      curvature: (plan, rows, out) => unitCurvature(plan, loss, rows, out),
    },
  };
}

/** Refuses targets that are not one for each output unit. */
function checkTargets({ units }: OutputUnits, { inputs, targets = inputs }: Source): void {
  if (targets === units) return;
  throw new InputError(
    `${units} output units do not fit targets of ${targets} values: give the last layer ${targets} ` +
      "units, or a target for each unit",
  );
}

/**
 * The cross-entropy of logistic output units, - sum of x log y + (1 - x) log(1 - y) in nats for
 * targets x in [0, 1], from the inputs z of the units: no digit is lost where they saturate (paper,
 * section 3: the loss of Curves and MNIST). The last layer is to have sigmoid units.
 */
export const crossEntropy: Loss = elementwiseLoss({
  name: "cross-entropy",
  value: "max(z, vec4f()) - z * wanted + log(1 + exp(-abs(z)))",
  slope: "y - wanted",
  curvature: "y * (1 - y) * tangent",
  check(output, source) {
    if (output.unit !== "sigmoid") {
      throw new InputError(
        `cross-entropy needs logistic output units, not ${output.unit} ones: use squared-error ` +
          'instead, or activation: "sigmoid" in the last layer',
      );
    }
    checkTargets(output, source);
  },
});

/**
 * The squared error without 1/2, the sum over output units of (y - x)^2 (paper, section 3: the loss
 * of Faces). Its curvature is that of Gauss and Newton, 2 f'(z)^2.
 */
export const squaredError: Loss = elementwiseLoss({
  name: "squared-error",
  value: "(y - wanted) * (y - wanted)",
  slope: "2 * (y - wanted) * slope(y)",
  curvature: "2 * slope(y) * slope(y) * tangent",
});

/**
 * The cross-entropy of softmax outputs, - sum of x log y in nats with y = exp(z) / sum of exp(z). The
 * last layer is to be linear, with a unit for each class; a target is the number of a class from 0
 * on, or a row of probabilities that sum to 1.
 */
export const softmaxCrossEntropy: Loss = softmaxLoss("softmax-cross-entropy", 0);

/**
 * Softmax cross-entropy with smoothed labels (Szegedy et al. 2016): of n classes the targets x become
 * (1 - rate) x + rate / n, so that no output is driven to infinity. Its curvature is that of
 * {@linkcode softmaxCrossEntropy}, which tells as a figure what an evaluation is to say.
 *
 * Throws an {@linkcode InputError} for a rate that is not at least 0 and below 1.
 *
 * ```ts
 * import {
 *   dense, errorRate, examples, figureOf, labelSmoothing, network, softmaxCrossEntropy,
 * } from "../../mod.ts";
 *
 * const inputs = { data: Float32Array.of(0, 0, 0, 1, 1, 0, 1, 1), width: 2 };
 * const model = network({
 *   source: examples({ train: { inputs, targets: [0, 1, 1, 0] } }),
 *   layers: dense({ units: 2 }),
 *   loss: labelSmoothing(0.1),
 *   figures: [errorRate, figureOf(softmaxCrossEntropy, "crossEntropy")],
 * });
 * console.log(model.figures); // errorRate and crossEntropy
 * ```
 */
export function labelSmoothing(rate: number): Loss {
  if (!(rate >= 0 && rate < 1)) {
    throw new InputError(
      `the rate of label smoothing is at least 0 and below 1, not ${rate}: 0.1 takes a tenth of a ` +
        "target and spreads it over all classes",
    );
  }
  return softmaxLoss(`softmax-cross-entropy of labels smoothed by ${rate}`, rate);
}

function softmaxLoss(name: string, smoothing: number): Loss {
  return {
    name,
    check(output, source) {
      if (output.unit !== "linear") {
        throw new InputError(
          `softmax cross-entropy takes linear output units, not ${output.unit} ones: leave the ` +
            "activation of the last layer out",
        );
      }
      if (output.units < 2) {
        throw new InputError(
          "softmax cross-entropy needs an output unit for each of at least 2 classes, not " +
            `${output.units}: give the last layer as many units as there are classes`,
        );
      }
      checkClasses(output, source);
    },
    record: (plan, rows, out) => softmaxCrossEntropyOp(plan, rows, out, { smoothing }),
    curvature: softmaxCurvature,
  };
}

/** Refuses targets that are neither numbers of classes nor one for each output unit. */
function checkClasses(output: OutputUnits, source: Source): void {
  if (source.targets === 1 && output.units > 1) source.checkLabels?.(output.units);
  else checkTargets(output, source);
}

/**
 * The share of cases whose largest output is that of another class than the one wanted; of one
 * output unit, those where the sign of z says the other class.
 */
export const errorRate: Figure = {
  name: "errorRate",
  check: checkClasses,
  record: errorRateOp,
};

/** The value of a loss as a figure. */
export function figureOf(loss: Loss, name: string): Figure {
  return {
    name,
    ...loss.check && { check: loss.check },
    record: (plan, rows, caseLoss) => loss.record(plan, rows, { caseLoss }),
  };
}
