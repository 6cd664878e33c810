// Settings drawn at random in place of a grid: as many of each optimizer, from one box, by the same
// draws for all.

import { InputError, Purpose, RandomStream } from "../../mod.ts";
import { camelCase, integer } from "../terminal/flags.ts";
import { flagOf, type OptimizerDefaults } from "./optimizer_flags.ts";
import {
  type OptimizerOptions,
  type OptimizerSetting,
  refuseUnused,
  settingsOfChoice,
} from "./optimizers.ts";
import type { OptimizerChoice } from "./shipped_optimizers.ts";

/** The ends of the box where nobody says: of learning rates, and of momenta, betas among them. */
const rates = [1e-4, 1], momenta = [0, 0.999];

/** The flag that asks for it. */
export const drawsFlag = integer({
  atLeast: 2,
  unit: "settings",
  shown: "a grid",
  help: "Tries so many random settings of each optimizer in place of a grid, the same draws for " +
    `all: its learning rate log-uniform from ${rates.join(" to ")}, or between the two of ` +
    "--learning-rate, and 1 - m log-uniform of each momentum or beta m, from " +
    `${momenta.join(" to ")}, or between the two of --mu or of its own flag. The first seed ` +
    "chooses; the other seeds train what is best of each optimizer.",
});

/**
 * So many settings of each optimizer, draw by draw. The first draws are the same however many there
 * are. What a flag gives one value of is not drawn. Throws InputError for ends that are none, and for
 * several values of anything else.
 */
export function drawOptimizers(
  options: OptimizerOptions & { readonly draws: number },
  choices: readonly OptimizerChoice[],
  defaults: Pick<OptimizerDefaults, "learningRate" | "mu">,
): OptimizerSetting[] {
  const given = options as unknown as Readonly<Record<string, readonly number[] | undefined>>;
  const ofRates = endsOf("learning-rate", given.learningRate ?? rates);
  const ofMomenta = given.mu?.length === 2 ? endsOf("mu", given.mu) : momenta;
  refuseUnused(options, choices);
  return choices.flatMap((choice) =>
    Array.from({ length: options.draws }, (_, i) => {
      const random = new RandomStream(0, Purpose.tuning, i);
      const drawn: Record<string, number[]> = {};
      // Each takes its number, drawn or not: what one flag gives changes no other draw.
      const at = random.uniform();
      if (ofRates.length > 1) {
        drawn.learningRate = [Number(between(ofRates, at).toPrecision(4))];
      }
      for (const { name, below, whole } of choice.settings) {
        if (below !== 1 || whole) continue;
        const flag = flagOf(name), key = camelCase(flag), at = random.uniform();
        const ends = endsOf(flag, given[key] ?? ofMomenta);
        if (ends.length === 1) continue;
        const rest = between(ends.map((m) => 1 - m), at);
        drawn[key] = [Number((1 - rest).toPrecision(6))];
      }
      return theOne(settingsOfChoice(choice, { ...options, ...drawn }, defaults));
    })
  );
}

/** Log-uniform by a number in [0, 1). */
function between([from, to]: readonly number[], at: number): number {
  return from * (to / from) ** at;
}

/** One value, or the least and the greatest. */
function endsOf(flag: string, ends: readonly number[]): readonly number[] {
  if (ends.length === 1 || (ends.length === 2 && ends[0] < ends[1])) return ends;
  throw new InputError(
    `--${flag} with --draws takes the least and the greatest that is drawn, such as 0.01,0.1, or ` +
      `one value for all, not ${ends.join(",")}`,
  );
}

function theOne(settings: readonly OptimizerSetting[]): OptimizerSetting {
  if (settings.length === 1) return settings[0];
  throw new InputError(
    `--draws takes one value of every flag of ${settings[0].optimizer}, and draws the rest: ` +
      `here are ${settings.length} settings a draw`,
  );
}
