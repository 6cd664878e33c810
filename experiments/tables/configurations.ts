import { paperProblems } from "../../mod.ts";
import { chooseSequences } from "../problems/sequences.ts";
import type { HFSchedule } from "../study/hf_schedules.ts";
import type { Configuration } from "../study/cell.ts";

/** The autoencoders of the paper. */
export type PaperProblem = keyof typeof paperProblems;

/** The recurrent networks' problems in the paper. */
export type PaperSequences = "add" | "mul" | "mem-5" | "mem-20";

/** Of a hidden unit under echo-state initialization (paper, Table 4). */
export const RECURRENT_CONNECTIONS = 15;

/** What the networks of a table share, and what the one in question has of its own. */
type Rest =
  & Pick<
    Configuration,
    "mu" | "learningRate" | "seed" | "updates" | "batchSize" | "reportEvery" | "reportCases"
  >
  & {
    readonly optimizer: PaperOptimizer;
    /** What else its optimizer declares, where it has settings of its own. */
    readonly own?: Readonly<Record<string, number>>;
    /** What changes while Hessian-free goes on. */
    readonly hfSchedule?: HFSchedule;
  };

/** The optimizers of the paper's tables. */
export type PaperOptimizer = "sgd" | "cm" | "nag" | "hf" | "hf-dagger";

/** An autoencoder as the paper trains it (section 3): from sparse weights, with its schedule. */
export function autoencoderConfiguration(
  { problem, layers, data }: {
    problem: PaperProblem;
    layers: readonly number[];
    /** Which data: those of the paper or what stands in for them, by seed or SHA-256. */
    data: string;
  },
  { schedulePeriod, finish, ...rest }: Rest & {
    readonly schedulePeriod: number;
    readonly finish: number;
    readonly activation?: string;
    readonly init?: string;
    readonly initScale?: number;
  },
): Configuration {
  return {
    network: "autoencoder",
    problem,
    data,
    ...paperProblems[problem],
    layers,
    activation: "sigmoid",
    init: "sparse",
    initScale: 1,
    ...scheduleOf(rest.optimizer, { schedule: "paper", schedulePeriod }),
    finish,
    ...rest,
  };
}

/** A recurrent network as the paper trains it (section 4): an echo state, then its momentum. */
export function recurrentConfiguration(
  { problem, length, hidden, warmUpUpdates }: {
    problem: PaperSequences;
    length: number;
    hidden: number;
    /** At momentum 0.9, before that of the network. */
    warmUpUpdates: number;
  },
  rest: Rest,
): Configuration {
  const shape = { problem, length, centre: true, cue: false };
  const { inputScale } = chooseSequences({ ...shape, symbols: undefined, items: undefined });
  return {
    network: "recurrent",
    ...shape,
    hidden,
    init: "echo-state",
    initScale: 1,
    ...{ fanIn: RECURRENT_CONNECTIONS, spectralRadius: 1.1, inputScale, outputScale: 0.1 },
    ...scheduleOf(rest.optimizer, { schedule: "warm-up", warmUpUpdates }),
    finish: 0,
    ...rest,
  };
}

function scheduleOf<S extends { readonly schedule: string }>(
  optimizer: PaperOptimizer,
  schedule: S,
): S | { readonly schedule: "none" } {
  return optimizer === "cm" || optimizer === "nag" ? schedule : { schedule: "none" };
}
