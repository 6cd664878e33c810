import finite from "../../shaders/common/finite.wgsl" with { type: "text" };
import random from "../../shaders/common/random.wgsl" with { type: "text" };
import step from "../../shaders/common/step.wgsl" with { type: "text" };

/**
 * WGSL of the step in force, to be put in front of a kernel that a trainer's plan replays:
 * `nagare_step.update` counts the updates before it, `nagare_step.position` and `nagare_step.epoch`
 * say where its minibatch begins, `nagare_step.slot` which place of a ring is its own.
 */
export const stepSource: string = step;

/**
 * WGSL of the generator that all draws come from, Philox4x32-10, bit for bit that of `philox4x32()`
 * and `permute()`.
 */
export const randomSource: string = random;

/** WGSL of `is_finite(f32)` and `all_finite(vec4f)`, which no compiler folds away. */
export const finiteSource: string = finite;
