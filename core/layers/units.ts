import { InputError } from "../errors.ts";

/** Refuses a number of units that is none. */
export function checkUnits(layer: "dense" | "recurrent" | "embedding", units: number): void {
  if (Number.isSafeInteger(units) && units > 0) return;
  throw new InputError(
    `${
      layer === "embedding" ? "an" : "a"
    } ${layer} layer has a whole number of units above 0, not ${units}: give ` +
      `${layer}({ units: 100 })`,
  );
}
