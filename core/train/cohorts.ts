import { InputError } from "../errors.ts";
import type { Gpu } from "../gpu/gpu.ts";
import type { Plan } from "../gpu/plan.ts";
import type { Range } from "../gpu/readback.ts";
import type { Vector, VectorLayout } from "../gpu/vector.ts";
import type { Driver, DriverParts, Family, Numbers, Optimizer } from "../optim/family.ts";
import { compareStates } from "./carry.ts";
import { Cohort } from "./cohort.ts";
import type { Model } from "../graph/model.ts";
import type { Product } from "../ops/matmul.ts";
import type { Replica } from "./options.ts";
import type { ReplicaState, TrainerState } from "./state.ts";

/**
 * The networks of a trainer by the families of their optimizers: those of a family lie next to each
 * other on the GPU. Numbers of networks are those of the caller, places those on the GPU.
 */
export class Cohorts {
  /** The place of each network. */
  readonly places: readonly number[];
  /** What of the states it goes on from was not needed, or began anew. */
  changedStates: readonly string[] = [];
  readonly #replicas: readonly Replica[];
  readonly #cohorts: readonly Cohort[];
  /** By network. */
  readonly #of: readonly { cohort: Cohort; member: number }[];

  /** Takes the buffers of all states. */
  constructor(gpu: Gpu, replicas: readonly Replica[], parts: {
    layout: VectorLayout;
    parameters: Vector;
    gradient: Vector;
    divergedAt: GPUBuffer;
    update: number;
  }) {
    const { layout, parameters, gradient, divergedAt, update } = parts;
    this.#replicas = replicas;
    const order = Cohorts.order(replicas);
    this.places = replicas.map((_, r) => order.indexOf(r));
    let firstScalar = 0;
    const cohorts: Cohort[] = [];
    for (let first = 0; first < order.length;) {
      const optimizers = membersFrom(first, order.map((r) => replicas[r].optimizer));
      const { length: size } = optimizers;
      const cohort = new Cohort(gpu, optimizers, {
        layout,
        parameters: parameters.slice(first, size),
        gradient: gradient.slice(first, size),
        ...{ first, firstScalar, divergedAt },
      }, update);
      cohorts.push(cohort);
      first += size;
      firstScalar += cohort.scalarCount;
    }
    this.#cohorts = cohorts;
    this.#of = this.places.map((place) => {
      const cohort = cohorts.findLast(({ parts }) => parts.first <= place)!;
      return { cohort, member: place - cohort.parts.first };
    });
  }

  /** The networks by place: those of a family together, as they come. */
  static order(replicas: readonly Replica[]): number[] {
    const families = [...new Set(replicas.map(({ optimizer }) => optimizer.family))];
    const rank = (r: number) => families.indexOf(replicas[r].optimizer.family);
    return [...replicas.keys()].toSorted((a, b) => rank(a) - rank(b));
  }

  /** Writes the initial parameters and statistics, or goes on from a state. */
  place(
    model: Model,
    statistics: Vector | undefined,
    from: TrainerState | undefined,
    beginStates: boolean,
  ): void {
    if (from) this.changedStates = this.#compare(from, model.layout, beginStates);
    this.#of.forEach(({ cohort, member }, r) => {
      const { seed, initializer } = this.#replicas[r];
      const theta = from ? [] : model.initialValues(seed, initializer);
      if (from) cohort.goOn(member, from.replicas[r], from.update);
      else cohort.begin(member, theta);
      const own = from ? from.replicas[r].statistics : model.layout.packStatistics(theta);
      statistics?.writePacked(this.places[r], own!);
    });
  }

  #compare({ replicas }: TrainerState, layout: VectorLayout, beginStates: boolean): string[] {
    return replicas.flatMap((state, r) => {
      const { family, name } = this.#replicas[r].optimizer;
      const { missing, unused } = compareStates(family, layout, state);
      if (state.family === undefined) return [];
      if (missing.length > 0 && !beginStates) {
        throw new InputError(
          `network ${r} was trained by ${state.family} and has no ${quoted(missing)} of ${name}: ` +
            `go on with ${state.family}, or set beginStates to have them begin anew`,
        );
      }
      return [
        ...missing.length > 0 ? [`network ${r}: ${quoted(missing)} of ${name} began anew`] : [],
        ...unused.length > 0
          ? [`network ${r}: ${quoted(unused)} of ${state.family} was left out`]
          : [],
      ];
    });
  }

  /** Scalars of a row of the step table. */
  get scalarCount(): number {
    return this.#cohorts.reduce((sum, cohort) => sum + cohort.scalarCount, 0);
  }

  /** Whether the updates of all networks can be part of products that give their gradients. */
  canUpdateByProducts(products: readonly Product[]): boolean {
    return this.#cohorts.every((cohort) => cohort.canUpdateByProducts(products));
  }

  /**
   * Records an update of all networks, a dispatch or more for each family. Products that give their
   * gradients are made part of it, where some are left.
   */
  record(plan: Plan, products: readonly Product[]): void {
    for (const cohort of this.#cohorts) cohort.record(plan, products);
  }

  /** What drives the updates, where the family is one that does. */
  drive(
    update: number,
    parts: Pick<DriverParts, "model" | "order" | "statistics" | "seeds" | "meanLoss">,
  ): Driver | undefined {
    const driven = this.#cohorts.find(({ family }) => "drive" in family);
    if (driven && this.#cohorts.length > 1) {
      const other = this.#cohorts.find((cohort) => cohort !== driven)!;
      throw new InputError(
        `${driven.family.name} drives its own updates and ${other.family.name} does not take them: ` +
          "give each a trainer of its own",
      );
    }
    return driven?.drive(update, parts);
  }

  /** The scalars of an update, as they lie in a row of the step table. */
  advance(update: number): number[] {
    return this.#cohorts.flatMap((cohort) => cohort.advance(update));
  }

  /** Scalars in force of a network, and what was measured of it. */
  scalars(r: number): Numbers {
    const { cohort, member } = this.#of[r];
    return cohort.scalars(member);
  }

  /** Bytes of {@linkcode Cohorts.measuredRanges}. */
  get measuredBytes(): number {
    return this.measuredRanges.reduce((sum, { size }) => sum + size, 0);
  }

  /** What a report reads along for {@linkcode Cohorts.measured}. */
  get measuredRanges(): Range[] {
    return this.#cohorts.flatMap(({ measuredRanges }) => measuredRanges);
  }

  /** Notes what was read of those ranges. */
  measured(values: Float32Array): void {
    let at = 0;
    for (const cohort of this.#cohorts) {
      const floats = cohort.measuredRanges.reduce((sum, { size }) => sum + size / 4, 0);
      cohort.measured(values.subarray(at, at += floats));
    }
  }

  /** Writes theta of all networks to the gradient; where one is named, of its family alone. */
  writeTheta(r?: number): void {
    const cohorts = r === undefined ? this.#cohorts : [this.#of[r].cohort];
    for (const cohort of cohorts) cohort.writeTheta();
  }

  /** See `Trainer.set()`. */
  async set(r: number, settings: Numbers, update: number): Promise<void> {
    const { cohort, member } = this.#of[r];
    await cohort.set(member, settings, update);
  }

  /** See `Trainer.stateBytes()`. */
  stateBytes(r: number): number {
    return this.#of[r].cohort.stateBytes;
  }

  /** Reads what the next updates of a network depend on. */
  async save(r: number): Promise<Omit<ReplicaState, "seed" | "divergedAt">> {
    const { cohort, member } = this.#of[r];
    return await cohort.save(member);
  }

  /** Gives all states back. */
  free(): void {
    for (const cohort of this.#cohorts) cohort.free();
  }
}

/** The optimizers from a place on that are of one family. */
function membersFrom(first: number, optimizers: readonly Optimizer[]): Optimizer[] {
  const family: Family = optimizers[first].family;
  const end = optimizers.findIndex((other, i) => i > first && other.family !== family);
  return optimizers.slice(first, end < 0 ? undefined : end);
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(", ");
}
