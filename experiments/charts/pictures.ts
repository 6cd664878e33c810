/** A picture in the folder of a run. */
export interface PictureKind {
  /** Its media type. */
  readonly type: string;
  /** What it shows, as a heading. */
  readonly title: string;
}

/** The pictures that a run may have, by their files, in the order of its pages. */
export const pictures: Readonly<Record<string, PictureKind>> = {
  "loss.svg": { type: "image/svg+xml", title: "The error of each setting against the updates" },
  "work.svg": {
    type: "image/svg+xml",
    title: "The error of each setting against the gradients that it took",
  },
  "seconds.svg": {
    type: "image/svg+xml",
    title: "The error of each setting against the seconds that it took",
  },
  "tuning.svg": { type: "image/svg+xml", title: "The best of k random settings, by optimizer" },
  "race.svg": {
    type: "image/svg+xml",
    title: "The race: who went on from whom, with which rate, cap and period",
  },
  "curvature.svg": {
    type: "image/svg+xml",
    title: "The largest eigenvalue of the Hessian against the updates",
  },
  "reconstructions.png": {
    type: "image/png",
    title: "Test cases, and below them what the best network makes of them",
  },
  "confusion.svg": {
    type: "image/svg+xml",
    title: "What the best network takes each class for",
  },
  "mistakes.svg": { type: "image/svg+xml", title: "Cases that it takes for another class" },
  "example.svg": { type: "image/svg+xml", title: "A test sequence and the best network's output" },
  "montage.png": { type: "image/png", title: "Cases that the networks are trained on" },
};
