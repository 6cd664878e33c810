import type { Decision, Row } from "../report/claims.ts";
import type { EntrySummary } from "../report/summary.ts";
import {
  byChoosingError,
  type Finding,
  isAsLow,
  isLower,
  together,
  undecided,
} from "../report/verdicts.ts";

/** That NAG loses nothing against CM, in words. */
export const nagAsGood = "NAG is at least as good as CM at a momentum above 0.9";

/** Whether the best momentum above 0.9 is better than 0.9. */
export function highMomentumIsBetter(optimizer: "cm" | "nag"): Decision {
  return ({ entries }) => {
    const ours = entries.filter(({ configuration }) => configuration.optimizer === optimizer);
    const usual = ours.find((entry) => momentumOf(entry) === 0.9);
    const [best] = byChoosingError(ours.filter(isHigh));
    if (!usual || !best) return undecided("no column reaches 0.9 and another one more");
    return isLower(best, usual);
  };
}

/** Whether NAG is at least as good as CM at each momentum above 0.9. */
export function nagIsAsGood({ entries }: Row): Finding {
  const pairs = pairsOf(entries).filter(([nag]) => isHigh(nag));
  if (pairs.length === 0) return undecided("no column reaches a momentum above 0.9");
  return together(pairs.map(([nag, cm]) => isAsLow(nag, cm)));
}

/** What the momentum rose to. */
function momentumOf({ configuration, notReached }: EntrySummary): number {
  return notReached ?? configuration.mu;
}

/** Whether an entry's momentum rises above 0.9. */
export function isHigh(entry: EntrySummary): boolean {
  return momentumOf(entry) > 0.9;
}

/** NAG and CM of the same cap. */
function pairsOf(entries: readonly EntrySummary[]): [EntrySummary, EntrySummary][] {
  return entries.filter(({ configuration }) => configuration.optimizer === "nag")
    .flatMap((nag): [EntrySummary, EntrySummary][] => {
      const { mu } = nag.configuration;
      const cm = entries.find(({ configuration }) =>
        configuration.optimizer === "cm" && configuration.mu === mu
      );
      return cm ? [[nag, cm]] : [];
    });
}
