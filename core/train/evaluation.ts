import type { Gpu } from "../gpu/gpu.ts";
import { Plan } from "../gpu/plan.ts";
import { Readback } from "../gpu/readback.ts";
import { type StepRow, StepTable } from "../gpu/scalars.ts";
import { caseMean } from "../ops/case_mean.ts";
import type { Vector } from "../gpu/vector.ts";
import type { Graph, Model, Split } from "../graph/model.ts";

/** Steps of an evaluation that are submitted together. */
const STEPS = 16;

interface EvaluationOptions {
  model: Model;
  graph: Graph;
  batch: number;
  replicas: number;
  /** Where theta stands while an evaluation runs. */
  theta: Vector;
  /** Submits a replay of the plan for each row. */
  submit: (plan: Plan, table: StepTable, rows: readonly StepRow[]) => void;
}

interface SplitPlans {
  forward: Plan;
  mean: Plan;
  caseFigures: GPUBuffer[];
}

/**
 * Evaluates the networks at theta, minibatch by minibatch: each writes the figures of its cases into
 * a list, and the list is averaged at the end in an order that its length alone fixes.
 */
export class Evaluation {
  readonly #gpu: Gpu;
  readonly #options: EvaluationOptions;
  readonly #table: StepTable;
  readonly #seeds: GPUBuffer;
  readonly #figures: GPUBuffer;
  readonly #readback: Readback;
  readonly #plans = new Map<string, SplitPlans>();

  constructor(gpu: Gpu, options: EvaluationOptions) {
    const { model, replicas } = options;
    this.#gpu = gpu;
    this.#options = options;
    this.#table = new StepTable(gpu, { capacity: STEPS, scalars: 0 });
    // The cases evaluated are the same for all seeds.
    this.#seeds = gpu.allocate("evaluation seeds", 8 * replicas);
    this.#figures = gpu.allocate("figures", 4 * replicas * model.figures.length);
    this.#readback = new Readback(gpu, { bytes: this.#figures.size, depth: 1 });
  }

  /** The figures of each replica at theta, averaged over `cases` cases of the split. */
  async run(split: Split, cases: number): Promise<Record<string, number>[]> {
    const { model, batch, replicas, submit } = this.#options;
    const { forward, mean } = this.#plansFor(split, cases);
    const rows = Array.from({ length: Math.ceil(cases / batch) }, (_, i): StepRow => ({
      update: 0,
      slot: 0,
      position: i * batch,
      epoch: 0,
      scalars: [],
    }));
    for (let i = 0; i < rows.length; i += STEPS) {
      submit(forward, this.#table, rows.slice(i, i + STEPS));
    }
    mean.submit();
    const size = 4 * replicas * model.figures.length;
    const values = new Float32Array(await this.#readback.read([{ buffer: this.#figures, size }]));
    return Array.from(
      { length: replicas },
      (_, r) =>
        Object.fromEntries(model.figures.map((name, f) => [name, values[f * replicas + r]])),
    );
  }

  #plansFor(split: Split, cases: number): SplitPlans {
    const key = `${split} ${cases}`;
    let plans = this.#plans.get(key);
    if (!plans) {
      plans = this.#gpu.takeAll(() => this.#record(split, cases));
      this.#plans.set(key, plans);
    }
    return plans;
  }

  #record(split: Split, cases: number): SplitPlans {
    const { model, graph, replicas, theta } = this.#options;
    const caseFigures = model.figures.map((name) =>
      this.#gpu.allocate(`${name} of ${split} ${cases} cases`, 4 * replicas * cases)
    );
    const forward = new Plan(this.#gpu);
    graph.recordFigures(forward, {
      parameters: theta,
      seeds: this.#seeds,
      split,
      cases,
      caseFigures,
    });
    const mean = new Plan(this.#gpu);
    caseFigures.forEach((figures, slot) => {
      caseMean(mean, figures, { cases, replicas }, { ring: this.#figures, slot });
    });
    return { forward: forward.seal(), mean: mean.seal(), caseFigures };
  }

  /** Gives all buffers back. */
  free(): void {
    for (const { forward, mean, caseFigures } of this.#plans.values()) {
      forward.free();
      mean.free();
      for (const buffer of caseFigures) this.#gpu.free(buffer);
    }
    for (const buffer of [this.#seeds, this.#figures]) this.#gpu.free(buffer);
    for (const part of [this.#table, this.#readback]) part.free();
  }
}
