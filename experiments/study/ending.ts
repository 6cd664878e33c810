import { showTime, signalAfter } from "../terminal/durations.ts";

/** What may end a run before its last update. */
export class Ending {
  /** Aborted where the run is to end after the updates under way. */
  readonly signal: AbortSignal;
  readonly #interruption: AbortSignal;
  readonly #stop = new AbortController();

  /** `interruption` is the user's; the clock runs from the start of the process. */
  constructor(interruption: AbortSignal, maxTime_ms?: number) {
    this.#interruption = interruption;
    this.signal = AbortSignal.any([interruption, this.#stop.signal]);
    if (maxTime_ms !== undefined) {
      const clock = signalAfter(Math.max(0, maxTime_ms - performance.now()));
      clock.addEventListener("abort", () => this.stop(`--max-time ${showTime(maxTime_ms)}`));
    }
  }

  /** Has the run end, for a reason in words. */
  stop(reason: string): void {
    this.#stop.abort(new DOMException(reason, "AbortError"));
  }

  /** What the networks are called that the end kept from their last update. */
  get status(): "interrupted" | "stopped" {
    return this.signal.reason === this.#interruption.reason ? "interrupted" : "stopped";
  }

  /** Why the run ends; undefined where it goes on. */
  get reason(): string | undefined {
    return this.signal.reason?.message;
  }
}
