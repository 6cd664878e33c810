import type { Gpu } from "../gpu/gpu.ts";
import { allocateFloats } from "../gpu/tensor.ts";
import type { Plan } from "../gpu/plan.ts";
import type { Range } from "../gpu/readback.ts";
import { Vector, type VectorLayout } from "../gpu/vector.ts";
import type {
  Driver,
  DriverParts,
  Family,
  Numbers,
  Optimizer,
  Settings,
  Update,
} from "../optim/family.ts";
import type { Product } from "../ops/matmul.ts";
import { linesOf } from "../optim/elementwise.ts";
import { canUpdateByProducts, updateByProducts } from "../ops/update_by_products.ts";
import { checkSettings, settingsAt, settingsOf } from "../optim/optimizer.ts";
import { compareStates, initialOf, layoutOf } from "./carry.ts";
import { groupsOf } from "./groups.ts";
import type { GroupState, ReplicaState, StateVector } from "./state.ts";
import { rebased, rounded, startOf, thetaOf, ThetaWriter } from "./theta.ts";

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
  readonly #theta: ThetaWriter;

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
    this.#theta = new ThetaWriter(gpu, family, {
      vectors: { parameters: parts.parameters, ...this.states },
      theta: gradient,
      groupOf,
      groups: count,
    });
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

  /** Takes what drives the updates of all replicas. */
  drive(
    update: number,
    given: Pick<DriverParts, "model" | "order" | "statistics" | "seeds" | "meanLoss">,
  ): Driver | undefined {
    const { family, parts: { gradient } } = this;
    if (!("drive" in family)) return undefined;
    const next = this.#members.map((member) => {
      const settings = settingsAt(family, this.#settings(member, 0), update);
      return family.compute(settings, settings, member.groups[0].running, 0).scalars;
    });
    return family.drive({ ...given, ...this.#moved, next, gradient });
  }

  /** What an update moves, and by what. */
  get #moved() {
    const { parameters, first, divergedAt, firstScalar } = this.parts;
    return {
      parameters,
      states: this.states,
      scalars: { first: firstScalar, names: this.family.scalars, groups: this.#groups },
      groupOf: this.#groupOf,
      diverges: { at: divergedAt, first },
      ...this.#measured && { measured: this.#measured },
    };
  }

  /** Whether an update can be part of the products that give its gradient. */
  canUpdateByProducts(products: readonly Product[]): boolean {
    if ("drive" in this.family) return false;
    const lines = linesOf(this.family, this.#update);
    return lines !== undefined && canUpdateByProducts(this.#gpu, products, lines);
  }

  /** Records an update, after the gradient, or with the products that give it, where some are left. */
  record(plan: Plan, products: readonly Product[]): void {
    if ("drive" in this.family) throw new Error(`${this.family.name} drives its updates`);
    if (products.length > 0) {
      updateByProducts(plan, products, linesOf(this.family, this.#update)!);
      return;
    }
    this.family.measure?.record?.(plan, this.#update);
    this.family.record(plan, this.#update);
  }

  get #update(): Update {
    const keep = <Kept>(kept: Map<string, Kept>, name: string, take: () => Kept) => {
      if (!kept.has(name)) kept.set(name, take());
      return kept.get(name)!;
    };
    return {
      ...this.#moved,
      gradient: this.parts.gradient,
      scratch: (name, layout) =>
        keep(this.#scratch, name, () => new Vector(this.#gpu, name, layout, this.size)),
      buffer: (name, floats) =>
        keep(this.#buffers, name, () => allocateFloats(this.#gpu, name, floats)),
    };
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
    const told = this.family.measure?.told ?? Object.keys(measured);
    return {
      ...groups[this.#groupOf[0]].scalars,
      ...Object.fromEntries(told.map((name) => [name, measured[name]])),
    };
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
    this.#theta.write(
      this.#members.flatMap((member) => member.groups.map((group) => this.#thetaOf(member, group))),
    );
  }

  /** Reads all that the next updates of a replica depend on. */
  async save(m: number): Promise<Omit<ReplicaState, "seed" | "divergedAt">> {
    const member = this.#members[m];
    // Read together, as one wait for the GPU is as long as several.
    const vectors = [this.parts.parameters, ...Object.values(this.states)];
    const [parameters, ...read] = await Promise.all(vectors.map((vector) => vector.readPacked(m)));
    const states = Object.fromEntries(
      Object.entries(this.states)
        .map(([name, { layout }], k): [string, StateVector] => [name, { layout, values: read[k] }]),
    );
    const { tensors } = this.parts.layout;
    const groups = member.groups.map((group, g): GroupState => ({
      tensors: tensors.filter((_, t) => this.#groupOf[t] === g).map(({ name }) => name),
      running: group.running,
      theta: this.#thetaOf(member, group),
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
    parameters.writePacked(m, this.#rebase(m, state, { start, missing, update }));
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
    const moved = this.#rebase(m, await this.save(m), { update });
    this.parts.parameters.writePacked(m, moved);
  }

  /**
   * The parameters at which the gradient is taken next: moved so that theta stays, where the
   * settings at `update` lead them otherwise than those of the state did.
   */
  #rebase(
    m: number,
    state: Pick<ReplicaState, "parameters" | "states" | "groups">,
    { start, missing, update }: {
      /** Of a family that is new to the state: theta where nothing leads. */
      start?: Numbers | undefined;
      missing?: readonly string[];
      update: number;
    },
  ): Float32Array<ArrayBuffer> {
    const member = this.#members[m];
    const leads = member.groups.map((group, g) => {
      if (!this.family.lead || update === member.since) return undefined;
      const settings = settingsAt(this.family, this.#settings(member, g), update);
      return this.family.lead(settings, group.running);
    });
    const moved = rebased(
      state,
      this.parts.layout,
      (t, former) => rounded(leads[this.#groupOf[t]]?.theta ?? start ?? former),
      missing,
    );
    member.groups.forEach((group, g) => {
      group.theta = rounded(leads[g]?.theta ?? start ?? this.#thetaOf(member, group));
      group.running = leads[g]?.running ?? group.running;
    });
    return moved;
  }

  /** The settings of a group of tensors, with what was set in their place. */
  #settings({ optimizer, set }: Member, g: number): Settings {
    const { layout } = this.parts;
    const tensor = layout.tensors[this.#groupOf.indexOf(g)];
    return settingsOf({ ...optimizer, settings: { ...optimizer.settings, ...set } }, tensor);
  }

  /** The sum of vectors that theta is. */
  #thetaOf(member: Member, group: Member["groups"][number]): Numbers {
    group.theta ??= rounded(
      this.family.theta?.({ ...group.scalars, ...member.measured }) ?? { parameters: 1 },
    );
    return group.theta;
  }

  /** Gives everything back but what the trainer has. */
  free(): void {
    for (const vector of [...Object.values(this.states), ...this.#scratch.values()]) vector.free();
    for (const buffer of this.#buffers.values()) this.#gpu.free(buffer);
    if (this.#measured) this.#gpu.free(this.#measured.buffer);
    this.#theta.free();
  }
}
