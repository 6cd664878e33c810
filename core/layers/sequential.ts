import { InputError } from "../errors.ts";
import type { Layer } from "../graph/tape.ts";

/**
 * Layers one after another, each reading what the last one made.
 *
 * Throws an {@linkcode InputError} where there is none, or something else among them.
 *
 * ```ts
 * import { dense, dropout, sequential } from "../../mod.ts";
 *
 * const layers = sequential(dense({ units: 64, activation: "relu" }), dropout(0.2));
 * ```
 */
export function sequential(...layers: readonly Layer[]): Layer {
  const other = layers.findIndex((layer) => typeof layer !== "function");
  if (layers.length === 0 || other >= 0) {
    throw new InputError(
      layers.length === 0
        ? "there is no layer: give at least one, such as dense({ units: 10 })"
        : `layer ${other + 1} is no layer but ${String(layers[other])}: give functions such as ` +
          "dense({ units: 10 })",
    );
  }
  return (tape, x) => layers.reduce((value, layer) => layer(tape, value), x);
}
