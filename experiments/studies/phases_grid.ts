import type { Configuration } from "../study/cell.ts";
import { cellId } from "../study/cell.ts";
import type { PlannedCell } from "../study/ledger.ts";
import type { PhasesBudget } from "../tables/budget.ts";
import { autoencoderConfiguration, type PaperProblem } from "../tables/configurations.ts";

/** What the experiment on the phases of training is laid from. */
export interface PhasesConfiguration {
  readonly problem: PaperProblem;
  readonly layers: readonly number[];
  readonly data: string;
  readonly budget: Omit<PhasesBudget, "layers">;
}

/** The networks that leave the trunk after the same update. */
export interface Branching {
  readonly at: number;
  readonly networks: readonly PlannedCell[];
}

/** NAG at the highest cap, and the branches that leave it for each cap at several moments. */
export interface PlannedPhases {
  /** A network for each seed. */
  readonly trunk: readonly PlannedCell[];
  readonly branchings: readonly Branching[];
}

/** Reports on the trunk and on each branch, and their cases. */
const REPORTS = 20, REPORT_CASES = 1000;

/**
 * Lays the experiment on the two phases of training (paper, section 2): in the transient phase
 * momentum carries the parameters along directions of low curvature; in the final one they settle,
 * and less of it suffices. The trunk is NAG at the highest cap. At each moment branches leave it,
 * from the same parameters and velocities, one for each cap.
 */
export function planPhases(configuration: PhasesConfiguration): PlannedPhases {
  const { budget } = configuration;
  const { mu, seeds, branchAt, branchUpdates, schedulePeriod, learningRate, batchSize } = budget;
  const length = Math.max(...branchAt);
  const network = (own: Pick<Configuration, "mu" | "seed" | "updates" | "reportEvery">) =>
    autoencoderConfiguration(configuration, {
      ...{ optimizer: "nag", schedulePeriod, finish: 0, learningRate, batchSize },
      ...own,
      reportCases: REPORT_CASES,
    });
  const trunk = seeds.map((seed) => {
    const reportEvery = Math.ceil(length / REPORTS);
    const configuration = network({ mu: Math.max(...mu), seed, updates: length, reportEvery });
    return { id: cellId(configuration), configuration, keep: branchAt };
  });
  return {
    trunk,
    branchings: branchAt.map((at) => ({
      at,
      networks: mu.flatMap((mu) =>
        trunk.map(({ id, configuration: { seed } }) => {
          const reportEvery = Math.ceil(branchUpdates / REPORTS);
          const from = { cell: id, update: at };
          const updates = at + branchUpdates;
          const configuration = { ...network({ mu, seed, updates, reportEvery }), from };
          return { id: cellId(configuration), configuration, from };
        })
      ),
    })),
  };
}
