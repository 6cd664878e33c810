import { type Gpu, Plan, type Rates } from "../../../mod.ts";
import { StepTable } from "../../../core/gpu/scalars.ts";

/** A plan whose steps are submitted one by one, with whatever rates, outside of a trainer. */
export class StepPlan implements Disposable {
  readonly #gpu: Gpu;
  readonly #plan: Plan;
  readonly #table: StepTable;

  /** Records what a step of `replicas` replicas does. */
  constructor(gpu: Gpu, replicas: number, record: (plan: Plan) => void) {
    this.#gpu = gpu;
    this.#plan = new Plan(gpu);
    this.#table = new StepTable(gpu, { capacity: 1, replicas });
    record(this.#plan);
    this.#plan.seal();
  }

  /** Submits step `update` with the rates of each replica. */
  submit(update: number, rates: readonly Rates[]): void {
    const { device } = this.#gpu;
    this.#table.write([{ update, slot: 0, position: 0, epoch: 0, rates }]);
    const encoder = device.createCommandEncoder();
    this.#plan.encode(encoder, { bind: (pass) => this.#table.bind(pass, 0) });
    device.queue.submit([encoder.finish()]);
  }

  [Symbol.dispose](): void {
    this.#plan.free();
    this.#table.free();
  }
}
