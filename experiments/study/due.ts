import { type Cadence, signalAfter } from "../terminal/durations.ts";
import { saveRequest } from "../terminal/signals.ts";

/** When states are to be saved: by a cadence, where a signal asks for it, and where the run ends. */
export class Due {
  /** Aborted when a save is due by the time or a signal, and where the run is to end. */
  pause!: AbortSignal;
  /** Aborted when a signal asks for one. */
  #request!: AbortSignal;
  readonly #cadence: Cadence;
  readonly #ending: AbortSignal;

  /** `ending` is aborted where the run is to end. */
  constructor(cadence: Cadence, ending: AbortSignal) {
    this.#cadence = cadence;
    this.#ending = ending;
    this.restart();
  }

  /** Whether states are saved unasked. */
  get enabled(): boolean {
    return !("never" in this.#cadence);
  }

  /** The update at which the next one is due, where that is fixed. */
  after(update: number): number {
    if (!("updates" in this.#cadence)) return Infinity;
    const { updates } = this.#cadence;
    return (Math.floor(update / updates) + 1) * updates;
  }

  /** Whether one is due after so many updates. */
  isDue(update: number): boolean {
    if (this.#request.aborted) return true;
    if (!this.enabled) return false;
    const byUpdates = "updates" in this.#cadence && update % this.#cadence.updates === 0;
    return byUpdates || this.pause.aborted;
  }

  /** Counts the time anew. */
  restart(): void {
    this.#request = saveRequest();
    const signals = [this.#ending, this.#request];
    if ("time_ms" in this.#cadence) signals.push(signalAfter(this.#cadence.time_ms));
    this.pause = AbortSignal.any(signals);
  }
}
