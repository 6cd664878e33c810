import type { Gpu, Tuner } from "./gpu.ts";
import { limitsOf } from "./limits.ts";
import { type Choice, Plan } from "./plan.ts";
import { Profile } from "./profile.ts";

/** Where measured choices are kept from one run to the next; nothing depends on it but time. */
export interface TuningStore {
  /** What was saved for `adapter`, if anything is there. */
  load(adapter: string): string | undefined | Promise<string | undefined>;
  /** Keeps `text` for `adapter`, in place of what was there. */
  save(adapter: string, text: string): void | Promise<void>;
}

/** To be raised with every change of the kernels or their variants. */
const VERSION = 4;

/** Timed runs of every variant, of which the fastest counts; one before them compiles. */
const ROUNDS = 5;

/**
 * The variants of kernels that are fastest on the adapter at hand: measured once for each key, with
 * timestamps, and kept in a store. They change the speed of a plan and no bit of what it computes.
 */
export class Tuning implements Tuner {
  readonly #gpu: Gpu;
  readonly #store: TuningStore;
  readonly #adapter: string;
  readonly #found: Map<string, string>;

  private constructor(gpu: Gpu, store: TuningStore, saved: string | undefined) {
    this.#gpu = gpu;
    this.#store = store;
    this.#adapter = describe(gpu);
    this.#found = parse(saved);
  }

  /** The choices that `store` holds for the adapter of `gpu`. */
  static async load(gpu: Gpu, store: TuningStore): Promise<Tuning> {
    return new Tuning(gpu, store, await store.load(describe(gpu)));
  }

  /** The variant found fastest for a key, if it was measured. */
  find<Variant>({ key, variants }: Choice<Variant>): Variant | undefined {
    const found = this.#found.get(key);
    return variants.find((variant) => JSON.stringify(variant) === found);
  }

  /** Measures `choices`, if there are any, and saves the outcome. */
  async decide(choices: readonly Choice<unknown>[]): Promise<void> {
    if (choices.length === 0) return;
    for (const choice of choices) {
      this.#found.set(choice.key, JSON.stringify(await fastest(this.#gpu, choice)));
    }
    await this.#store.save(this.#adapter, JSON.stringify(Object.fromEntries(this.#found)));
  }
}

/**
 * The adapter and its driver. WebGPU does not tell the driver's version; what the driver offers
 * stands for it.
 */
function describe({ info, device: { features, limits }, operands }: Gpu): string {
  const { vendor, architecture, device, description } = info;
  return JSON.stringify({
    version: VERSION,
    adapter: { vendor, architecture, device, description },
    features: [...features].toSorted(),
    limits: limitsOf(limits),
    operands,
  });
}

/** What was saved; nothing where the text was damaged. */
function parse(saved: string | undefined): Map<string, string> {
  try {
    const entries = Object.entries(JSON.parse(saved ?? "{}"));
    return new Map(
      entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"),
    );
  } catch {
    return new Map();
  }
}

/** Runs the variants in turns, round by round, and gives the one whose fastest round is the fastest. */
async function fastest<Variant>(gpu: Gpu, { variants, record }: Choice<Variant>): Promise<Variant> {
  const plans = gpu.takeAll(() =>
    variants.map((variant) => {
      const plan = new Plan(gpu);
      record(plan, variant);
      return plan.seal();
    })
  );
  const dispatches = plans.reduce((sum, { length }) => sum + length, 0);
  const profile = new Profile(gpu, dispatches * (ROUNDS + 1));
  try {
    const encoder = gpu.device.createCommandEncoder();
    for (let round = 0; round <= ROUNDS; round++) {
      plans.forEach((plan, i) => {
        plan.encode(encoder, { profile: { next: () => profile.next(`${i} ${round}`) } });
      });
    }
    gpu.device.queue.submit([encoder.finish()]);
    await profile.collect();
    const times = new Map(profile.totals.map(({ kernel, milliseconds }) => [kernel, milliseconds]));
    const rounds = Array.from({ length: ROUNDS }, (_, i) => i + 1);
    const best = plans.map((_, i) =>
      Math.min(...rounds.map((round) => times.get(`${i} ${round}`)!))
    );
    return variants[best.indexOf(Math.min(...best))];
  } finally {
    profile.free();
    for (const plan of plans) plan.free();
  }
}
