import { isGranted } from "./permissions.ts";

/** The signals that ask a program to end. */
export type EndSignal = "SIGINT" | "SIGTERM" | "SIGHUP";

/** The signals that ask a program to save where it stands; schedulers send them ahead of the end. */
export type SaveSignal = "SIGUSR1" | "SIGUSR2";

/** The exit status of a program that a signal ended, as shells count it. */
export const signalStatus: Readonly<Record<EndSignal, number>> = {
  SIGINT: 130,
  SIGTERM: 143,
  SIGHUP: 129,
};

type Receiver = (signal: EndSignal | SaveSignal) => void;

const receivers: Receiver[] = [];

/** One Ctrl-C reaches a program more than once where it runs under a task runner. */
const sameSignal_ms = 1000;

/**
 * Hands the signals to `receiver` until disposed of; a hangup that the program was started to ignore
 * is no signal. Of several receivers the newest alone is told, so that a program that waits for
 * another one can pass the signals on to it.
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
 * Turns signals into a request for a clean end. The first one aborts the AbortSignal; repeats of
 * SIGINT and SIGTERM within a second are the same one; a later one ends the process at once. A hangup
 * does not: who closes a terminal after Ctrl-C asks for no other end. Signals that ask for a
 * checkpoint abort {@linkcode saveRequest}.
 */
export function listenForInterruption(): Interruption {
  const controller = new AbortController();
  let status: number | undefined;
  let asked_ms: number | undefined;
  const receiver = receiveSignals((signal) => {
    if (signal === "SIGUSR1" || signal === "SIGUSR2") return requestSave();
    if (status === undefined) {
      status = signalStatus[signal];
      controller.abort(new DOMException(`ended by ${signal}`, "AbortError"));
    }
    if (signal === "SIGHUP") return;
    const now = performance.now();
    asked_ms ??= now;
    if (now - asked_ms >= sameSignal_ms) Deno.exit(signalStatus[signal]);
  });
  return {
    signal: controller.signal,
    get status() {
      return status;
    },
    [Symbol.dispose]: () => receiver[Symbol.dispose](),
  };
}

let save = new AbortController();

/** Aborted at the next request to save; after one, ask for a new signal. */
export function saveRequest(): AbortSignal {
  return save.signal;
}

function requestSave(): void {
  const asked = save;
  save = new AbortController();
  asked.abort();
}

function listen(change: typeof Deno.addSignalListener): void {
  // Read before any listener is added: with the first, Deno takes all signals for itself.
  hangup ??= ignoresHangup() ? () => {} : () => hand("SIGHUP");
  change("SIGINT", handlers.SIGINT);
  // Windows knows no others.
  if (Deno.build.os === "windows") return;
  change("SIGHUP", hangup);
  for (const signal of ["SIGTERM", "SIGUSR1", "SIGUSR2"] as const) change(signal, handlers[signal]);
}

function hand(signal: EndSignal | SaveSignal): void {
  receivers.at(-1)?.(signal);
}

const handlers = {
  SIGINT: () => hand("SIGINT"),
  SIGTERM: () => hand("SIGTERM"),
  SIGUSR1: () => hand("SIGUSR1"),
  SIGUSR2: () => hand("SIGUSR2"),
};

let hangup: (() => void) | undefined;

/** SIGHUP, in the masks of /proc. */
const hangupBit = 0x1n;

/** Whether nohup or the like started this process: where that can be seen. */
function ignoresHangup(): boolean {
  const status = "/proc/self/status";
  if (Deno.build.os !== "linux") return false;
  if (!isGranted({ name: "read", path: status })) return false;
  try {
    const mask = Deno.readTextFileSync(status).match(/^SigIgn:\s*([0-9a-f]+)$/m)?.[1];
    return mask !== undefined && (BigInt(`0x${mask}`) & hangupBit) !== 0n;
  } catch {
    return false; // what is below /proc is for -A alone
  }
}
