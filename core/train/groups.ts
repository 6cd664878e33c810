import { InputError } from "../errors.ts";
import type { VectorLayout } from "../gpu/vector.ts";
import type { Optimizer } from "../optim/family.ts";

/**
 * Numbers the groups of tensors whose settings are the same in every replica: their scalars lie in
 * the step table once.
 */
export function groupsOf(
  optimizers: readonly Optimizer[],
  { tensors }: VectorLayout,
): { groupOf: readonly number[]; count: number } {
  const separates = optimizers[0].family.settings.some(({ weightsOnly }) => weightsOnly);
  const numbers = new Map<string, number>();
  const groupOf = tensors.map((tensor) => {
    const matches = optimizers.map(({ groups = [] }) => groups.map((group) => group.match(tensor)));
    const key = JSON.stringify([separates && tensor.isBias, matches]);
    if (!numbers.has(key)) numbers.set(key, numbers.size);
    return numbers.get(key)!;
  });
  return { groupOf, count: numbers.size };
}

/** Refuses groups of an optimizer that no tensor belongs to. */
export function checkGroups({ name, groups = [] }: Optimizer, { tensors }: VectorLayout): void {
  const empty = groups.findIndex((group) => !tensors.some((tensor) => group.match(tensor)));
  if (empty < 0) return;
  throw new InputError(
    `group ${empty + 1} of ${name} matches no tensor: the network has ${
      tensors.map(({ name }) => `"${name}"`).join(", ")
    }`,
  );
}
