import {
  type Gpu,
  linearBody,
  linearScalars,
  Plan,
  pointwise,
  type reference,
  StepTable,
  type Vector,
} from "../../mod.ts";

/** What an update of the optimizers moves, and by what. */
export interface Moved {
  parameters: Vector;
  velocity: Vector;
  gradient: Vector;
}

/** A plan whose steps are submitted one by one, with whatever rates, outside of a trainer. */
export class StepPlan implements Disposable {
  readonly #gpu: Gpu;
  readonly #plan: Plan;
  readonly #table: StepTable;

  /** Records what a step of `replicas` replicas does. */
  constructor(gpu: Gpu, replicas: number, record: (plan: Plan) => void) {
    this.#gpu = gpu;
    this.#plan = new Plan(gpu);
    const scalars = replicas * linearScalars.length;
    this.#table = new StepTable(gpu, { capacity: 1, scalars });
    record(this.#plan);
    this.#plan.seal();
  }

  /** Submits step `update` with the rates of each replica. */
  submit(update: number, rates: readonly reference.Rates[]): void {
    const { device } = this.#gpu;
    const scalars = rates.flatMap(scalarsOf);
    this.#table.write([{ update, slot: 0, position: 0, epoch: 0, scalars }]);
    const encoder = device.createCommandEncoder();
    this.#plan.encode(encoder, { bind: (pass) => this.#table.bind(pass, 0) });
    device.queue.submit([encoder.finish()]);
  }

  [Symbol.dispose](): void {
    this.#plan.free();
    this.#table.free();
  }
}

/** The scalars as {@linkcode linearScalars} names them. */
function scalarsOf({ learningRate, momentum, lead, nextLead }: reference.Rates): number[] {
  return [learningRate, momentum, lead, nextLead];
}

/** Records the update that SGD, CM and NAG share, with the rates of the step in force. */
export function recordUpdate(plan: Plan, { parameters, velocity, gradient }: Moved): void {
  pointwise(plan, {
    name: "nag",
    body: linearBody,
    reads: { gradient },
    updates: { parameters, velocity },
    scalars: { first: 0, names: linearScalars, groups: 1 },
  });
}
