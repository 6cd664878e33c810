// What an optimizer's states begin with: those of another training, or anew.

import type { VectorLayout } from "../gpu/vector.ts";
import type { Family, InitialState, State } from "../optim/family.ts";
import { differenceOf, type ReplicaState } from "./state.ts";

/** The tensors that a state holds. */
export function layoutOf(state: State, layout: VectorLayout): VectorLayout {
  return typeof state === "string" ? layout : state.layout(layout);
}

/** What a state holds before the first update. */
export function initialOf(state: State): InitialState {
  return typeof state === "string" ? state : state.initial;
}

/** What a family needs that a state lacks, and what it leaves out. */
export function compareStates(
  family: Family,
  layout: VectorLayout,
  state: ReplicaState,
): { missing: string[]; unused: string[] } {
  const names = Object.keys(family.states);
  return {
    missing: names.filter((name) => {
      const found = state.states[name]?.layout;
      return !found || differenceOf(found.tensors, layoutOf(family.states[name], layout).tensors);
    }),
    unused: Object.keys(state.states).filter((name) => !names.includes(name)),
  };
}
