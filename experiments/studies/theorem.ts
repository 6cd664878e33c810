import type { Row } from "../report/claims.ts";
import { incomparable } from "../report/decisions.ts";
import { measuredFigure } from "../report/figures/measured.ts";
import {
  type AlongRun,
  geometricMean,
  greatest,
  isBelow,
  isLess,
  isLessThere,
  type Pair,
} from "../report/measured.ts";
import { type Finding, undecided } from "../report/verdicts.ts";
import type { Experiment, Flags } from "../tables/experiment.ts";
import { squaredError } from "../tables/grid.ts";

const columns: Record<string, Flags> = {
  "CM": { optimizer: "cm" },
  "NAG": { optimizer: "nag" },
};

/** How far the change of the gradient along mu v is from mu H v. */
const gap: AlongRun = {
  words: "greatest gap",
  of: ({ curvature }) => curvature?.theoremGap,
  over: greatest,
};

const sharpShare: AlongRun = {
  words: "share in the ten sharpest directions",
  of: ({ curvature }) => curvature?.sharpShare,
  over: geometricMean,
};

/** How large a gap still counts as a few per cent. */
const ALLOWED = 0.1;

/** M16: Theorem 2.1, which is of quadratics, along the training of a network. */
export const theorem: Experiment = {
  heading: {
    name: "theorem",
    title: "Theorem 2.1 in a network",
    figure: squaredError,
    question:
      "is a step of NAG one of CM with mu (I - eps H) in a network too, and does it so empty " +
      "the sharp directions of its velocity?",
  },
  program: "autoencoder",
  layouts: {
    small: {
      common: {
        ...{ problem: "curves", layers: [784, 50, 20, 6], updates: 900, "schedule-period": 6 },
        ...{ "learning-rate": 0.005, seed: [1, 2, 3, 4], "eval-cases": 300 },
        ...{ "curvature-every": 150, "curvature-figures": "theorem" },
      },
      rows: { "mu 0.9": { mu: 0.9 }, "mu 0.99": { mu: 0.99 } },
      columns,
    },
    full: {
      common: {
        ...{ problem: "curves", updates: 75_000, "schedule-period": 25, "eval-cases": 2000 },
        ...{ "learning-rate": 0.01, seed: [1, 2, 3, 4, 5, 6] },
        ...{ "curvature-every": 12_500, "curvature-figures": "theorem" },
      },
      rows: { "mu 0.9": { mu: 0.9 }, "mu 0.99": { mu: 0.99 }, "mu 0.999": { mu: 0.999 } },
      columns,
    },
  },
  claims: [
    [`A step of NAG is one of CM with mu (I - eps H) to ${100 * ALLOWED} % all along`, isOfTheorem],
    ["NAG has less of its velocity in the sharp directions than CM", isEmptier],
    ["NAG empties them the more, the higher the momentum", isEmptierAtHigh, "all rows"],
  ],
  figures: [
    measuredFigure({
      name: "gap",
      title: "how far a step of NAG is from the theorem's",
      axis: ["|g(θ + μv) − g(θ) − μHv| / |μHv|"],
      of: gap.of,
    }),
    measuredFigure({
      name: "sharp_share",
      title: "the velocity in the sharp directions",
      axis: ["share of |v|² in the ten", "sharpest directions"],
      of: sharpShare.of,
    }),
  ],
};

function isOfTheorem({ entries }: Row): Finding {
  const nag = entries.find(({ column }) => column === "NAG");
  return nag ? isBelow(nag, gap, ALLOWED) : undecided("there is no NAG");
}

function isEmptier(row: Row): Finding {
  const [pair] = pairsOf(row);
  return pair ? isLess(pair, sharpShare) : incomparable;
}

function isEmptierAtHigh(row: Row): Finding {
  const pairs = pairsOf(row), low = pairs[0], high = pairs.at(-1);
  if (!low || !high || pairs.length < 2) return undecided("there is one momentum");
  return isLessThere(high, low, sharpShare);
}

/** NAG and CM of each momentum, the lowest first. */
function pairsOf({ entries }: Row): Pair[] {
  const of = (column: string) =>
    entries.filter((entry) => entry.column === column)
      .toSorted((a, b) => a.configuration.mu - b.configuration.mu);
  const cm = of("CM");
  return of("NAG").flatMap((nag): Pair[] => {
    const other = cm.find(({ row }) => row === nag.row);
    return other ? [[nag, other]] : [];
  });
}
