/** The signals that ask a program to end. */
export type EndSignal = "SIGINT" | "SIGTERM";

/** The exit status of a program that a signal ended, as shells count it. */
export const signalStatus: Readonly<Record<EndSignal, number>> = { SIGINT: 130, SIGTERM: 143 };

type Receiver = (signal: EndSignal) => void;

const receivers: Receiver[] = [];

/** One Ctrl-C reaches a program more than once where it runs under a task runner. */
const sameSignal_ms = 1000;

/**
 * Hands SIGINT and SIGTERM to `receiver` until disposed of. Of several receivers the newest alone
 * is told, so that a program that waits for another one can pass the signals on to it.
 */
export function receiveSignals(receiver: Receiver): Disposable {
  if (receivers.length === 0) listen(Deno.addSignalListener);
  receivers.push(receiver);
  return {
    [Symbol.dispose]() {
      receivers.splice(receivers.indexOf(receiver), 1);
      if (receivers.length === 0) listen(Deno.removeSignalListener);
    },
  };
}

/** A request of the user to end early. */
export interface Interruption extends Disposable {
  /** Aborted at the first signal. */
  readonly signal: AbortSignal;
  /** The status to end with; undefined while no signal came. */
  readonly status: number | undefined;
}

/**
 * Turns signals into a request for a clean end. The first one aborts the AbortSignal; repeats
 * within a second are the same one; a later one ends the process at once.
 */
export function listenForInterruption(): Interruption {
  const controller = new AbortController();
  let status: number | undefined;
  let first_ms = 0;
  const receiver = receiveSignals((signal) => {
    const now = performance.now();
    if (status === undefined) {
      status = signalStatus[signal];
      first_ms = now;
      controller.abort(new DOMException(`ended by ${signal}`, "AbortError"));
    } else if (now - first_ms >= sameSignal_ms) {
      Deno.exit(signalStatus[signal]);
    }
  });
  return {
    signal: controller.signal,
    get status() {
      return status;
    },
    [Symbol.dispose]: () => receiver[Symbol.dispose](),
  };
}

function listen(change: typeof Deno.addSignalListener): void {
  change("SIGINT", handlers.SIGINT);
  // Windows knows no SIGTERM.
  if (Deno.build.os !== "windows") change("SIGTERM", handlers.SIGTERM);
}

const handlers = {
  SIGINT: () => receivers.at(-1)?.("SIGINT"),
  SIGTERM: () => receivers.at(-1)?.("SIGTERM"),
};
