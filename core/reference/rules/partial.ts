import { Grouped } from "./grouped.ts";
import { CM, type MomentumSettings, SGD } from "./momentum.ts";
import { inUpdate, type TensorValues } from "./rule.ts";

/** What fixes {@linkcode partial}. */
export interface PartialSettings extends MomentumSettings {
  /** Whether a tensor keeps a velocity, in the order of the tensors. */
  mask: readonly boolean[];
  /** Whether the others' rate is lr / (1 - mu), what a velocity adds up to, and not lr. */
  effectiveRate?: boolean;
}

/** Classical momentum of some tensors and plain gradient steps of the others. */
export function partial(start: readonly TensorValues[], settings: PartialSettings): Grouped {
  const { learningRate, momentum, mask, effectiveRate = false } = settings;
  const effective = (updates: number) =>
    inUpdate(updates + 1, learningRate) / (1 - inUpdate(updates + 1, momentum));
  return new Grouped(start, [
    { takes: (_, k) => mask[k], make: (start) => new CM(start, settings) },
    {
      takes: () => true,
      make: (start) => new SGD(start, { learningRate: effectiveRate ? effective : learningRate }),
    },
  ]);
}
