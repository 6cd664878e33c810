import { type Gpu, nesterov, reference } from "../../mod.ts";
import { distances, follow, pathOf, upTo } from "./descent.ts";
import { risingMomentum, start, turned, updates } from "./examples.ts";
import { row, type StatementAndFigure } from "./statement.ts";

/**
 * Hessian-free optimization that starts conjugate gradients from mu v and stops after one step: on
 * a quadratic with the matrix B it is NAG, its learning rate found along the residual.
 */
export async function conjugateGradient(
  gpu: Gpu,
  interruption: AbortSignal,
): Promise<StatementAndFigure> {
  const from = turned.fromEigen(start);
  const { thetas, learningRates } = minimise(from);
  const optimizer = nesterov({
    // It is read once past the last update, for which it no longer matters.
    learningRate: (step) => learningRates[Math.min(step, learningRates.length - 1)],
    momentum: risingMomentum,
  });
  const descent = { quadratic: turned, start: from, optimizer };
  const [nag] = await follow(gpu, [descent], upTo(updates), interruption);
  const cg = pathOf(descent, upTo(updates), thetas, reference.float64);
  return {
    statement: {
      id: "conjugate-gradient",
      title: "One step of conjugate gradients is a NAG step",
      statement:
        "The first step of conjugate gradients from x_0 = mu v on the quadratic model at " +
        "theta gives v' of NAG with eps = r'r / r'Br, r its residual.",
      source: "section 5",
      rows: [row(
        "theta of conjugate gradients against theta of NAG",
        distances(nag.float64, cg),
        distances(nag.gpu, cg),
      )],
    },
  };
}

/** theta after each update by a step of conjugate gradients, and the learning rate it found. */
function minimise(start: Float64Array): {
  thetas: Float64Array[];
  learningRates: number[];
} {
  const { spectrum, rotation } = turned;
  const curvature = new reference.Quadratic({ spectrum, rotation });
  const timesB = (x: Float64Array) => curvature.gradient(x);
  const learningRates: number[] = [];
  let theta: Float64Array = start;
  let velocity: Float64Array = new Float64Array(start.length);
  const thetas = upTo(updates).map((update) => {
    const from = velocity.map((v) => risingMomentum(update - 1) * v);
    const descent = turned.gradient(theta).map((slope) => -slope);
    const step = reference.conjugateGradientStep(timesB, descent, from);
    learningRates.push(step.learningRate);
    velocity = step.x;
    theta = theta.map((x, i) => x + velocity[i]);
    return theta;
  });
  return { thetas, learningRates };
}
