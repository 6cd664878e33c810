import { InputError } from "../errors.ts";
import type { MATArray, ReadMATOptions } from "./mat_array.ts";
import { nodeThreads, type NodeWorker } from "./node_threads.ts";
import { printable } from "./wording.ts";

/** Settings of {@linkcode readMAT73}. */
export interface ReadMAT73Options extends ReadMATOptions {
  /** A file that is not got on with for so long is given up, in seconds. Default: 60. */
  patience?: number;
}

/** What the worker is asked. */
export interface HDF5Request {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly only: readonly string[] | undefined;
  readonly numericOnly: boolean;
  readonly limit: number;
}

/** What the worker says: that it goes on, and at last what it read, or why it did not. */
export type HDF5Reply =
  | { readonly kind: "ready" }
  | { readonly kind: "progress" }
  | { readonly kind: "arrays"; readonly arrays: Map<string, MATArray> }
  | { readonly kind: "refusal"; readonly message: string };

/**
 * Reads the real numeric arrays of a MATLAB 7.3 file, which is HDF5, with h5wasm. The result is
 * that of `readMAT`: elements column by column, dimensions as MATLAB has them.
 *
 * A damaged file may set the library's memory in disorder, or have it run in circles. So it works
 * in a worker of its own, on a copy of the bytes, and for as long as it gets on.
 *
 * @returns The arrays by name.
 * @throws {InputError} If the file is damaged or no HDF5 file, if a variable named in `only` is
 * missing, if one to be read is complex, sparse, or no numeric array, or if it is larger than the
 * limit; also if the library cannot be loaded, and where there are no workers (Node before 20.16).
 *
 * @example
 * ```ts
 * const options = { only: ["newfaces_single"] };
 * const arrays = isMAT73(bytes) ? await readMAT73(bytes, options) : await readMAT(bytes, options);
 * ```
 */
export async function readMAT73(
  bytes: Uint8Array,
  { only, numericOnly = false, limit = 2 ** 31, patience = 60 }: ReadMAT73Options = {},
): Promise<Map<string, MATArray>> {
  const worker = startWorker();
  try {
    return await converse(
      worker,
      { bytes: new Uint8Array(bytes), only, numericOnly, limit },
      patience,
    );
  } finally {
    worker.terminate();
  }
}

/** Bundlers look for a worker and its address in these very words. */
function startWorker(): Worker | NodeWorker {
  const Worker = globalThis.Worker ?? nodeThreads()?.Worker;
  if (!Worker) {
    throw new InputError(
      "MATLAB 7.3 files are read in a worker, and there are none here: use Node 20.16, 22.3 or later, " +
        "or save the file with -v7",
    );
  }
  return new Worker(new URL("./hdf5_worker.ts", import.meta.url), { type: "module" });
}

/** Hands the file over once the worker is there, and waits for what comes of it. */
function converse(
  worker: Worker | NodeWorker,
  request: HDF5Request,
  patience: number,
): Promise<Map<string, MATArray>> {
  let timer: ReturnType<typeof setTimeout> | undefined, ready = false;
  const arrays = new Promise<Map<string, MATArray>>((resolve, reject) => {
    const wait = () => {
      clearTimeout(timer);
      timer = setTimeout(
        () => reject(unreadable(`nothing came of it for ${patience} s`)),
        1000 * patience,
      );
    };
    const hear = (reply: HDF5Reply) => {
      wait();
      ready = true;
      if (reply.kind === "ready") worker.postMessage(request, [request.bytes.buffer]);
      if (reply.kind === "arrays") resolve(reply.arrays);
      if (reply.kind === "refusal") reject(new InputError(reply.message));
    };
    const fail = ({ message }: { message: string }) =>
      reject(ready ? unreadable(message) : unloadable(message));
    wait();
    listen(worker, hear, fail);
  });
  return arrays.finally(() => clearTimeout(timer));
}

function listen(
  worker: Worker | NodeWorker,
  hear: (reply: HDF5Reply) => void,
  fail: (error: { message: string }) => void,
): void {
  if ("on" in worker) {
    worker.on("message", hear);
    worker.on("error", fail);
    return;
  }
  worker.addEventListener("message", ({ data }: MessageEvent<HDF5Reply>) => hear(data));
  worker.addEventListener("error", (event) => {
    event.preventDefault();
    fail(event);
  });
}

function unloadable(reason: string): InputError {
  return new InputError(
    `h5wasm, which reads the HDF5 file, cannot be loaded (${printable(reason, 240)})`,
  );
}

/** The error for a file that the library cannot read. */
export function unreadable(reason: string): InputError {
  return new InputError(`the HDF5 file cannot be read (${printable(reason, 160)}); get it again`);
}
