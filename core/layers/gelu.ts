import type { Layer } from "../graph/tape.ts";
import { elementwiseLayer } from "./elementwise_layer.ts";

// 1 + tanh(u) = 2 / (1 + exp(-2u)), which no driver's tanh spoils. 2 sqrt(2 / pi) = 1.5957691216.
const decay = "exp(-1.5957691216 * (x + 0.044715 * x * x * x))";

/**
 * The Gaussian error linear unit by its usual formula (Hendrycks and Gimpel 2016),
 * y = x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))).
 *
 * ```ts
 * import { dense, gelu, sequential } from "../../mod.ts";
 *
 * const layers = sequential(dense({ units: 256 }), gelu, dense({ units: 64 }));
 * ```
 */
export const gelu: Layer = elementwiseLayer({
  name: "gelu",
  value: `x / (1 + ${decay})`,
  slope:
    `(1 + x * (1.5957691216 + 0.2140644488 * x * x) * ${decay} / (1 + ${decay})) / (1 + ${decay})`,
});
