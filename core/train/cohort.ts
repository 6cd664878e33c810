import { InputError } from "../errors.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { allocateFloats } from "../gpu/matrix.ts";
import { Plan } from "../gpu/plan.ts";
import type { Range } from "../gpu/readback.ts";
import { StepTable } from "../gpu/scalars.ts";
import { Vector, type VectorLayout } from "../gpu/vector.ts";
import { pointwise } from "../ops/pointwise.ts";
import type {
  Family,
  InitialState,
  Numbers,
  Optimizer,
  Settings,
  State,
  Update,
} from "../optim/family.ts";
import { checkSettings, settingsAt, settingsOf } from "../optim/optimizer.ts";
import {
  differenceOf,
  formerTheta,
  type GroupState,
  type ReplicaState,
  type StateVector,
  thetaOf,
} from "./state.ts";

/** A network as its cohort knows it. */
interface Member {
  readonly optimizer: Optimizer;
  /** What was set in place of the optimizer's own settings. */
  set: Numbers;
  /** Updates done when its states began. */
  since: number;
  /** By group of tensors; theta is told by the scalars once an update is done. */
  readonly groups: { running: Numbers; scalars: Numbers; theta: Numbers | undefined }[];
  /** What was measured at the last report. */
  measured: Numbers;
}

/** What a cohort is made of. */
export interface CohortParts {
  readonly layout: VectorLayout;
  /** Of the cohort's replicas alone. */
  readonly parameters: Vector;
  /** Likewise; between steps the scratch that theta is written to. */
  readonly gradient: Vector;
  /** Number of its first replica among all. */
  readonly first: number;
  /** Scalars before its own in a row of the step table. */
  readonly firstScalar: number;
  readonly divergedAt: GPUBuffer;
}

/**
 * The replicas of one family, which lie next to each other: their states, the scalars of their
 * updates, and where they are evaluated.
 */
export class Cohort {
  readonly family: Family;
  readonly parts: CohortParts;
  /** The states by name, [members, ...]. */
  readonly states: Readonly<Record<string, Vector>>;
  readonly #gpu: Gpu;
  readonly #members: readonly Member[];
  readonly #groupOf: readonly number[];
  readonly #groups: number;
  readonly #measured: { buffer: GPUBuffer; names: readonly string[] } | undefined;
  readonly #scratch = new Map<string, Vector>();
  readonly #buffers = new Map<string, GPUBuffer>();
  readonly #thetaPlan: Plan;
  readonly #thetaTable: StepTable;
  readonly #thetaTerms: readonly string[];

  /** Takes the buffers of states that begin after `update` updates. */
  constructor(gpu: Gpu, optimizers: readonly Optimizer[], parts: CohortParts, update: number) {
    const [{ family }] = optimizers;
    const { layout, gradient } = parts;
    this.#gpu = gpu;
    this.family = family;
    this.parts = parts;
    const { groupOf, count } = groupsOf(optimizers, layout);
    this.#groupOf = groupOf;
    this.#groups = count;
    const measured = Object.keys(family.measure?.initial ?? {});
    this.#members = optimizers.map((optimizer) => ({
      optimizer,
      set: {},
      since: update,
      measured: family.measure?.initial ?? {},
      groups: Array.from({ length: count }, () => ({
        running: family.running ?? {},
        theta: startOf(family),
        scalars: {},
      })),
    }));
    this.states = Object.fromEntries(
      Object.entries(family.states).map(([name, state]) => [
        name,
        new Vector(gpu, name, layoutOf(state, layout), optimizers.length),
      ]),
    );
    if (measured.length > 0) {
      const values = this.#members.flatMap(() => Object.values(family.measure!.initial));
      this.#measured = {
        buffer: gpu.upload("measured", Float32Array.from(values)),
        names: measured,
      };
    }
    this.#thetaTerms = thetaTerms(family);
    const scalars = {
      first: 0,
      names: this.#thetaTerms.map((name) => `of_${name}`),
      groups: count,
    };
    this.#thetaTable = new StepTable(gpu, {
      capacity: 1,
      scalars: optimizers.length * count * scalars.names.length,
    });
    this.#thetaPlan = new Plan(gpu);
    pointwise(this.#thetaPlan, {
      name: `theta of ${family.name}`,
      // Such as fma(vec4f(of_velocity), velocity, of_parameters * parameters).
      body: `theta = ${
        this.#thetaTerms.reduce(
          (sum, name) =>
            sum === "" ? `of_${name} * ${name}` : `fma(vec4f(of_${name}), ${name}, ${sum})`,
          "",
        )
      };`,
      reads: Object.fromEntries(this.#thetaTerms.map((name) => [name, this.#vector(name)])),
      updates: { theta: gradient },
      scalars,
      groupOf,
    });
    this.#thetaPlan.seal();
  }

  /** How many replicas it has. */
  get size(): number {
    return this.#members.length;
  }

  /** Scalars that it has in a row of the step table. */
  get scalarCount(): number {
    return this.size * this.#groups * this.family.scalars.length;
  }

  /** Bytes of state for each of the model's parameters, padding counted in both. */
  get stateBytes(): number {
    const floats = Object.values(this.states).reduce((sum, { layout }) => sum + layout.length, 0);
    return 4 * floats / this.parts.layout.length;
  }

  /** Records an update, after the gradient. */
  record(plan: Plan): void {
    const { parameters, gradient, first, divergedAt } = this.parts;
    const keep = <Kept>(kept: Map<string, Kept>, name: string, take: () => Kept) => {
      if (!kept.has(name)) kept.set(name, take());
      return kept.get(name)!;
    };
    const update: Update = {
      parameters,
      gradient,
      states: this.states,
      scalars: {
        first: this.parts.firstScalar,
        names: this.family.scalars,
        groups: this.#groups,
      },
      groupOf: this.#groupOf,
      diverges: { at: divergedAt, first },
      ...this.#measured && { measured: this.#measured },
      scratch: (name, layout) =>
        keep(this.#scratch, name, () => new Vector(this.#gpu, name, layout, this.size)),
      buffer: (name, floats) =>
        keep(this.#buffers, name, () => allocateFloats(this.#gpu, name, floats)),
    };
    this.family.measure?.record(plan, update);
    this.family.record(plan, update);
  }

  /** The scalars of an update, by replica, group and name; the next update's follow from them. */
  advance(update: number): number[] {
    const { scalars: names } = this.family;
    return this.#members.flatMap((member) =>
      member.groups.flatMap((group, g) => {
        const settings = this.#settings(member, g);
        const now = settingsAt(this.family, settings, update);
        const next = settingsAt(this.family, settings, update + 1);
        const { scalars, running } = this.family
          .compute(now, next, group.running, update - member.since);
        Object.assign(group, { running, scalars, theta: undefined });
        return names.map((name) => scalars[name]);
      })
    );
  }

  /** Scalars in force of a replica, those of its first tensor, and what was measured last. */
  scalars(m: number): Numbers {
    const { groups, measured } = this.#members[m];
    return { ...groups[this.#groupOf[0]].scalars, ...measured };
  }

  /** What a readback takes along for {@linkcode Cohort.measured}. */
  get measuredRanges(): Range[] {
    if (!this.#measured) return [];
    const { buffer, names } = this.#measured;
    return [{ buffer, size: 4 * this.size * names.length }];
  }

  /** Notes what was read of those ranges. */
  measured(values: Float32Array): void {
    const names = this.#measured?.names ?? [];
    this.#members.forEach((member, m) => {
      member.measured = Object.fromEntries(
        names.map((name, k) => [name, values[m * names.length + k]]),
      );
    });
  }

  /**
   * Writes where the networks are evaluated to the gradient, after the updates so far; the
   * parameters and states are left as they are.
   */
  writeTheta(): void {
    this.#thetaTable.write([{
      update: 0,
      slot: 0,
      position: 0,
      epoch: 0,
      scalars: this.#members.flatMap((member) =>
        member.groups.flatMap((group) => {
          const theta = this.#theta(member, group);
          return this.#thetaTerms.map((name) => theta[name]);
        })
      ),
    }]);
    const encoder = this.#gpu.device.createCommandEncoder();
    this.#thetaPlan.encode(encoder, { bind: (pass) => this.#thetaTable.bind(pass, 0) });
    this.#gpu.device.queue.submit([encoder.finish()]);
  }

  /** Reads all that the next updates of a replica depend on. */
  async save(m: number): Promise<Omit<ReplicaState, "seed" | "divergedAt">> {
    const member = this.#members[m];
    const parameters = await this.parts.parameters.readPacked(m);
    const states: Record<string, StateVector> = {};
    for (const [name, vector] of Object.entries(this.states)) {
      states[name] = { layout: vector.layout, values: await vector.readPacked(m) };
    }
    const { tensors } = this.parts.layout;
    const groups = member.groups.map((group, g): GroupState => ({
      tensors: tensors.filter((_, t) => this.#groupOf[t] === g).map(({ name }) => name),
      running: group.running,
      theta: this.#theta(member, group),
    }));
    const { since, measured, set } = member;
    return { family: this.family.name, since, parameters, states, groups, measured, set };
  }

  /** Writes the first parameters of a replica that was not trained before. */
  begin(m: number, values: readonly ArrayLike<number>[]): void {
    const parameters = this.parts.layout.pack(values);
    this.parts.parameters.writePacked(m, parameters);
    for (const name of Object.keys(this.states)) this.#beginState(m, name, parameters);
  }

  /**
   * Goes on from a state after `update` updates. Of another family it takes theta, the states of the
   * same names and shapes and the running numbers of the same names; others begin anew.
   */
  goOn(m: number, state: ReplicaState, update: number): void {
    const member = this.#members[m];
    const { layout, parameters } = this.parts;
    const theta = thetaOf(state, layout);
    const { missing } = compareStates(this.family, layout, state);
    const isSame = state.family === this.family.name;
    for (const [name, vector] of Object.entries(this.states)) {
      if (missing.includes(name)) this.#beginState(m, name, theta);
      else vector.writePacked(m, state.states[name].values);
    }
    this.#takeGroups(m, state, isSame);
    if (isSame) this.#resume(m, state);
    else if (missing.length === 0) member.since = state.since;
    const start = isSame ? undefined : startOf(this.family);
    parameters.writePacked(m, this.#rebase(m, state, theta, { start, missing, update }));
  }

  /** Takes over the running numbers that the family has, and of its own states what theta is. */
  #takeGroups(m: number, { groups }: ReplicaState, isSame: boolean): void {
    const initial = this.family.running ?? {};
    this.parts.layout.tensors.toReversed().forEach(({ name }, i, { length }) => {
      const found = groups.find(({ tensors }) => tensors.includes(name));
      const group = this.#members[m].groups[this.#groupOf[length - 1 - i]];
      if (!found) return;
      // Of the tensors of a group the first one counts.
      group.running = Object.fromEntries(
        Object.entries(initial).map(([name, first]) => [name, found.running[name] ?? first]),
      );
      if (isSame) group.theta = found.theta;
    });
  }

  /** Takes over what else a state of the family holds besides vectors. */
  #resume(m: number, { since, set, measured }: ReplicaState): void {
    const member = this.#members[m];
    member.since = since;
    member.set = set;
    member.measured = { ...member.measured, ...measured };
    if (this.#measured) {
      const { buffer, names } = this.#measured;
      const values = Float32Array.from(names, (name) => member.measured[name]);
      this.#gpu.write(buffer, values, 4 * m * names.length);
    }
  }

  #beginState(m: number, name: string, parameters: Float32Array<ArrayBuffer>): void {
    if (initialOf(this.family.states[name]) === "parameters") {
      this.states[name].writePacked(m, parameters);
    }
  }

  /** Has settings hold for a replica from update `update` on, until they are set again. */
  async set(m: number, settings: Numbers, update: number): Promise<void> {
    checkSettings(this.family, settings);
    const member = this.#members[m];
    member.set = { ...member.set, ...settings };
    if (!this.family.lead || update === member.since) return;
    const state = await this.save(m);
    const theta = thetaOf(state, this.parts.layout);
    const moved = this.#rebase(m, state, theta, { start: undefined, missing: [], update });
    this.parts.parameters.writePacked(m, moved);
  }

  /**
   * The parameters at which the gradient is taken next: moved so that theta stays, where the
   * settings at `update` lead them otherwise than those of the state did.
   */
  #rebase(
    m: number,
    state: Pick<ReplicaState, "parameters" | "states" | "groups">,
    theta: Float32Array<ArrayBuffer>,
    { start, missing, update }: {
      /** Of a family that is new to the state: theta where nothing leads. */
      start: Numbers | undefined;
      missing: readonly string[];
      update: number;
    },
  ): Float32Array<ArrayBuffer> {
    const { layout } = this.parts;
    const member = this.#members[m];
    const out = state.parameters.slice();
    const targets = member.groups.map((group, g) => {
      const isLed = this.family.lead && update !== member.since;
      const settings = isLed && settingsAt(this.family, this.#settings(member, g), update);
      return settings ? this.family.lead!(settings, group.running) : undefined;
    });
    layout.tensors.forEach((place, t) => {
      const former = formerTheta(state, place.name);
      const target = rounded(targets[this.#groupOf[t]]?.theta ?? start ?? former);
      if (sameNumbers(target, former)) return;
      const end = layout.tensors[t + 1]?.offset ?? layout.length;
      if (!target.parameters) return out.set(theta.subarray(place.offset, end), place.offset);
      const names = [...new Set([...Object.keys(former), ...Object.keys(target)])]
        .filter((name) => name !== "parameters");
      for (let i = place.offset; i < end; i++) {
        let sum = (former.parameters ?? 0) * state.parameters[i];
        for (const name of names) {
          // A state that begins anew is zero, or theta, where nothing leads yet.
          const coefficient = (former[name] ?? 0) -
            (missing.includes(name) ? 0 : target[name] ?? 0);
          if (coefficient !== 0) sum += coefficient * state.states[name].values[i];
        }
        out[i] = sum / target.parameters;
      }
    });
    member.groups.forEach((group, g) => {
      const target = targets[g];
      group.theta = rounded(target?.theta ?? start ?? this.#theta(member, group));
      if (target) group.running = target.running;
    });
    return out;
  }

  /** The settings of a group of tensors, with what was set in their place. */
  #settings({ optimizer, set }: Member, g: number): Settings {
    const { layout } = this.parts;
    const tensor = layout.tensors[this.#groupOf.indexOf(g)];
    return settingsOf({ ...optimizer, settings: { ...optimizer.settings, ...set } }, tensor);
  }

  /** The sum of vectors that theta is. */
  #theta(member: Member, group: Member["groups"][number]): Numbers {
    group.theta ??= rounded(
      this.family.theta?.({ ...group.scalars, ...member.measured }) ?? { parameters: 1 },
    );
    return group.theta;
  }

  #vector(name: string): Vector {
    return name === "parameters" ? this.parts.parameters : this.states[name];
  }

  /** Gives everything back but what the trainer has. */
  free(): void {
    for (const vector of [...Object.values(this.states), ...this.#scratch.values()]) vector.free();
    for (const buffer of this.#buffers.values()) this.#gpu.free(buffer);
    if (this.#measured) this.#gpu.free(this.#measured.buffer);
    this.#thetaPlan.free();
    this.#thetaTable.free();
  }
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

/**
 * Numbers the groups of tensors whose settings are the same in every replica: their scalars lie in
 * the step table once.
 */
function groupsOf(optimizers: readonly Optimizer[], { tensors }: VectorLayout) {
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

function layoutOf(state: State, layout: VectorLayout): VectorLayout {
  return typeof state === "string" ? layout : state.layout(layout);
}

function initialOf(state: State): InitialState {
  return typeof state === "string" ? state : state.initial;
}

/** The vectors of which theta is a sum. */
function thetaTerms(family: Family): string[] {
  const none = Object.fromEntries(
    [...family.scalars, ...Object.keys(family.measure?.initial ?? {})].map((name) => [name, 0]),
  );
  return Object.keys(family.theta?.(none) ?? { parameters: 1 });
}

/** theta before the first update: the parameters, or a state that begins there. */
function startOf(family: Family): Numbers {
  const terms = thetaTerms(family);
  const start = terms.includes("parameters") ? "parameters" : terms[0];
  return Object.fromEntries(terms.map((name) => [name, name === start ? 1 : 0]));
}

/** As the GPU reads them. */
function rounded(numbers: Numbers): Numbers {
  return Object.fromEntries(
    Object.entries(numbers).map(([name, value]) => [name, Math.fround(value)]),
  );
}

function sameNumbers(a: Numbers, b: Numbers): boolean {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].every((name) => (a[name] ?? 0) === (b[name] ?? 0));
}
