/** A page that listens. */
interface Listener {
  readonly controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;
  /** Settled when all that it was sent has gone out, or its connection is lost. */
  readonly completed: Promise<void>;
}

/** A page that lags behind by more bytes is sent nothing more: it connects anew. */
const longestQueue = 2 ** 20;

/** So many pages may listen at once. */
const mostListeners = 32;

const encoder = new TextEncoder();

/** The pages that listen to one stream of server-sent events. None of them can hold it up. */
export class Audience {
  readonly #listeners = new Set<Listener>();

  /** How many listen. */
  get size(): number {
    return this.#listeners.size;
  }

  /**
   * Adds a listener, whose stream begins with an event of its own; undefined where too many listen.
   *
   * @param completed settled when the stream has been sent
   */
  join(
    first: string,
    completed: Promise<void>,
  ): ReadableStream<Uint8Array<ArrayBuffer>> | undefined {
    if (this.#listeners.size >= mostListeners) return undefined;
    const bytes = encoder.encode(first);
    let listener: Listener;
    return new ReadableStream<Uint8Array<ArrayBuffer>>({
      start: (controller) => {
        listener = { controller, completed: completed.catch(() => {}) };
        this.#listeners.add(listener);
        controller.enqueue(bytes);
      },
      cancel: () => void this.#listeners.delete(listener),
    }, new ByteLengthQueuingStrategy({ highWaterMark: bytes.length + longestQueue }));
  }

  /** Sends an event to all, but to those who lag: they are dropped. */
  tell(event: string): void {
    const bytes = encoder.encode(event);
    for (const listener of this.#listeners) {
      if ((listener.controller.desiredSize ?? 0) >= bytes.length) {
        listener.controller.enqueue(bytes);
      } else {
        this.#listeners.delete(listener);
        listener.controller.error(new Error("the page lags behind"));
      }
    }
  }

  /** Ends all streams and waits until what was sent has gone out. */
  async close(): Promise<void> {
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const { controller } of listeners) controller.close();
    await Promise.all(listeners.map(({ completed }) => completed));
  }
}

/** An event as it goes over the wire. */
export function serverSentEvent(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
