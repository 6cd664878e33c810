import { InputError } from "../errors.ts";
import type { MATArray, ReadMATOptions } from "./mat_array.ts";
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
 * limit; also if the library cannot be loaded.
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
  const worker = new Worker(new URL("./hdf5_worker.ts", import.meta.url), { type: "module" });
  try {
    return await converse(worker, { bytes: bytes.slice(), only, numericOnly, limit }, patience);
  } finally {
    worker.terminate();
  }
}

function converse(worker: Worker, request: HDF5Request, patience: number) {
  const { promise, resolve, reject } = Promise.withResolvers<Map<string, MATArray>>();
  const giveUp = () => reject(unreadable(`nothing came of it for ${patience} s`));
  let timer = setTimeout(giveUp, 1000 * patience), ready = false;
  worker.addEventListener("message", ({ data: reply }: MessageEvent<HDF5Reply>) => {
    clearTimeout(timer);
    timer = setTimeout(giveUp, 1000 * patience);
    ready = true;
    if (reply.kind === "ready") worker.postMessage(request, [request.bytes.buffer]);
    if (reply.kind === "arrays") resolve(reply.arrays);
    if (reply.kind === "refusal") reject(new InputError(reply.message));
  });
  worker.addEventListener("error", (event) => {
    event.preventDefault();
    reject(ready ? unreadable(event.message) : unloadable(event.message));
  });
  return promise.finally(() => clearTimeout(timer));
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
