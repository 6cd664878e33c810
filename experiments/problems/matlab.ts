import { isMAT73, type MATArray, readMAT, readMAT73, type ReadMATOptions } from "../../mod.ts";
import { type FileContent, naming, readWhole, release, sha256 } from "../files/files.ts";

/** A MATLAB file, read: what is made of its arrays, and which file it was. */
export interface MatlabFile<T> {
  readonly content: T;
  readonly file: Omit<FileContent, "bytes">;
}

/**
 * Makes something of variables of a MATLAB file, of MATLAB 5 or 7.3. The memory of file and arrays
 * is given back as soon as it is done with: the largest file has 414 MB.
 */
export function readMatlab<T>(
  path: string,
  only: readonly string[],
  use: (arrays: ReadonlyMap<string, MATArray>) => T,
): Promise<MatlabFile<T>> {
  return naming(path, async () => {
    const bytes = readWhole(path);
    const file = { path, sha256: sha256(bytes) };
    const arrays = await readArrays(bytes, { only });
    const data = [...arrays.values()].map((array) => array.data as ArrayBufferView<ArrayBuffer>);
    if (data.every(({ buffer }) => buffer !== bytes.buffer)) release(bytes);
    const content = use(arrays);
    data.forEach(release);
    return { content, file };
  });
}

/** The arrays of a MATLAB file of any version from 5 on. */
export async function readArrays(
  bytes: Uint8Array,
  options: ReadMATOptions,
): Promise<Map<string, MATArray>> {
  return isMAT73(bytes) ? await readMAT73(bytes, options) : await readMAT(bytes, options);
}
