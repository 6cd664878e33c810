// The optimizers that --optimizer knows by name, a row each. Their settings are read off the families
// that mod.ts ships; what a constructor takes besides, as numbers, is declared here.

import {
  adamW,
  adan,
  adaptiveHeavyBall,
  adEMAMix,
  aggMo,
  classicalMomentum,
  type Family,
  hessianFree,
  hessianFreeDagger,
  lion,
  lookahead,
  lowRankMomentum,
  momentumWithLead,
  muon,
  type MuonMatrices,
  nadamW,
  nesterov,
  type Optimizer,
  optimizerOf,
  qhm,
  restartedNesterov,
  scheduleFreeAdamW,
  scheduleFreeSGD,
  type Setting,
  type Settings,
  sgd,
  simplifiedAdEMAMix,
} from "../../mod.ts";

/** What --optimizer may name: a shipped family, or one of a user's file. */
export interface OptimizerChoice {
  /** In flags, tables and legends. */
  readonly name: string;
  /** All that it declares, the learning rate and the momentum included where it has them. */
  readonly settings: readonly Setting[];
  /** Numbers that it tells of each update, as {@linkcode toldBy} has them. */
  readonly told?: readonly string[];
  /** Whether its momentum has no default of its own, and so follows --mu and --schedule. */
  readonly isScheduled: boolean;
  /** Where it is a user's: the file and its bytes' check sum. */
  readonly file?: { readonly path: string; readonly sha256: string };
  /** One of its settings by their names. Throws InputError where one is out of its range. */
  make(settings: Settings): Optimizer;
}

/** A choice of a name, its settings, and how it is made of them. */
export function choiceOf(
  { settings, ...others }: Omit<OptimizerChoice, "isScheduled">,
): OptimizerChoice {
  const isScheduled = settings.some(({ name, default: value }) =>
    name === "momentum" && value === undefined
  );
  return { ...others, settings, isScheduled };
}

/** Numbers that a family measures and reports tell, but for the momentum, which any may have. */
export function toldBy({ measure }: Family): readonly string[] {
  const told = measure?.told ?? Object.keys(measure?.initial ?? {});
  return told.filter((name) => name !== "momentum");
}

/** The choice of a family, as any member of it tells. */
function ofFamily({ family }: Optimizer, name = family.name): OptimizerChoice {
  return choiceOf({
    name,
    settings: family.settings,
    told: toldBy(family),
    make: (settings) => optimizerOf(family, settings),
  });
}

const learningRate = 0.01, momentum = 0.9;
const linear = nesterov({ learningRate, momentum }).family.settings;

/** QHM follows the schedule, as the methods do that it lies between. */
function scheduledQHM(): OptimizerChoice {
  const { name, settings, make } = ofFamily(qhm({ learningRate }));
  return choiceOf({
    name,
    settings: settings.map((setting) => {
      const { default: _, ...others } = setting;
      return setting.name === "momentum" ? others : setting;
    }),
    make,
  });
}

/** AggMo with the momenta of its authors, under the schedule as a cap. */
function cappedAggMo(): OptimizerChoice {
  return choiceOf({
    name: "aggmo",
    settings: [
      ...linear,
      {
        name: "velocities",
        default: 3,
        atLeast: 1,
        atMost: 8, // float32 rounds the ninth's momentum to 1
        whole: true,
        help: "How many velocities, of momenta 0, 0.9, 0.99 and so on, but of --mu at most.",
      },
    ],
    make: ({ velocities, momentum: cap, learningRate }) =>
      aggMo({
        ...{ learningRate, cap },
        betas: Array.from({ length: Number(velocities) }, (_, i) => 1 - 10 ** -i),
      }),
  });
}

function lowRank(): OptimizerChoice {
  return choiceOf({
    name: "low-rank",
    settings: [
      ...linear,
      { name: "rank", default: 4, atLeast: 1, whole: true, help: "The rank of a velocity." },
    ],
    make: ({ rank, momentum, learningRate }) =>
      lowRankMomentum({ learningRate, momentum, rank: Number(rank) }),
  });
}

function muonOf(name: string, matrices: MuonMatrices): OptimizerChoice {
  return choiceOf({
    name,
    settings: [
      ...muon().family.settings,
      {
        name: "newtonSchulzSteps",
        default: 5,
        atLeast: 1,
        whole: true,
        help: "Newton-Schulz steps, which drive singular values towards 1.",
      },
    ],
    make: ({ newtonSchulzSteps, ...settings }) =>
      muon({ ...settings, matrices, steps: Number(newtonSchulzSteps) }),
  });
}

const all: readonly OptimizerChoice[] = [
  ofFamily(sgd({ learningRate })),
  ofFamily(classicalMomentum({ learningRate, momentum })),
  ofFamily(nesterov({ learningRate, momentum })),
  ofFamily(momentumWithLead({ learningRate, momentum })),
  scheduledQHM(),
  cappedAggMo(),
  ofFamily(restartedNesterov({ learningRate })),
  ofFamily(adaptiveHeavyBall({ learningRate })),
  ofFamily(lookahead(nesterov({ learningRate, momentum })), "lookahead"),
  lowRank(),
  ofFamily(adamW()),
  ofFamily(nadamW()),
  ofFamily(adan()),
  ofFamily(adEMAMix()),
  ofFamily(simplifiedAdEMAMix()),
  ofFamily(lion()),
  ofFamily(scheduleFreeSGD()),
  ofFamily(scheduleFreeAdamW()),
  muonOf("muon", "all"),
  muonOf("muon-hidden", "hidden"),
  ofFamily(hessianFree()),
  ofFamily(hessianFreeDagger()),
];

/** By the names that --optimizer takes. */
export const shippedOptimizers: Readonly<Record<string, OptimizerChoice>> = Object.fromEntries(
  all.map((choice) => [choice.name, choice]),
);
