import { initializerNames } from "../study/initializers.ts";
import {
  choices,
  type FlagTable,
  integer,
  integers,
  number,
  path,
  yesNo,
} from "../terminal/flags.ts";

/** The flags of files that networks learn from. */
export const fileFlags = {
  "test-data": path({ help: "Of custom: a file of cases to test on, like that of --data." }),
  header: yesNo({
    shown: "what the first rows tell",
    help: "Of custom: whether the first row of a CSV file names the columns.",
  }),
  download: yesNo({
    default: false,
    help: "Fetches the files of mnist that the folder of --data lacks.",
  }),
} satisfies FlagTable;

/** The flags of networks of dense layers, whatever they learn. */
export const layeredFlags = {
  l2: number({
    default: 0,
    atLeast: 0,
    help: "Weight decay: l2/2 |weights|^2 is minimised besides; the losses told are without it.",
  }),
  "fan-in": integer({
    default: 15,
    atLeast: 1,
    unit: "connections",
    help: "Incoming connections of a unit under sparse initialization.",
  }),
  "train-cases": integer({
    atLeast: 1,
    unit: "cases",
    shown: "all there are",
    help: "How many cases there are to train on: so many from the first one on.",
  }),
  "eval-cases": integer({
    default: 2000,
    atLeast: 1,
    unit: "cases",
    help: "Training cases, always the same, that a report evaluates; the last one takes all.",
  }),
} satisfies FlagTable;

/** The initial weights of such networks. */
export function initFlag(initial: typeof initializerNames[number]) {
  return choices(initializerNames, {
    default: [initial],
    help: "The initial weights: sparse N(0, 1), Glorot's uniform, Gaussian N(0, 1) / " +
      "sqrt(fan-in), He's sqrt(2) times that, or an orthogonal matrix, each times --init-scale; " +
      "lsuv divides the orthogonal matrices, layer by layer, so that what goes into the units has " +
      "the standard deviation --init-scale over 512 training cases.",
  });
}

/** The units of their layers. */
export function layersFlag(options: { shown: string; help: string }) {
  return integers({ atLeast: 1, repeats: true, unit: "units", ...options });
}

/** Flags that mean nothing to such networks, with what they are for. */
export function idleOfLayers(
  { init, schedule }: { readonly init: readonly string[]; readonly schedule: readonly string[] },
): Record<string, string | false> {
  return {
    "fan-in": !init.includes("sparse") && "--init sparse",
    "schedule-period": !schedule.includes("paper") && "--schedule paper",
  };
}
