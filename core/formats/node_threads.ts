/** What of Node's worker threads is used: it has no global name for workers. */
export interface NodeThreads {
  readonly Worker: new (module: URL) => NodeWorker;
  /** In a worker, the way to who started it. */
  readonly parentPort: MessagePort | null;
}

/** A worker of Node. */
export interface NodeWorker extends Pick<Worker, "postMessage" | "terminate"> {
  // deno-lint-ignore no-explicit-any -- as data of a MessageEvent
  on(event: "message" | "error", heard: (message: any) => void): void;
}

/** Node's worker threads, where this is Node 20.16, 22.3 or a later one. */
export function nodeThreads(): NodeThreads | undefined {
  const { process } = globalThis as {
    process?: { getBuiltinModule?(name: string): unknown };
  };
  return process?.getBuiltinModule?.("node:worker_threads") as NodeThreads | undefined;
}
