import { InputError } from "../errors.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { Plan } from "../gpu/plan.ts";
import type { Profile } from "../gpu/profile.ts";
import { type StepRow, StepTable } from "../gpu/scalars.ts";
import type { Vector } from "../gpu/vector.ts";
import type { Graph, Model } from "../graph/model.ts";
import { caseMean } from "../ops/case_mean.ts";
import { matmuls, type Product } from "../ops/matmul.ts";
import type { Driver } from "../optim/family.ts";
import type { Chunks } from "./chunks.ts";
import type { Cohorts } from "./cohorts.ts";
import type { GradientNorms } from "./gradient_norms.ts";

/** Submits the updates of a trainer. */
export interface Stepper {
  /** Dispatches of one update; of a driven one, of its parts, each counted once. */
  readonly dispatches: number;
  /** Submits updates from `update` on, of `remaining` as many as go at once: how many that were. */
  submit(update: number, remaining: number): number | Promise<number>;
  /** Tells how long so many took, in seconds. */
  measured?(steps: number, seconds: number): void;
  /** Measures the variants of kernels that were not measured yet, and takes the fastest. */
  tune(): Promise<void>;
  /** Gives back what it took. */
  free(): void;
}

/** What {@linkcode RecordedSteps} record. */
export interface StepParts {
  readonly model: Model;
  readonly batchSize: number;
  readonly graph: Graph;
  readonly cohorts: Cohorts;
  readonly chunks: Chunks;
  readonly norms: GradientNorms | undefined;
  readonly profile: Profile | undefined;
  readonly parameters: Vector;
  readonly gradient: Vector;
  readonly buffers: {
    readonly seeds: GPUBuffer;
    readonly caseLoss: GPUBuffer;
    readonly ring: GPUBuffer;
    readonly divergedAt: GPUBuffer;
  };
}

/** Steps that are one plan, many of which are submitted at once. */
export class RecordedSteps implements Stepper {
  readonly #gpu: Gpu;
  readonly #parts: StepParts;
  readonly #table: StepTable;
  #plan: Plan;

  /** Records a step. */
  constructor(gpu: Gpu, parts: StepParts) {
    const { chunks, cohorts } = parts;
    this.#gpu = gpu;
    this.#parts = parts;
    this.#table = new StepTable(gpu, { capacity: chunks.capacity, scalars: cohorts.scalarCount });
    this.#plan = this.#record();
    chunks.check(this.#plan);
  }

  #record(): Plan {
    const { graph, parameters, gradient, buffers, batchSize: cases, norms, cohorts } = this.#parts;
    const { seeds, caseLoss, ring, divergedAt } = buffers;
    const plan = new Plan(this.#gpu);
    graph.recordCases(plan, { seeds });
    const weightGradients: Product[] = [];
    graph.recordGradient(plan, {
      ...{ parameters, gradient, seeds, caseLoss, takesStatistics: true, weightGradients },
    });
    caseMean(plan, caseLoss, { cases, replicas: parameters.replicas }, { ring, divergedAt });
    if (norms || !cohorts.canUpdateByProducts(weightGradients)) {
      matmuls(plan, weightGradients.splice(0));
    }
    norms?.record(plan);
    cohorts.record(plan, weightGradients);
    return plan.seal();
  }

  get dispatches(): number {
    return this.#plan.length;
  }

  async tune(): Promise<void> {
    const { undecided } = this.#plan;
    if (undecided.length === 0) return;
    await this.#gpu.tuning?.decide(undecided);
    const plan = this.#record();
    this.#plan.free();
    this.#plan = plan;
  }

  submit(update: number, remaining: number): number {
    const { chunks, profile } = this.#parts;
    const steps = chunks.steps(this.#plan, remaining);
    const rows = Array.from({ length: steps }, (_, i) => this.#row(update + i, i));
    chunks.submit(this.#plan, this.#table, rows, profile);
    return steps;
  }

  measured(steps: number, seconds: number): void {
    this.#parts.chunks.measured(steps, seconds);
  }

  #row(update: number, slot: number): StepRow {
    const scalars = this.#parts.cohorts.advance(update);
    return { ...minibatchRow(update, this.#parts), slot, scalars };
  }

  free(): void {
    for (const part of [this.#plan, this.#table]) part.free();
  }
}

/** The row of an update, but what optimizers read. */
export function minibatchRow(
  update: number,
  { model: { cases: { train } }, batchSize }: Pick<StepParts, "model" | "batchSize">,
): StepRow {
  const first = update * batchSize;
  const [position, epoch] = [first % train, Math.floor(first / train)];
  return { update, slot: 0, position, epoch, scalars: [] };
}

/** Updates of a family that drives them, one after another. */
export class DrivenSteps implements Stepper {
  readonly #driver: Driver;
  readonly #cohorts: Cohorts;

  /** Takes over the driver. */
  constructor(driver: Driver, cohorts: Cohorts) {
    this.#driver = driver;
    this.#cohorts = cohorts;
  }

  get dispatches(): number {
    return this.#driver.dispatches;
  }

  async submit(update: number): Promise<number> {
    await this.#driver.advance(update, this.#cohorts.advance(update));
    return 1;
  }

  tune(): Promise<void> {
    return this.#driver.tune();
  }

  free(): void {
    this.#driver.free();
  }
}

/** Refuses what a family that drives its updates cannot be asked for. */
export function checkDriven(
  name: string,
  { clipNorm, profile }: { clipNorm?: number | undefined; profile?: Profile | undefined },
): void {
  for (const [what, given] of [["clipNorm", clipNorm], ["profile", profile]] as const) {
    if (given === undefined) continue;
    throw new InputError(`${name} decides over its own gradients: leave ${what} out`);
  }
}
