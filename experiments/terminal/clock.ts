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

  /** A job that falls back, to where it was saved, is measured anew from there. */
  reach(done: number): void {
    this.time_ms = this.#now();
    if (done < this.#last.done) this.#marks.length = 0;
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
    return this.#paceAt(this.#last);
  }

  /**
   * As it should be now at the rate so far, short of the next mark: that is not reached until told.
   * Where the next mark is late, the rate falls.
   */
  get now(): Pace {
    const last = this.#last;
    const time_ms = this.#isStopped ? last.time_ms : this.#now();
    const run = this.#rateTo(last) * (time_ms - last.time_ms) / 1000 || 0;
    const next = Math.min(last.done + this.#step, this.#total);
    const done = Math.max(last.done, Math.min(last.done + run, next - 1));
    const pace = this.#paceAt({ time_ms, done });
    return { ...pace, done: Math.floor(done) };
  }

  #paceAt({ time_ms, done }: Mark): Pace {
    const rate = this.#rateTo({ time_ms, done });
    return {
      done,
      rate,
      secondsLeft: done >= this.#total ? 0 : (this.#total - done) / rate,
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

  #rateTo({ time_ms, done }: Mark): number {
    const [first] = this.#marks;
    if (done === first.done || time_ms === first.time_ms) return NaN;
    return 1000 * (done - first.done) / (time_ms - first.time_ms);
  }
}
