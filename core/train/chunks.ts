import { InputError } from "../errors.ts";
import type { Plan } from "../gpu/plan.ts";
import type { Profile } from "../gpu/profile.ts";
import type { StepRow, StepTable } from "../gpu/scalars.ts";

/** A submit aims at this much GPU time: short enough for a watchdog and a prompt Ctrl-C. */
const CHUNK_SECONDS = 0.5;

/** Steps of a chunk at most; the ring holds as many. */
export const CHUNK_STEPS = 1024;

/** Bytes of the step table, past which it holds fewer steps: many small networks have long rows. */
const TABLE_BYTES = 2 ** 24;

/**
 * Passes of a chunk at most. Drivers keep memory for every pass of a submit, and do not give it back:
 * some 25 KiB on lavapipe, half a MiB for a step of a small network.
 */
const CHUNK_PASSES = 512;

/** Submits steps in chunks whose size follows the time that a step takes. */
export class Chunks {
  /** Steps of a chunk at most, as the step table holds them. */
  readonly capacity: number;
  readonly #profile: Profile | undefined;
  #stepSeconds = CHUNK_SECONDS;

  /** `scalars` counts those of a row of the step table. */
  constructor(profile: Profile | undefined, scalars: number) {
    this.#profile = profile;
    this.capacity = Math.max(1, Math.min(CHUNK_STEPS, Math.floor(TABLE_BYTES / (4 * scalars))));
  }

  /** Refuses a plan of more dispatches than can be measured. */
  check({ length }: Plan): void {
    const { capacity = Infinity } = this.#profile ?? {};
    if (length <= capacity) return;
    throw new InputError(
      `a step has ${length} dispatches, of which ${capacity} can be measured: take shorter ` +
        "sequences, or no profile",
    );
  }

  /** Tells how long the steps of a chunk took, in seconds. */
  measured(steps: number, seconds: number): void {
    this.#stepSeconds = Math.max(seconds / steps, 1e-6);
  }

  /** Steps of the next chunk, of at most `remaining`. */
  steps(plan: Plan, remaining: number): number {
    const fit = Math.floor(CHUNK_SECONDS / this.#stepSeconds);
    const room = this.#profile
      ? Math.floor(this.#profile.capacity / plan.length)
      : Math.floor(CHUNK_PASSES / plan.passes);
    return Math.max(1, Math.min(remaining, fit, room, this.capacity));
  }

  /** Submits one replay of `plan` for each row; a step longer than a chunk in several submits. */
  submit(plan: Plan, table: StepTable, rows: readonly StepRow[], profile?: Profile): void {
    table.write(rows);
    const { device } = plan.gpu;
    const pieces = rows.length > 1 ? 1 : Math.ceil(this.#stepSeconds / (2 * CHUNK_SECONDS));
    const length = Math.ceil(plan.length / pieces);
    for (let from = 0; from < plan.length; from += length) {
      const encoder = device.createCommandEncoder();
      rows.forEach((_, i) => {
        plan.encode(encoder, {
          from,
          to: Math.min(plan.length, from + length),
          bind: (pass) => table.bind(pass, i),
          profile,
        });
      });
      device.queue.submit([encoder.finish()]);
    }
  }
}
