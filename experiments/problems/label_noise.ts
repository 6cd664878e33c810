import { Purpose, RandomStream } from "../../mod.ts";

/** Labels that are wrong: what a network learns of bad data. */
export interface LabelNoise {
  /** The chance that a case is told another class than its own, each of them alike. */
  readonly share: number;
  /** Fixes which cases, and what they are told. */
  readonly seed: number;
  /** How many classes there are. */
  readonly classes: number;
}

/**
 * Labels with noise. That of a case is keyed by the seed and its place: it is the same among fewer
 * cases, and where there is more noise.
 */
export function noisyLabels(labels: Uint32Array, { share, seed, classes }: LabelNoise) {
  return labels.map((label, place) => {
    const random = new RandomStream(seed, Purpose.labelNoise, place);
    if (random.uniform() >= share) return label;
    return (label + 1 + random.integer(classes - 1)) % classes;
  });
}
