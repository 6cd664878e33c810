import type { Gpu } from "../gpu/gpu.ts";
import type { Driver, DriverParts, Numbers } from "./family.ts";
import { marksUpTo } from "./hessian_free_lines.ts";
import { HessianFreePlans, type HessianFreeSizes } from "./hessian_free_plans.ts";

/** Tries of the line search between two looks whether any replica still searches. */
const LOOK_TRIES = 4;

/**
 * Drives the updates of Hessian-free optimization. What a replica does is decided on the GPU, by its
 * own numbers alone; the host submits until it has seen that nothing is left to do.
 */
export class HessianFreeDriver implements Driver {
  readonly #gpu: Gpu;
  readonly #parts: DriverParts;
  readonly #sizesOf: (scalars: readonly Numbers[]) => HessianFreeSizes;
  #sizes: HessianFreeSizes;
  #plans: HessianFreePlans;

  /** Takes what the next update needs; `sizesOf` reads its sizes off the scalars of the replicas. */
  constructor(
    parts: DriverParts,
    sizesOf: (scalars: readonly Numbers[]) => HessianFreeSizes,
  ) {
    this.#gpu = parts.parameters.gpu;
    this.#parts = parts;
    this.#sizesOf = sizesOf;
    this.#sizes = sizesOf(parts.next);
    this.#plans = this.#record();
  }

  #record(): HessianFreePlans {
    return this.#gpu.takeAll(() => new HessianFreePlans(this.#gpu, this.#parts, this.#sizes));
  }

  get dispatches(): number {
    return this.#plans.all.reduce((sum, { length }) => sum + length, 0);
  }

  async tune(): Promise<void> {
    const undecided = this.#plans.all.flatMap((plan) => plan.undecided);
    if (undecided.length === 0) return;
    const byKey = new Map(undecided.map((choice) => [choice.key, choice]));
    await this.#gpu.tuning?.decide([...byKey.values()]);
    this.#plans.free();
    this.#plans = this.#record();
  }

  async advance(update: number, scalars: readonly number[]): Promise<void> {
    await this.#fit(this.#byName(scalars));
    const { backtracks, searches, longest } = this.#sizes;
    const plans = this.#plans;
    plans.write(update, scalars);
    plans.stage("clear");
    for (const pass of ["gradient", "curvature"] as const) plans.pass(pass);
    plans.stage("begin");
    const marks = new Set(backtracks ? marksUpTo(longest) : []);
    const judge = () => {
      plans.stage("atMark");
      plans.pass("loss");
      plans.stage("judge");
    };
    await plans.solver.run(longest, () => plans.stage("step"), (i) => {
      if (marks.has(i)) judge();
    });
    if (backtracks) judge();
    plans.stage("choose");
    plans.pass("curvatureLoss");
    plans.stage("trust");
    if (searches) await this.#search(backtracks);
    plans.stage("finish");
  }

  /** Searches along the steps; where all losses are known from their marks, nothing may be left to try. */
  async #search(isKnown: boolean): Promise<void> {
    const plans = this.#plans;
    for (let tries = isKnown ? 0 : 1;; tries = LOOK_TRIES) {
      for (let i = 0; i < tries; i++) {
        plans.stage("try");
        plans.pass("loss");
        plans.stage("search");
      }
      const all = await plans.solver.read();
      if (all.every(({ searching }) => searching === 0)) return;
    }
  }

  /** Records anew where sizes have changed. */
  async #fit(scalars: readonly Numbers[]): Promise<void> {
    const sizes = this.#sizesOf(scalars);
    if (JSON.stringify(sizes) === JSON.stringify(this.#sizes)) return;
    this.#plans.free();
    this.#sizes = sizes;
    this.#plans = this.#record();
    await this.tune();
  }

  /** The scalars of each replica by name. */
  #byName(scalars: readonly number[]): Numbers[] {
    const { order, scalars: { names, groups } } = this.#parts;
    return order.map((_, r) =>
      Object.fromEntries(names.map((name, k) => [name, scalars[r * groups * names.length + k]]))
    );
  }

  free(): void {
    this.#plans.free();
  }
}
