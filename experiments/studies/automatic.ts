import type { Row, TableClaim } from "../report/claims.ts";
import { betweenBest } from "../report/decisions.ts";
import { columnsFigure } from "../report/figures/columns.ts";
import { seedErrors } from "../report/comparison.ts";
import type { EntrySummary } from "../report/summary.ts";
import { type Finding, isAsLow, undecided } from "../report/verdicts.ts";
import { formatFigure } from "../report/text_table.ts";
import type { Experiment, Flags } from "../tables/experiment.ts";
import { squaredError } from "../tables/grid.ts";

/** Each seed has a random search of its own. */
const seeds = [1, 2, 3, 4, 5];

/** Flags of the ways to choose a momentum. */
export interface Ways {
  /** Of momenta that are tried by hand, with the rates to search. */
  readonly byHand: Flags;
  /** Of what chooses itself. */
  readonly itself?: Flags;
  /** The rates of the rule that sets the cap. */
  readonly ofRule: readonly number[];
  /** Networks of a race, and of a random search. */
  readonly places: number;
}

/** The box of races and of random searches, whatever the problem. */
const box = [0.001, 0.16];

/** By hand at three caps, by a rule, by a race, and by as many random networks as a race has. */
export function waysToChoose(
  { byHand, itself = {}, ofRule, places }: Ways,
): Record<string, Flags> {
  return {
    ...Object.fromEntries([0.9, 0.99, 0.995].map((mu) => [`NAG ${mu}`, { ...byHand, mu }])),
    "flat rule": { ...itself, "tune-momentum": "flat", "learning-rate": ofRule },
    race: { ...itself, "tune-momentum": "race", places, "learning-rate": box },
    ...Object.fromEntries(seeds.map((seed) => [
      `random, seed ${seed}`,
      { ...byHand, draws: places, mu: [0.9, 0.999], "learning-rate": box, seed },
    ])),
  };
}

/** What all networks of these experiments share. */
export const shared = { optimizer: "nag", seed: seeds };

const isByHand = (column: string) => column.startsWith("NAG");

/** The claims on a momentum that nobody tunes. */
export const claimsOfChoice: readonly TableClaim[] = [
  [
    "The race is within 10 % of the best tuned by hand",
    betweenBest(["race"], isByHand, (race, best) => isAsLow(race, best, 0.1)),
  ],
  ["The race beats random search on 4 of 5 seeds", beatsRandom],
  [
    "The flat rule is within 25 % of the best tuned by hand",
    betweenBest(["flat rule"], isByHand, (rule, best) => isAsLow(rule, best, 0.25)),
  ],
];

const rates = [0.05, 0.02, 0.01];

/** M12: whether a race takes the place of tuning by hand. */
export const automatic: Experiment = {
  heading: {
    name: "automatic",
    title: "Momentum chosen by a race",
    figure: squaredError,
    question: "does a race find what tuning by hand finds, for the updates of as many networks " +
      "tried at random, and more than these?",
  },
  program: "autoencoder",
  layouts: {
    small: {
      common: { ...shared, layers: [784, 50, 20, 6], updates: 1000, "eval-cases": 600 },
      rows: { curves: { problem: "curves" }, mnist: { problem: "mnist" } },
      columns: waysToChoose({
        byHand: { "schedule-period": 8, finish: 70, "learning-rate": rates },
        ...{ ofRule: rates, places: 16 },
      }),
    },
    full: {
      common: { ...shared, updates: 75_000 },
      rows: { curves: { problem: "curves" }, mnist: { problem: "mnist" } },
      columns: waysToChoose({
        byHand: { "schedule-period": 25, finish: 5000, "learning-rate": rates },
        ...{ ofRule: rates, places: 54 },
      }),
    },
  },
  claims: claimsOfChoice,
  figures: [columnsFigure({ title: "how the momentum was chosen" })],
};

/** The least of each seed's random networks beside the race with that seed. */
function beatsRandom({ entries }: Row): Finding {
  const race = entries.find(({ column }) => column === "race");
  if (!race) return undecided("there is no race");
  const raced = errorsOf(race);
  const pairs = seeds.flatMap((seed) => {
    const random = entries.find(({ column }) => column === `random, seed ${seed}`);
    const [ours, theirs] = [raced.get(seed), random && errorsOf(random).get(seed)];
    return ours === undefined || theirs === undefined ? [] : [{ seed, ours, theirs }];
  });
  if (pairs.length < seeds.length) return undecided(`${pairs.length} of ${seeds.length} seeds`);
  const won = pairs.filter(({ ours, theirs }) => ours < theirs).length;
  return {
    verdict: won >= 4 ? "holds" : "does not hold",
    evidence: `${won} of ${seeds.length}: ` +
      pairs.map(({ seed, ours, theirs }) =>
        `seed ${seed} ${formatFigure(ours)} and ${formatFigure(theirs)}`
      ).join(", "),
  };
}

/** The least error by seed, of the seed that chooses as of the others. */
function errorsOf({ rates, confirmation }: EntrySummary): Map<number, number> {
  const least = new Map<number, number>();
  for (const cells of [...rates.map(({ cells }) => cells), confirmation]) {
    for (const [seed, error] of seedErrors(cells)) {
      least.set(seed, Math.min(error, least.get(seed) ?? Infinity));
    }
  }
  return least;
}
