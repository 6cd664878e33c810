// Where a network is evaluated: theta, a sum of the vectors that an optimizer keeps.

import type { Gpu } from "../gpu/gpu.ts";
import { Plan } from "../gpu/plan.ts";
import { StepTable } from "../gpu/scalars.ts";
import type { Vector, VectorLayout } from "../gpu/vector.ts";
import { pointwise, type VectorsByName } from "../ops/pointwise.ts";
import type { Family, Numbers } from "../optim/family.ts";
import type { ReplicaState } from "./state.ts";

/** What of a state theta is made of. */
type Vectors = Pick<ReplicaState, "parameters" | "states" | "groups">;

/** Writes theta of the replicas of a family to a scratch; the vectors it is made of are left alone. */
export class ThetaWriter {
  readonly #gpu: Gpu;
  readonly #plan: Plan;
  readonly #table: StepTable;
  readonly #terms: readonly string[];

  /** `vectors` holds the parameters and the states by name. */
  constructor(gpu: Gpu, family: Family, { vectors, theta, groupOf, groups }: {
    vectors: VectorsByName;
    theta: Vector;
    groupOf: readonly number[];
    groups: number;
  }) {
    this.#gpu = gpu;
    this.#terms = thetaTerms(family);
    const scalars = { first: 0, names: this.#terms.map((name) => `of_${name}`), groups };
    const count = theta.replicas * groups * scalars.names.length;
    this.#table = new StepTable(gpu, { capacity: 1, scalars: count });
    this.#plan = new Plan(gpu);
    // Such as fma(vec4f(of_velocity), velocity, of_parameters * parameters).
    const [first, ...others] = this.#terms;
    const sum = others.reduce(
      (sum, name) => `fma(vec4f(of_${name}), ${name}, ${sum})`,
      `of_${first} * ${first}`,
    );
    pointwise(this.#plan, {
      name: `theta of ${family.name}`,
      body: `theta = ${sum};`,
      reads: Object.fromEntries(this.#terms.map((name) => [name, vectors[name]])),
      updates: { theta },
      scalars,
      groupOf,
    });
    this.#plan.seal();
  }

  /** Writes the sums given by replica and group of tensors. */
  write(sums: readonly Numbers[]): void {
    const scalars = sums.flatMap((sum) => this.#terms.map((name) => sum[name]));
    this.#table.write([{ update: 0, slot: 0, position: 0, epoch: 0, scalars }]);
    const encoder = this.#gpu.device.createCommandEncoder();
    this.#plan.encode(encoder, { bind: (pass) => this.#table.bind(pass, 0) });
    this.#gpu.device.queue.submit([encoder.finish()]);
  }

  /** Gives its buffers back. */
  free(): void {
    this.#plan.free();
    this.#table.free();
  }
}

/** The vectors of which theta is a sum. */
function thetaTerms(family: Family): string[] {
  const none = Object.fromEntries(
    [...family.scalars, ...Object.keys(family.measure?.initial ?? {})].map((name) => [name, 0]),
  );
  return Object.keys(family.theta?.(none) ?? { parameters: 1 });
}

/** theta before the first update: the parameters, or a state that begins there. */
export function startOf(family: Family): Numbers {
  const terms = thetaTerms(family);
  const start = terms.includes("parameters") ? "parameters" : terms[0];
  return Object.fromEntries(terms.map((name) => [name, name === start ? 1 : 0]));
}

/** As the GPU reads them. */
export function rounded(numbers: Numbers): Numbers {
  return Object.fromEntries(
    Object.entries(numbers).map(([name, value]) => [name, Math.fround(value)]),
  );
}

function sameNumbers(a: Numbers, b: Numbers): boolean {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].every((name) => (a[name] ?? 0) === (b[name] ?? 0));
}

/** theta of a network: the sum of its vectors that its optimizer says, rounded once. */
export function thetaOf(
  state: Vectors,
  layout: VectorLayout,
): Float32Array<ArrayBuffer> {
  const theta = state.parameters.slice();
  layout.tensors.forEach(({ name, offset }, t) => {
    const end = layout.tensors[t + 1]?.offset ?? layout.length;
    const terms = Object.entries(formerTheta(state, name)).filter(([, factor]) => factor !== 0);
    for (let i = offset; i < end; i++) {
      theta[i] = terms.reduce(
        (sum, [of, factor]) =>
          sum + factor * (of === "parameters" ? state.parameters : state.states[of].values)[i],
        0,
      );
    }
  });
  return theta;
}

/** The sum that theta is for a tensor of a state. */
export function formerTheta({ groups }: Pick<ReplicaState, "groups">, tensor: string): Numbers {
  return groups.find(({ tensors }) => tensors.includes(tensor))?.theta ?? { parameters: 1 };
}

/**
 * The parameters at which theta, a sum of the state's vectors so far, is the sum of other shares:
 * moved in float64 and rounded once, where the shares differ. States named in `missing` begin anew
 * and count for nothing yet.
 */
export function rebased(
  state: Vectors,
  layout: VectorLayout,
  shareOf: (tensor: number, former: Numbers) => Numbers,
  missing: readonly string[] = [],
): Float32Array<ArrayBuffer> {
  const out = state.parameters.slice();
  const theta = thetaOf(state, layout);
  layout.tensors.forEach(({ name, offset }, t) => {
    const former = formerTheta(state, name);
    const share = shareOf(t, former);
    if (sameNumbers(share, former)) return;
    const end = layout.tensors[t + 1]?.offset ?? layout.length;
    if (!share.parameters) return out.set(theta.subarray(offset, end), offset);
    const changes = [...new Set([...Object.keys(former), ...Object.keys(share)])]
      .filter((name) => name !== "parameters")
      .map((name) =>
        [
          state.states[name]?.values,
          (former[name] ?? 0) - (missing.includes(name) ? 0 : share[name] ?? 0),
        ] as const
      )
      .filter(([, change]) => change !== 0);
    for (let i = offset; i < end; i++) {
      let sum = (former.parameters ?? 0) * state.parameters[i];
      for (const [values, change] of changes) sum += change * values[i];
      out[i] = sum / share.parameters;
    }
  });
  return out;
}
