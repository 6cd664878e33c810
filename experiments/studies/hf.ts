import type { Row } from "../report/claims.ts";
import { cgStepsFigure, dialOf } from "../report/figures/cg_steps.ts";
import {
  byChoosingError,
  type Finding,
  isFactorAsLow,
  isLower,
  together,
  toldFully,
  undecided,
} from "../report/verdicts.ts";
import { paperBudget, smallBudget } from "../tables/budget.ts";
import {
  type AutoencoderGrid,
  hessianFreeColumn,
  layAutoencoders,
  momentumColumns,
  type SettingColumn,
  sgdColumn,
  squaredError,
} from "../tables/grid.ts";
import type { AutoencoderTable } from "../tables/table_study.ts";

const dial = { cgSteps: [1, 2, 5, 10, 25, 50], decay: [0, 0.5, 0.9, 0.95, 0.99], mu: [0.9, 0.99] };
// Ours: the paper has no such experiment.
const paper = { ...paperBudget, ...dial, updates: 100_000, gradientCases: 1250 };
const small = {
  ...smallBudget,
  ...dial,
  ...{ layers: [784, 50, 20, 6], updates: 2000, gradientCases: 500 },
};

const heading = {
  name: "hf",
  title: "Hessian-free as momentum",
  figure: squaredError,
  published: new Map(),
  paper,
};

/**
 * Hessian-free on minibatches, by its steps of conjugate gradient and by how much of its last iterate
 * it begins with, and beside it SGD and NAG: each of them with as many gradients in all.
 */
export const hf: AutoencoderTable = {
  heading,
  budgets: { paper, small },
  lay: (grid) =>
    layAutoencoders(
      heading,
      [sgdColumn, ...momentumColumns(grid, "nag"), ...dialColumns(grid)],
      grid,
    ),
  claims: [
    ["A hot start lowers the error", hotStartHelps],
    ["The hot start is worth what momentum is", hotStartIsMomentum],
    ["There is a best number of CG steps", isBestBetween],
  ],
  figures: [cgStepsFigure],
};

function dialColumns({ budget }: AutoencoderGrid): SettingColumn[] {
  const { cgSteps = [], decay = [], gradientCases = 1, updates, batchSize } = budget;
  return decay.flatMap((decay) =>
    cgSteps.map((cgSteps) => {
      // A forward pass counts 1, one backward 2, a product 4; one more product than steps.
      const gradients = gradientCases * (3 + 2 + 4 * (cgSteps + 1)) / 600;
      return hessianFreeColumn(
        `${cgSteps} CG ${cgSteps === 1 ? "step" : "steps"}, decay ${decay}`,
        {
          optimizer: "hf-dagger",
          updates: Math.max(1, Math.round(updates * batchSize / 200 / gradients)),
          given: { cgSteps, decay, gradientCases, l2OfAll: 2e-5 },
        },
      );
    })
  );
}

/** The best with a hot start and without, of NAG, and SGD: as one seed chose them. */
function bestOf({ entries }: Row) {
  const [hot] = byChoosingError(entries.filter((entry) => (dialOf(entry)?.decay ?? 0) > 0));
  const [cold] = byChoosingError(entries.filter((entry) => dialOf(entry)?.decay === 0));
  const of = (name: string) => entries.filter(({ configuration: c }) => c.optimizer === name);
  const [nag] = byChoosingError(of("nag")), [sgd] = of("sgd");
  return hot && cold && nag && sgd ? { hot, cold, nag, sgd } : undefined;
}

const incomplete = undecided("it takes a decay of 0 and others, SGD and NAG");

function hotStartHelps(row: Row): Finding {
  const best = bestOf(row);
  return best ? isLower(best.hot, best.cold) : incomplete;
}

/** Whether the hot start divides the error by as much as momentum does. */
function hotStartIsMomentum(row: Row): Finding {
  const best = bestOf(row);
  return best ? isFactorAsLow([best.hot, best.cold], [best.nag, best.sgd]) : incomplete;
}

/** Between the fewest and the most steps, at the decay of the best. */
function isBestBetween(row: Row): Finding {
  const { hot } = bestOf(row) ?? {};
  if (!hot) return incomplete;
  const { decay } = dialOf(hot)!;
  const steps = row.entries.filter((entry) => dialOf(entry)?.decay === decay)
    .toSorted((a, b) => dialOf(a)!.cgSteps - dialOf(b)!.cgSteps);
  const ends = [steps[0], steps[steps.length - 1]];
  if (!ends.includes(hot)) return together(ends.map((end) => isLower(hot, end)));
  return { verdict: "does not hold", evidence: `the best is at an end: ${toldFully(hot)}` };
}
