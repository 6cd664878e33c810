// What families share that move some tensors one way and others another way.

import { VectorLayout } from "../gpu/vector.ts";
import type { TensorPlace } from "../gpu/vector.ts";

/** Whether a tensor is one of some. */
export type Takes = (tensor: TensorPlace) => boolean;

/** The tensors of a model that are taken, one after another. */
export function layoutOf({ tensors }: VectorLayout, takes: Takes): VectorLayout {
  return new VectorLayout(tensors.filter(takes));
}

/** The group of each tensor, and of those that are not taken none. */
export function groupsOf(
  { groupOf, parameters }: { groupOf: readonly number[]; parameters: { layout: VectorLayout } },
  takes: Takes,
): (number | undefined)[] {
  return parameters.layout.tensors.map((tensor, t) => takes(tensor) ? groupOf[t] : undefined);
}

/** Tensors that are not biases. */
export function weightsOf({ tensors }: VectorLayout): TensorPlace[] {
  return tensors.filter(({ isBias }) => !isBias);
}

/**
 * `make`, with the same object for the same `key`: replicas of a trainer lie together whose family is
 * the same object.
 */
export function once<Options, Made>(
  key: (options: Options) => string,
  make: (options: Options) => Made,
): (options: Options) => Made {
  const made = new Map<string, Made>();
  return (options) => {
    const name = key(options);
    if (!made.has(name)) made.set(name, make(options));
    return made.get(name)!;
  };
}
