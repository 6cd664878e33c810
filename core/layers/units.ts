import { InputError } from "../errors.ts";

/** Refuses a number of units, or of channels, that is none. */
export function checkUnits(layer: string, units: number, what = "units"): void {
  if (Number.isSafeInteger(units) && units > 0) return;
  throw new InputError(
    `${
      layer === "embedding" ? "an" : "a"
    } ${layer} layer has a whole number of ${what} above 0, not ${units}: give ` +
      `${layer}({ ${what}: 100 })`,
  );
}
