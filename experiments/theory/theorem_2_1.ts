import { classicalMomentum, type Gpu, nesterov } from "../../mod.ts";
import { distances, follow, upTo } from "./descent.ts";
import { alongAxes, changingRate, risingMomentum, start, updates } from "./examples.ts";
import { row, type StatementAndFigure } from "./statement.ts";

/**
 * Theorem 2.1: along the eigendirection of lambda, NAG is CM with the momentum mu (1 - lambda eps).
 * One replica takes NAG steps, and one for each direction CM steps with that direction's momentum.
 */
export async function theorem21(gpu: Gpu, interruption: AbortSignal): Promise<StatementAndFigure> {
  const [momentum, learningRate] = [risingMomentum, changingRate];
  const optimizers = [
    nesterov({ learningRate, momentum }),
    ...alongAxes.spectrum.map((lambda) =>
      classicalMomentum({
        learningRate,
        momentum: (step) => momentum(step) * (1 - lambda * learningRate(step)),
      })
    ),
  ];
  const descents = optimizers.map((optimizer) => ({ quadratic: alongAxes, start, optimizer }));
  const [nag, ...cm] = await follow(gpu, descents, upTo(updates), interruption);
  return {
    statement: {
      id: "theorem-2.1",
      title: "NAG is CM with a momentum for each eigendirection",
      statement:
        "On a quadratic, a NAG step with mu and eps is, along the eigendirection of lambda, " +
        "a CM step with mu (1 - lambda eps) and eps.",
      source: "section 2.1, theorem 2.1",
      rows: alongAxes.spectrum.map((lambda, i) =>
        row(
          `theta along the eigendirection of lambda = ${lambda}`,
          distances(nag.float64, cm[i].float64, i),
          distances(nag.gpu, cm[i].gpu, i),
        )
      ),
    },
  };
}
