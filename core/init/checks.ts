import { InputError } from "../errors.ts";
import type { LayerToInitialize } from "./initializer.ts";

/** Refuses a layer whose numbers of units are not whole ones above 0. */
export function checkLayer({ fanIn, fanOut }: LayerToInitialize): void {
  for (const [name, units] of [["fanIn", fanIn], ["fanOut", fanOut]] as const) {
    if (!Number.isSafeInteger(units) || units < 1) {
      throw new InputError(
        `${name} must be a whole number above 0, not ${units}: give the units of the layer ` +
          `${name === "fanIn" ? "below" : "itself"}`,
      );
    }
  }
}
