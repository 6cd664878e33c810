import source from "../../shaders/common/activation.wgsl" with { type: "text" };
import nan from "../../shaders/common/nan.wgsl" with { type: "text" };
import type { Constants } from "../gpu/compose.ts";

/** What a unit does with its input z: z, 1/(1 + exp(-z)), tanh(z) or max(z, 0). */
export type Activation = "linear" | "sigmoid" | "tanh" | "relu";

/** Every {@linkcode Activation}. */
export const activations: readonly Activation[] = ["linear", "sigmoid", "tanh", "relu"];

/** WGSL of the activation and its derivative, chosen by {@linkcode activationConstants}. */
export const activationSource: string = nan + source;

/** What makes `activate` and `slope` those of `activation`. */
export function activationConstants(activation: Activation): Constants {
  return {
    ACTIVATION: activation,
    SIGMOID: activation === "sigmoid",
    TANH: activation === "tanh",
    RELU: activation === "relu",
  };
}
