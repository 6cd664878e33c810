import { createHash } from "node:crypto";
import { dirname } from "node:path";
import { gunzip, InputError, isGzip, printable } from "../../mod.ts";
import {
  type DiskFile,
  isUnsupported,
  list,
  makeFolder,
  open,
  remove,
  rename,
  stat,
  warnOnce,
} from "./disk.ts";
import { isSystemError } from "../terminal/program.ts";

/** Far beyond any data set here, and about what one array may have. */
const largestFile = 2 ** 32;

/** What a file holds, unpacked where it is packed by gzip. */
export interface FileContent {
  readonly path: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Of the unpacked bytes, which do not depend on who packed them. */
  readonly sha256: string;
}

/** Refuses what is no folder that is there; `hint` is another way out. Throws InputError. */
export function requireFolder(path: string, hint = ""): void {
  let fault = `there is no folder ${pathWords(path)}`;
  try {
    if (exists(path) && stat(path).isDirectory) return;
    if (exists(path)) fault = `${path} is no folder`;
  } catch (error) {
    if (!isSystemError(error)) throw error;
    fault = `${pathWords(path)} cannot be looked at (${pathWords(error.message)})`;
  }
  throw new InputError(`${fault}: name the one that holds the files with --data${hint}`);
}

/**
 * The first of some files that lies in a folder, as a path; undefined where there is none. What is
 * no file is found where no file is.
 */
export function findFile(folder: string, names: readonly string[]): string | undefined {
  const found = names.map((name) => `${folder}/${name}`).filter(exists);
  return found.find((path) => !isFolder(path)) ?? found[0];
}

function isFolder(path: string): boolean {
  try {
    return stat(path).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false; // a link to nothing
    throw error;
  }
}

/**
 * Reads a file and unpacks it. Names lie: some programs unpack a file that keeps its .gz, others
 * drop it from one that is still packed. Throws InputError, in words that name the file.
 */
export async function readUnpacked(path: string): Promise<FileContent> {
  const stored = readWhole(path);
  const bytes = isGzip(stored) ? await naming(path, () => gunzip(stored)) : stored;
  return { path, bytes, sha256: sha256(bytes) };
}

/**
 * The bytes of a file, in memory that is taken once: `Deno.readFile` takes twice the file's size.
 * Throws InputError, in words that name the file, where it is none or cannot be read.
 */
export function readWhole(path: string): Uint8Array<ArrayBuffer> {
  const name = pathWords(path);
  try {
    // Before it is opened: to open a pipe is to wait for its writer.
    const { isFile, isDirectory, size } = stat(path);
    if (!isFile) {
      throw new InputError(`${name} is ${isDirectory ? "a folder" : "a device"}: name a file`);
    }
    if (size > largestFile) {
      throw new InputError(`${name} has ${size} bytes, of at most ${largestFile}: name another`);
    }
    using file = open(path);
    const bytes = new Uint8Array(size);
    if (fill(file, bytes)) return bytes;
    throw new InputError(`${name} became shorter while it was read: try again`);
  } catch (error) {
    if (error instanceof InputError || error instanceof Deno.errors.NotCapable) throw error;
    const reason = pathWords(error instanceof Error ? error.message : String(error));
    throw new InputError(`${name} cannot be read: ${reason}`);
  }
}

/** A path in an error, or what the system says of it. */
export function pathWords(text: string): string {
  return printable(text, 160);
}

/** Reads as many bytes as `bytes` has, and tells whether the file had so many left. */
export function fill(file: Pick<Deno.FsFile, "readSync">, bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length;) {
    const count = file.readSync(bytes.subarray(at));
    if (count === null) return false;
    at += count;
  }
  return true;
}

/** What `read` makes of a file: an InputError of its names the file. */
export async function naming<T>(path: string, read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw error instanceof InputError
      ? new InputError(`${pathWords(path)}: ${error.message}`)
      : error;
  }
}

/** The SHA-256 of bytes, in hexadecimal digits. */
export function sha256(...parts: readonly Uint8Array[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
}

/** Two processes may write the same file at once, and on two machines they may have one number. */
const writer = crypto.getRandomValues(new Uint32Array(1))[0];

/** The name of a file until it is whole. */
export function partialName(path: string): string {
  return `${path}.${writer}.partial`;
}

/**
 * Writes a file by a temporary name in its folder, flushed to the disk before it is renamed: whatever
 * happens, under its name is the file as it was or as it is to be. Throws what the system says.
 */
export function writeWhole(path: string, ...parts: readonly (string | Uint8Array)[]): void {
  const temporary = partialName(path);
  try {
    {
      using file = open(temporary, { write: true, create: true, truncate: true });
      for (const part of parts) {
        file.writeAll(typeof part === "string" ? new TextEncoder().encode(part) : part);
      }
      flush(file);
    }
    rename(temporary, path);
    flushFolder(dirname(path));
  } catch (error) {
    removeIfThere(temporary);
    throw error;
  }
}

/** Removes what writes that were killed have left in a folder, as far as it can. */
export function removeLeftovers(folder: string): void {
  try {
    for (const name of list(folder)) {
      if (/\.\d+\.partial$/.test(name)) removeIfThere(`${folder}/${name}`);
    }
  } catch (error) {
    if (!isSystemError(error)) throw error;
  }
}

/** Has the disk know what a file holds. Some file systems cannot: they are warned of. */
export function flush(file: DiskFile): void {
  try {
    file.syncSync();
  } catch (error) {
    if (!isUnsupported(error)) throw error;
    warnOfFlush(file.path, error);
  }
}

/** Has the disk know the names of a folder's files too. Windows opens no folders. */
function flushFolder(folder: string): void {
  if (Deno.build.os === "windows") return;
  try {
    using file = open(folder);
    file.syncSync();
  } catch (error) {
    const isClosed = error instanceof Deno.errors.PermissionDenied;
    if (!isUnsupported(error) && !isClosed) throw error;
    warnOfFlush(folder, error);
  }
}

/** Of a file system that cannot be told to write now; a run does not depend on it. */
function warnOfFlush(path: string, error: unknown): void {
  const reason = error instanceof Error ? error.message : String(error);
  warnOnce(
    "flush",
    `${path} cannot be flushed to the disk (${reason}): the newest files may be lost if the ` +
      "machine, not only the run, breaks down; the run goes on",
  );
}

/**
 * Makes the folder and a file in it, as a run will, then removes what was made. Throws InputError,
 * in words that name `flag`, where that fails.
 */
export function tryWriting(folder: string, flag: string): void {
  for (let tries = 1;; tries++) {
    const made = missingFolders(folder);
    const probe = partialName(`${folder}/.nagare`);
    try {
      makeFolder(folder);
      writeWhole(probe, "");
      remove(probe);
      return;
    } catch (error) {
      if (error instanceof Deno.errors.NotCapable || !(error instanceof Error)) throw error;
      removeIfThere(probe);
      // Another process that tries the same folder has just taken it away again.
      const isRace = error instanceof Deno.errors.NotFound && tries < mostTries;
      if (!isRace) throw unwritable(folder, flag, error);
    } finally {
      made.forEach(removeIfEmpty);
    }
  }
}

/** Others may come and go between two looks; more often than this the file system is at fault. */
export const mostTries = 20;

/** The refusal of a folder that cannot be written, in words that name `flag`. */
export function unwritable(path: string, flag: string, { message }: Error): InputError {
  return new InputError(
    `${pathWords(path)} cannot be written (${
      pathWords(message)
    }); name another folder with ${flag}`,
  );
}

/** What `act` gives; what the system says of the path becomes its refusal. Throws InputError. */
export function orUnwritable<T>(path: string, act: () => T, flag = "--out"): T {
  try {
    return act();
  } catch (error) {
    throw isSystemError(error) ? unwritable(path, flag, error) : error;
  }
}

/** The folders that a path still lacks, the innermost first; those that can be seen. */
export function missingFolders(folder: string): string[] {
  const missing: string[] = [];
  for (
    let path = folder;
    path !== "." && isKnownMissing(path) && path !== dirname(path);
    path = dirname(path)
  ) missing.push(path);
  return missing;
}

/** Whether there is nothing of this name, as far as that can be seen. */
export function isKnownMissing(path: string): boolean {
  try {
    return !exists(path);
  } catch (error) {
    if (isSystemError(error)) return false;
    throw error;
  }
}

/** Removes a folder. Another run may have put something into it by now: then it stays. */
export function removeIfEmpty(folder: string): void {
  removeIfThere(folder);
}

/** Removes a file, as far as the system lets it. */
export function removeIfThere(path: string): void {
  try {
    remove(path);
  } catch (error) {
    if (!isSystemError(error)) throw error;
  }
}

/** Whether there is something of this name; nothing has a name that is too long. */
export function exists(path: string): boolean {
  try {
    stat(path, { link: true });
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return false;
    }
    if (error instanceof Error && "code" in error && error.code === "ENAMETOOLONG") return false;
    throw error;
  }
}

/** A whole file; undefined where it cannot be read, for those who go on either way. */
export function readIfReadable(path: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return exists(path) ? readWhole(path) : undefined;
  } catch (error) {
    if (error instanceof InputError || isSystemError(error)) return undefined;
    throw error;
  }
}

/**
 * Gives the memory of an array back at once, and with it that of others that share it; the garbage
 * collector may come by much later.
 */
export function release({ buffer }: ArrayBufferView<ArrayBuffer>): void {
  if (!buffer.detached) buffer.transfer(0);
}
