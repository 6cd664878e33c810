import type { Gpu } from "../gpu/gpu.ts";
import { Plan } from "../gpu/plan.ts";
import { type StepRow, StepTable } from "../gpu/scalars.ts";
import type { Vector } from "../gpu/vector.ts";
import type { Graph } from "../graph/model.ts";

/** Minibatches whose mean they are. */
const MINIBATCHES = 10;

interface Parts {
  graph: Graph;
  statistics: Vector;
  /** Where theta stands while they are taken. */
  theta: Vector;
  seeds: GPUBuffer;
  /** Where losses go that nobody reads. */
  caseLoss: GPUBuffer;
  /** The places of the networks whose statistics are taken; those of the others stay. */
  places: readonly number[];
  /** The row of the step table of an update: its minibatch and what is drawn for it. */
  rowOf: (update: number) => StepRow;
  submit: (plan: Plan, table: StepTable, rows: readonly StepRow[]) => void;
}

/**
 * Takes statistics anew at theta, as means over the next minibatches of training, for networks whose
 * gradients are taken far from there; and puts those of training back.
 */
export class StatisticsAtTheta {
  readonly #gpu: Gpu;
  readonly #parts: Parts;
  readonly #table: StepTable;
  readonly #former: GPUBuffer;
  #plans: Plan[] | undefined;

  constructor(gpu: Gpu, parts: Parts) {
    this.#gpu = gpu;
    this.#parts = parts;
    this.#table = new StepTable(gpu, { capacity: 1, scalars: 0 });
    this.#former = gpu.allocate("statistics of training", parts.statistics.buffer.size);
  }

  /**
   * Has `use` submit what is to see the statistics at theta, after `update` updates. Nothing is waited
   * for in between, so that nothing else is submitted.
   */
  during<Result>(update: number, use: () => Result): Result {
    const { statistics: { buffer, layout, replicas }, places, rowOf, submit } = this.#parts;
    this.#plans ??= this.#gpu.takeAll(() => this.#record());
    this.#copy(buffer, this.#former);
    this.#plans.forEach((plan, k) => submit(plan, this.#table, [rowOf(update + k)]));
    const size = 4 * layout.length;
    for (let place = 0; place < replicas; place++) {
      if (!places.includes(place)) this.#copy(this.#former, buffer, place * size, size);
    }
    const result = use();
    this.#copy(this.#former, buffer);
    return result;
  }

  #record(): Plan[] {
    const { graph, theta, seeds, caseLoss } = this.#parts;
    return Array.from({ length: MINIBATCHES }, (_, k) => {
      const plan = new Plan(this.#gpu);
      const statisticsShare = 1 / (k + 1);
      graph.recordCases(plan, { seeds });
      graph.recordLoss(plan, { parameters: theta, seeds, caseLoss, statisticsShare });
      return plan.seal();
    });
  }

  #copy(from: GPUBuffer, to: GPUBuffer, offset = 0, size = from.size): void {
    const encoder = this.#gpu.device.createCommandEncoder();
    encoder.copyBufferToBuffer(from, offset, to, offset, size);
    this.#gpu.device.queue.submit([encoder.finish()]);
  }

  /** Gives its buffers back. */
  free(): void {
    for (const part of [...this.#plans ?? [], this.#table]) part.free();
    this.#gpu.free(this.#former);
  }
}
