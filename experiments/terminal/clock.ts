/** How far a job is, and how fast it goes there. */
export interface Pace {
  readonly done: number;
  /** Units per second; NaN before any is done. */
  readonly rate: number;
  readonly secondsLeft: number;
  /** Since the job began, or went on. */
  readonly secondsPassed: number;
}

interface Mark {
  readonly time_ms: number;
  readonly done: number;
}

/** The rate is that of so long a past: the first steps compile kernels and say little. */
const rateWindow_ms = 30_000;

/** Measures how fast a job goes by the marks that it reaches. */
export class Clock {
  /** When the last mark was reached. */
  time_ms: number;
  readonly #total: number;
  readonly #now: () => number;
  readonly #start_ms: number;
  readonly #marks: Mark[];
  #isStopped = false;

  constructor(
    { total, start = 0, now = () => performance.now() }: {
      total: number;
      start?: number;
      now?: () => number;
    },
  ) {
    this.#total = total;
    this.#now = now;
    this.time_ms = this.#start_ms = now();
    this.#marks = [{ time_ms: this.time_ms, done: start }];
  }

  reach(done: number): void {
    this.time_ms = this.#now();
    this.#marks.push({ time_ms: this.time_ms, done });
    while (this.#marks.length > 2 && this.time_ms - this.#marks[1].time_ms >= rateWindow_ms) {
      this.#marks.shift();
    }
  }

  /** From here on the job stands at its last mark. */
  stop(): void {
    this.#isStopped = true;
  }

  /** As it was at the last mark. */
  get atMark(): Pace {
    return this.#paceAt(this.#last.done, this.time_ms);
  }

  /** As it should be now at this rate, short of the next mark: that is not reached until told. */
  get now(): Pace {
    const { done, time_ms } = this.#last;
    const now_ms = this.#now();
    const run = this.#isStopped ? 0 : this.#rate * (now_ms - time_ms) / 1000 || 0;
    const next = Math.min(done + this.#step, this.#total);
    const reckoned = Math.max(done, Math.min(done + run, next - 1));
    return { ...this.#paceAt(reckoned, now_ms), done: Math.floor(reckoned) };
  }

  #paceAt(done: number, time_ms: number): Pace {
    return {
      done,
      rate: this.#rate,
      secondsLeft: done >= this.#total ? 0 : (this.#total - done) / this.#rate,
      secondsPassed: (time_ms - this.#start_ms) / 1000,
    };
  }

  get #last(): Mark {
    return this.#marks[this.#marks.length - 1];
  }

  /** How far the next mark is away, if it is as far as the last one was. */
  get #step(): number {
    return this.#last.done - this.#marks[Math.max(0, this.#marks.length - 2)].done;
  }

  get #rate(): number {
    const [first] = this.#marks;
    const last = this.#last;
    if (last.done === first.done || last.time_ms === first.time_ms) return NaN;
    return 1000 * (last.done - first.done) / (last.time_ms - first.time_ms);
  }
}
