import { createHash } from "node:crypto";
import { dirname } from "node:path";
import { gunzip, InputError, isGzip, printable } from "../../mod.ts";

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
  if (exists(path) && Deno.statSync(path).isDirectory) return;
  const fault = exists(path) ? `${path} is no folder` : `there is no folder ${path}`;
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
    return Deno.statSync(path).isDirectory;
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
    const { isFile, isDirectory, size } = Deno.statSync(path);
    if (!isFile) {
      throw new InputError(`${name} is ${isDirectory ? "a folder" : "a device"}: name a file`);
    }
    if (size > largestFile) {
      throw new InputError(`${name} has ${size} bytes, of at most ${largestFile}: name another`);
    }
    using file = Deno.openSync(path);
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
function pathWords(text: string): string {
  return printable(text, 160);
}

/** Reads as many bytes as `bytes` has, and tells whether the file had so many left. */
export function fill(file: Deno.FsFile, bytes: Uint8Array): boolean {
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

/**
 * Writes a file by a temporary name in its folder, flushed to the disk before it is renamed: whatever
 * happens, under its name is the file as it was or as it is to be.
 */
export function writeWhole(path: string, ...parts: readonly (string | Uint8Array)[]): void {
  // Two processes may write the same file at once.
  const temporary = `${path}.${Deno.pid}.partial`;
  try {
    writeAndFlush(temporary, parts);
    Deno.renameSync(temporary, path);
    flushFolder(dirname(path));
  } catch (error) {
    removeIfThere(temporary);
    throw error;
  }
}

/** Removes what writes that were killed have left in a folder. */
export function removeLeftovers(folder: string): void {
  for (const { name } of Deno.readDirSync(folder)) {
    if (/\.\d+\.partial$/.test(name)) removeIfThere(`${folder}/${name}`);
  }
}

/** Has the disk know the names of a folder's files too. Windows opens no folders. */
function flushFolder(folder: string): void {
  if (Deno.build.os === "windows") return;
  using file = Deno.openSync(folder);
  file.syncSync();
}

function writeAndFlush(path: string, parts: readonly (string | Uint8Array)[]): void {
  using file = Deno.openSync(path, { write: true, create: true, truncate: true });
  for (const part of parts) {
    const bytes = typeof part === "string" ? new TextEncoder().encode(part) : part;
    for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
  }
  file.syncSync();
}

/**
 * Makes the folder and a file in it, then removes what was made. Throws InputError, in words that
 * name `flag`, where that fails.
 */
export function tryWriting(folder: string, flag: string): void {
  const made = missingFolders(folder);
  try {
    Deno.mkdirSync(folder, { recursive: true });
    Deno.removeSync(Deno.makeTempFileSync({ dir: folder, prefix: ".nagare-" }));
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable || !(error instanceof Error)) throw error;
    throw new InputError(
      `${pathWords(folder)} cannot be written (${pathWords(error.message)}); name another folder ` +
        `with ${flag}`,
    );
  } finally {
    made.forEach(removeIfEmpty);
  }
}

/** The folders that a path still lacks, the innermost first. */
function missingFolders(folder: string): string[] {
  const missing: string[] = [];
  for (let path = folder; path !== "." && !exists(path); path = dirname(path)) missing.push(path);
  return missing;
}

/** Removes a folder. Another run may have put something into it by now: then it stays. */
export function removeIfEmpty(folder: string): void {
  try {
    Deno.removeSync(folder);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
  }
}

/** Removes a file, which may be gone by now. */
export function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Whether there is something of this name. */
export function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return false;
    }
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
