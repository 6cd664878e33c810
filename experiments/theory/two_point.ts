import {
  axpy,
  type Gpu,
  type Graph,
  quadratic as quadraticModel,
  type QuadraticObjective,
  type reference,
  Vector,
} from "../../mod.ts";
import { recordUpdate, StepPlan } from "./step_plan.ts";

/**
 * NAG on the GPU in the form that the paper writes: phi = theta + mu v is made anew for each
 * gradient, and the update moves theta without a lead.
 */
export class TwoPoint implements Disposable {
  readonly #gpu: Gpu;
  readonly #theta: Vector;
  readonly #mu: GPUBuffer;
  readonly #plan: StepPlan;
  readonly #taken = new DisposableStack();

  /** Starts at `start` and at rest. */
  constructor(gpu: Gpu, objective: QuadraticObjective, start: Float64Array) {
    this.#gpu = gpu;
    const { layout, graph } = this.#takeGraph(objective);
    const [theta, velocity, phi, gradient] = ["theta", "velocity", "phi", "gradient"].map((label) =>
      this.#taken.adopt(new Vector(gpu, label, layout, 1), (vector) => vector.free())
    );
    const [mu, seeds, caseLoss] = ["mu", "seeds", "loss"].map((label) =>
      this.#taken.adopt(gpu.allocate(label, 16), (buffer) => gpu.free(buffer))
    );
    theta.write(0, [start]);
    [this.#theta, this.#mu] = [theta, mu];
    const size = { length: layout.length, replicas: 1 };
    const record: ConstructorParameters<typeof StepPlan>[2] = (plan) => {
      axpy(plan, { a: mu, x: theta.buffer, y: velocity.buffer, out: phi.buffer }, size);
      graph.recordGradient(plan, { parameters: phi, gradient, seeds, caseLoss });
      recordUpdate(plan, { parameters: theta, velocity, gradient });
    };
    this.#plan = this.#taken.use(new StepPlan(gpu, 1, record));
  }

  #takeGraph(objective: QuadraticObjective): { layout: Vector["layout"]; graph: Graph } {
    const model = quadraticModel([objective]);
    const graph = model.build(this.#gpu, { replicas: 1, batch: 1 });
    return { layout: model.layout, graph: this.#taken.adopt(graph, (graph) => graph.free()) };
  }

  /** One update; gives theta after it. */
  async step(update: number, rates: reference.Rates): Promise<Float32Array> {
    this.#gpu.write(this.#mu, Float32Array.of(rates.momentum));
    this.#plan.submit(update, [{ ...rates, lead: 0, nextLead: 0 }]);
    const [theta] = await this.#theta.read(0);
    return theta;
  }

  [Symbol.dispose](): void {
    this.#taken.dispose();
  }
}
