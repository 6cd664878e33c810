import { type Settings, settingsOf } from "./settings.ts";

/** What is to be learned from a setting: three sentences and a question. */
export interface Lesson {
  /** In links. */
  readonly name: string;
  readonly title: string;
  readonly sentences: readonly [string, string, string];
  readonly question: string;
  readonly settings: Settings;
}

const constant = "constant";

/** The lessons in order. */
export const lessons: readonly Lesson[] = [
  lesson("bowl", {
    title: "The bowl and Theorem 2.1",
    sentences: [
      "In the bowl one direction is steep and one is flat, and both methods start in the " +
      "same place with the same rate and the same momentum.",
      "CM swings across the steep direction, as its momentum is μ everywhere.",
      "Along each direction NAG is CM with the momentum μ (1 − ελ): hardly less than μ where the " +
      "bowl is flat, little where it is steep.",
    ],
    question:
      "At which rate is NAG no longer damped along the steep direction, but thrown to the " +
      "other side at each update?",
    settings: { bowl: { rate: 0.8, momentum: 0.95, condition: 50, updates: 80 } },
  }),
  lesson("cm-nag", {
    title: "CM against NAG at one rate",
    sentences: [
      "Both networks have the same rate, and a momentum of 0.98 from the first update on.",
      "CM overshoots: its error rises again after the first fall, while that of NAG rises less.",
      "The norms of the velocities show why: NAG takes its gradient where the velocity is about to " +
      "carry it, and brakes before it is there.",
    ],
    question:
      "Raise both rates little by little amid training: which of the two fails first, and " +
      "does the bowl tell why?",
    settings: {
      run: { updates: 600 },
      networks: (["nag", "cm"] as const).map((optimizer) => ({
        ...{ optimizer, rate: 0.01, momentum: 0.98, schedule: constant },
      })),
    },
  }),
  lesson("schedule", {
    title: "The schedule",
    sentences: [
      "Two networks have a momentum that grows to 0.98, the third has 0.98 from the start.",
      "While momentum is low, gradients of the first updates are soon forgotten, and the weights do " +
      "not fly off to where units are saturated.",
      "Later, where gradients agree for long, high momentum adds them up.",
    ],
    question: "How fast may the schedule grow before its gain is lost: try periods of 5, 2 and 1?",
    settings: {
      run: { updates: 600 },
      networks: (["paper", "nesterov-1983", constant] as const).map((schedule) => ({
        ...{ rate: 0.01, momentum: 0.98, schedule },
      })),
    },
  }),
  lesson("finish", {
    title: "The noise floor and the finish",
    sentences: [
      "Minibatches of 10 images give noisy gradients, and high momentum keeps the error above a " +
      "floor where it only wanders.",
      "One of two equal networks has a momentum of 0.9 for its last 100 updates: the low-momentum " +
      "finish.",
      "Its velocity falls at once, and its error drops in a few updates by more than in hundreds " +
      "before.",
    ],
    question: "Why is it no gain to have a momentum of 0.9 from the start?",
    settings: {
      run: { updates: 600, batch: 10 },
      networks: [0, 100].map((finish) => ({ rate: 0.01, momentum: 0.98, finish })),
    },
  }),
  lesson("initialization", {
    title: "Initialization",
    sentences: [
      "Four networks differ in nothing but the scale of their first weights.",
      "All find the mean image at once; where weights are small, units hardly differ from one " +
      "another, and where they are large, units are saturated.",
      "Between the two, images begin to differ under a network after a hundred updates.",
    ],
    question: "Does more momentum help the network with small weights off its plateau?",
    settings: {
      run: { updates: 600 },
      networks: [1, 2, 4, 8].map((scale) => ({ scale })),
    },
  }),
  lesson("edge", {
    title: "The edge of stability",
    sentences: [
      "A minibatch is all of 50 images here, so that nothing is random; the sharpness is the " +
      "largest eigenvalue of the Hessian.",
      "On a quadratic SGD is stable up to a sharpness of 2/ε, CM up to 2 (1 + μ)/ε, NAG up to " +
      "2 (1 + μ)/((1 + 2μ) ε): the dashed line.",
      "As the networks learn, their sharpness grows to the line, NAG's within some 300 updates, and " +
      "about there it stays.",
    ],
    question: "What does the sharpness do when you halve NAG's rate once it is there?",
    settings: {
      run: { hidden: [20, 6], updates: 1000, batch: 50, cases: 50, sharpness: true },
      networks: [{ rate: 0.03 }, { optimizer: "sgd", rate: 0.07 }],
    },
  }),
];

/** Settings that are not given are as usual. */
function lesson(
  name: string,
  { settings, ...texts }: Omit<Lesson, "name" | "settings"> & {
    settings: Parameters<typeof settingsOf>[0];
  },
): Lesson {
  return { name, ...texts, settings: settingsOf({ ...settings, lesson: name }) };
}
