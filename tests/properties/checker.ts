import { type Outcome, outcomes } from "./property.ts";
import type { PropertyReply, PropertyRequest } from "./serve.ts";

/** Cases by their outcome. */
export type Tally = Readonly<Record<Outcome, number>>;

/** Which cases of a property are tried. */
export interface Trial {
  readonly name: string;
  readonly cases: number;
  readonly seed: number;
  /** Called now and then with the cases so far. */
  readonly onProgress?: (tally: Tally) => void;
}

/** Settings of a {@linkcode Checker}. */
export interface CheckerOptions {
  /** The module of the worker. Default: the one that knows all properties. */
  readonly program?: URL;
  /**
   * How long a case may take, in milliseconds. Default: two minutes. Cases take milliseconds, and
   * no machine that is waited for is slower by so much.
   */
  readonly patience_ms?: number;
}

const watch_ms = 100;

/** Tries properties one after another in a worker, with a new one where a case never ends. */
export class Checker implements Disposable {
  readonly #program: URL;
  readonly #patience_ms: number;
  #worker: Worker | undefined;

  private constructor({ program, patience_ms }: CheckerOptions) {
    this.#program = program ?? new URL("worker.ts", import.meta.url);
    this.#patience_ms = patience_ms ?? 120_000;
  }

  /** Starts the worker. */
  static async open(options: CheckerOptions = {}): Promise<Checker> {
    const checker = new Checker(options);
    checker.#worker = await start(checker.#program);
    return checker;
  }

  /** Rejects where the property does not hold, in words that tell how to see it again. */
  async check({ name, cases, seed, onProgress = () => {} }: Trial): Promise<Tally> {
    const counts = new Int32Array(new SharedArrayBuffer(4 * outcomes.length));
    const worker = this.#worker ??= await start(this.#program);
    const failure = replyOf(worker, { name, cases, seed, counts });
    const watch = new Watch(this.#patience_ms, () => {
      onProgress(tallyOf(counts));
      return counts.reduce((sum, count) => sum + count);
    });
    const found = await Promise.race([failure, watch.standstill]).finally(() => watch.stop());
    if (found === undefined) return tallyOf(counts);
    this[Symbol.dispose]();
    throw new Error(`${name}, seed ${seed}: ${found}`);
  }

  /** Gives the worker up. */
  [Symbol.dispose](): void {
    this.#worker?.terminate();
    this.#worker = undefined;
  }
}

/** Starts a worker that listens: what is said to it before is lost. */
function start(program: URL): Promise<Worker> {
  const worker = new Worker(program, { type: "module" });
  const { promise, resolve, reject } = Promise.withResolvers<Worker>();
  worker.onmessage = () => resolve(worker);
  worker.onerror = ({ message }) => reject(new Error(message));
  return promise;
}

/** How a property failed; undefined where it held. */
function replyOf(worker: Worker, request: PropertyRequest): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  worker.onmessage = ({ data }: MessageEvent<PropertyReply>) => resolve(data.failure);
  worker.onerror = (event) => {
    event.preventDefault();
    resolve(event.message);
  };
  worker.postMessage(request);
  return promise;
}

function tallyOf(counts: Int32Array): Tally {
  return Object.fromEntries(outcomes.map((outcome, i) => [outcome, counts[i]])) as Tally;
}

/** Looks again and again whether a count goes on. */
class Watch {
  /** Resolves, in words, where it did not. */
  readonly standstill: Promise<string>;
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(patience_ms: number, count: () => number) {
    const { promise, resolve } = Promise.withResolvers<string>();
    this.standstill = promise;
    let last = -1, since = 0;
    this.#timer = setInterval(() => {
      const now = count();
      if (now !== last) [last, since] = [now, performance.now()];
      else if (performance.now() - since > patience_ms) {
        resolve(`case ${now + 1} takes more than ${patience_ms / 1000} s`);
      }
    }, watch_ms);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
