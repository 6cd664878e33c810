/** When networks that are trained side by side stop before their last update. */
export interface StopRule {
  /** Whether the run ends at the first report in which a network has diverged. */
  readonly whenDiverged: boolean;
  /** Whether they stop, from the training error of each network at all its reports. */
  isMet(errors: readonly (readonly number[])[]): boolean;
}

/** A network that has not improved by so much, as a share of its least error, is flat. */
const improvement = 1e-3;

/**
 * The rule that flags ask for. With `target` networks stop when each has reached that error; with
 * `flat` when each has gone so many reports without a new least error, by a thousandth of it. A
 * network that is not finite waits for nothing.
 */
export function stopRule(
  { whenDiverged = false, target, flat }: {
    whenDiverged?: boolean;
    target?: number | undefined;
    flat?: number | undefined;
  },
): StopRule {
  return {
    whenDiverged,
    isMet(errors) {
      const finite = errors.filter((reports) => reports.every(Number.isFinite));
      if (finite.length === 0) return false;
      const hasReached = target !== undefined &&
        finite.every((reports) => reports.some((error) => error <= target));
      return hasReached || flat !== undefined && finite.every((reports) => isFlat(reports, flat));
    },
  };
}

function isFlat(reports: readonly number[], length: number): boolean {
  let least = Infinity, since = 0;
  for (const error of reports) {
    since = error < least * (1 - improvement) || least === Infinity ? 0 : since + 1;
    least = Math.min(least, error);
  }
  return since >= length;
}
