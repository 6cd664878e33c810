import type { PhasesBudget } from "./budget.ts";
import { cellId } from "../study/cells.ts";
import type { AutoencoderConfiguration, BranchConfiguration } from "./configuration.ts";
import type { PlannedNetwork } from "./grid.ts";

/** What the experiment on the phases of training is laid from. */
export interface PhasesConfiguration {
  readonly problem: AutoencoderConfiguration["problem"];
  readonly layers: readonly number[];
  readonly data: string;
  readonly budget: Omit<PhasesBudget, "layers">;
}

/** The networks that leave the trunk after the same update. */
export interface Branching {
  readonly at: number;
  readonly networks: readonly PlannedNetwork[];
}

/** NAG at the highest cap, and the branches that leave it for each cap at several moments. */
export interface PlannedPhases {
  /** A network for each seed. */
  readonly trunk: readonly PlannedNetwork[];
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
  const { problem, layers, data, budget } = configuration;
  const { mu, seeds, branchAt, branchUpdates, schedulePeriod, learningRate, batchSize } = budget;
  const trunkMu = Math.max(...mu), length = Math.max(...branchAt);
  const common = {
    problem,
    data,
    layers,
    activation: "sigmoid",
    init: "sparse",
    initScale: 1,
    optimizer: "nag",
    schedulePeriod,
    finish: 0,
    learningRate,
    batchSize,
    reportCases: REPORT_CASES,
  } as const;
  const planned = (configuration: AutoencoderConfiguration | BranchConfiguration) => ({
    id: cellId(configuration),
    configuration,
  });
  return {
    trunk: seeds.map((seed) =>
      planned({
        network: "autoencoder",
        ...common,
        mu: trunkMu,
        seed,
        updates: length,
        reportEvery: Math.ceil(length / REPORTS),
      })
    ),
    branchings: branchAt.map((at) => ({
      at,
      networks: mu.flatMap((cap) =>
        seeds.map((seed) =>
          planned({
            network: "branch",
            ...common,
            trunkMu,
            branchAt: at,
            mu: cap,
            seed,
            updates: at + branchUpdates,
            reportEvery: Math.ceil(branchUpdates / REPORTS),
          })
        )
      ),
    })),
  };
}
