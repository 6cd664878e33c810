import type { Row } from "../report/claims.ts";
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

/** By hand at three caps, by a race, and by as many random networks as a race takes. */
function columns(
  { byHand, ofRace, draws }: { byHand: Flags; ofRace: Flags; draws: number },
): Record<string, Flags> {
  return {
    ...Object.fromEntries([0.9, 0.99, 0.995].map((mu) => [`NAG ${mu}`, { ...byHand, mu }])),
    race: { ...ofRace, "tune-momentum": "race" },
    ...Object.fromEntries(seeds.map((seed) => [
      `random, seed ${seed}`,
      { ...byHand, draws, mu: [0.9, 0.999], "learning-rate": [0.005, 0.16], seed },
    ])),
  };
}

const small = { optimizer: "nag", seed: seeds };
const byHand = { "schedule-period": 12, finish: 100, "learning-rate": [0.05, 0.02, 0.01] };
const ofPaper = { "schedule-period": 25, finish: 5000, "learning-rate": [0.05, 0.02, 0.01] };

/** M12: whether a race takes the place of tuning by hand. */
export const automatic: Experiment = {
  heading: {
    name: "automatic",
    title: "Momentum chosen by a race",
    figure: squaredError,
    question: "does a race among 16 networks find what tuning by hand finds, for a third of the " +
      "updates, and more than as much of random search?",
  },
  program: "autoencoder",
  layouts: {
    small: {
      common: { ...small, layers: [784, 100, 50, 25, 6], updates: 1500, "eval-cases": 600 },
      rows: { curves: { problem: "curves" } },
      columns: columns({ byHand, ofRace: {}, draws: 4 }),
    },
    full: {
      common: { ...small, updates: 75_000 },
      rows: { curves: { problem: "curves" }, mnist: { problem: "mnist" } },
      columns: columns({ byHand: ofPaper, ofRace: { places: 54 }, draws: 16 }),
    },
  },
  claims: [
    [
      "The race is within 10 % of the best tuned by hand",
      betweenBest(
        ["race"],
        (name) => name.startsWith("NAG"),
        (race, best) => isAsLow(race, best, 0.1),
      ),
    ],
    ["The race beats random search on 4 of 5 seeds", beatsRandom],
  ],
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
