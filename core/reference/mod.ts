// The float64 counterpart of what the engine computes, as mod.ts gives it.

export * from "./conjugate_gradient.ts";
export * from "./hessian_free.ts";
export * from "./iterate_error.ts";
export * from "./noise.ts";
export * from "./optimizers.ts";
export * from "./quadratic.ts";
export { unitRoundoff } from "./tolerance.ts";
export type { MakeRule, Rule, TensorValues } from "./rules/rule.ts";
export { rules, type RuleSettings } from "./rules/rules.ts";
