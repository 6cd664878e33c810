import { isGranted } from "../terminal/permissions.ts";
import { type DrawingOrder, type DrawingReply, drawOrdered } from "./drawing_order.ts";

/** Draws charts one at a time, elsewhere. */
export interface Draughtsman extends Disposable {
  draw(order: DrawingOrder): Promise<string>;
}

/** Settings of a {@linkcode Drawing}. */
export interface DrawingOptions {
  /** Takes each chart that was drawn before the last one. */
  onDrawn(svg: string): void;
  /** The time in ms. */
  now?: () => number;
  /** Default: a worker. Undefined where there can be none: then nothing is drawn before the end. */
  draughtsman?: () => Draughtsman | undefined;
}

/** A drawing begins so many times as long after the last one's beginning as that one took. */
const pause = 10;

/** What the first drawing is taken to last: it loads the library. */
const expected_ms = 1000;

/**
 * Draws a growing table again and again while it grows, in a thread beside the training and for at
 * most a tenth of the time. What is asked for earlier than that is passed over: the next request
 * brings newer rows, and {@linkcode Drawing.finish} the last ones.
 */
export class Drawing implements Disposable {
  readonly #onDrawn: (svg: string) => void;
  readonly #now: () => number;
  readonly #open: () => Draughtsman | undefined;
  #draughtsman: Draughtsman | undefined;
  #began_ms: number;
  #lasted_ms = expected_ms;
  #current: Promise<void> | undefined;
  /** Whether nothing more is drawn elsewhere: at the end, or where that failed. */
  #isOver = false;

  constructor({ onDrawn, now = () => performance.now(), draughtsman }: DrawingOptions) {
    this.#onDrawn = onDrawn;
    this.#now = now;
    this.#open = draughtsman ?? openWorker;
    this.#began_ms = now();
  }

  /** Asks for a chart; `order` is called at once, and only where it will be drawn. */
  request(order: () => DrawingOrder): void {
    const isEarly = this.#now() - this.#began_ms < pause * this.#lasted_ms;
    if (this.#isOver || this.#current !== undefined || isEarly) return;
    this.#draughtsman ??= this.#open();
    if (this.#draughtsman === undefined) this.#isOver = true;
    else this.#current = this.#draw(this.#draughtsman, order());
  }

  /** The chart of the whole table; no other follows. */
  async finish(order: DrawingOrder): Promise<string> {
    await this.#current;
    using draughtsman = this.#isOver ? undefined : this.#draughtsman;
    this.#isOver = true;
    try {
      if (draughtsman) return await draughtsman.draw(order);
    } catch {
      // What is wrong with the order is said where it is drawn here.
    }
    return await drawOrdered(order);
  }

  /** Gives up what is being drawn. */
  [Symbol.dispose](): void {
    this.#isOver = true;
    this.#draughtsman?.[Symbol.dispose]();
  }

  async #draw(draughtsman: Draughtsman, order: DrawingOrder): Promise<void> {
    this.#began_ms = this.#now();
    try {
      const svg = await draughtsman.draw(order);
      if (!this.#isOver) this.#onDrawn(svg);
    } catch {
      this[Symbol.dispose]();
    } finally {
      this.#lasted_ms = this.#now() - this.#began_ms;
      this.#current = undefined;
    }
  }
}

/** Starts a worker; undefined where its modules may not be read. */
function openWorker(): Draughtsman | undefined {
  const program = new URL("drawing_worker.ts", import.meta.url);
  return mayRead(new URL("../..", program)) ? new DrawingWorker(program) : undefined;
}

/** Asked first: a worker that fails to start says so on stderr. */
function mayRead(folder: URL): boolean {
  return folder.protocol === "file:" && isGranted({ name: "read", path: folder });
}

class DrawingWorker implements Draughtsman {
  readonly #worker: Worker;
  #reject: (error: Error) => void = () => {};

  constructor(program: URL) {
    this.#worker = new Worker(program, { type: "module" });
  }

  draw(order: DrawingOrder): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    this.#reject = reject;
    this.#worker.onmessage = ({ data }: MessageEvent<DrawingReply>) =>
      "svg" in data ? resolve(data.svg) : reject(new Error(data.failure));
    this.#worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(event.message));
    };
    this.#worker.postMessage(order);
    return promise;
  }

  [Symbol.dispose](): void {
    this.#worker.terminate();
    this.#reject(new Error("the worker was ended"));
  }
}
