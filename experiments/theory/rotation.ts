import { classicalMomentum, type Gpu, nesterov } from "../../mod.ts";
import { distances, follow, upTo } from "./descent.ts";
import { alongAxes, changingRate, risingMomentum, start, turned, updates } from "./examples.ts";
import { row, type StatementAndFigure } from "./statement.ts";

/** CM and NAG do the same whichever way the axes lie, under changing schedules. */
export async function rotation(gpu: Gpu, interruption: AbortSignal): Promise<StatementAndFigure> {
  const rates = { learningRate: changingRate, momentum: risingMomentum };
  const descents = [classicalMomentum(rates), nesterov(rates)].flatMap((optimizer) => [
    { quadratic: alongAxes, start, optimizer },
    { quadratic: turned, start: turned.fromEigen(start), optimizer },
  ]);
  const [cm, turnedCM, nag, turnedNAG] = await follow(
    gpu,
    descents,
    upTo(updates),
    interruption,
  );
  const methods = [["CM", cm, turnedCM], ["NAG", nag, turnedNAG]] as const;
  return {
    statement: {
      id: "rotation",
      title: "CM and NAG do not see a rotation",
      statement:
        "For orthonormal U, CM and NAG take q(x) = p(Ux) from x to U'y where they take p(y) " +
        "from Ux to y, for any schedules of mu and eps.",
      source: "section 2.1 and appendix",
      rows: methods.map(([method, along, across]) =>
        row(
          `${method}: U theta on the rotated quadratic against theta on the other`,
          distances(along.float64, across.float64),
          distances(along.gpu, across.gpu),
        )
      ),
    },
  };
}
