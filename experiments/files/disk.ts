import { isSystemError } from "../terminal/program.ts";
import { say } from "../terminal/terminal.ts";

/** The system calls on files and folders. */
export const diskCalls = [
  ...["open", "create", "read", "write", "truncate", "seek", "sync", "stat", "lock"],
  ...["mkdir", "rename", "remove", "list"],
] as const;

/** What a call fails with; undefined where it is carried out. */
export type Fault = (call: string, path: string) => Error | undefined;

let fault: Fault | undefined;
const warned = new Set<string>();

/** Has calls fail until disposed of: for tests. */
export function injectFaults(next: Fault): Disposable {
  fault = next;
  warned.clear();
  return {
    [Symbol.dispose]() {
      fault = undefined;
      warned.clear();
    },
  };
}

/** Says once in the life of the process what a file system cannot do, and what that means. */
export function warnOnce(what: string, line: string): void {
  if (!warned.has(what)) say(`warning: ${line}`);
  warned.add(what);
}

/** Carries a call out; what the system says of a failure names the path. */
function perform<T>(call: string, path: string, act: () => T): T {
  try {
    const error = fault?.(call, path);
    if (error) throw error;
    return act();
  } catch (error) {
    if (isSystemError(error) && !error.message.includes(path)) {
      error.message += `: ${call} '${path}'`;
    }
    throw error;
  }
}

/** An open file; its methods are those of Deno.FsFile. */
export class DiskFile implements Disposable {
  readonly path: string;
  readonly #file: Deno.FsFile;

  constructor(path: string, file: Deno.FsFile) {
    this.path = path;
    this.#file = file;
  }

  readSync(bytes: Uint8Array): number | null {
    return perform("read", this.path, () => this.#file.readSync(bytes));
  }

  /** Writes all of it. */
  writeAll(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      at += perform("write", this.path, () => this.#file.writeSync(bytes.subarray(at)));
    }
  }

  truncateSync(length: number): void {
    perform("truncate", this.path, () => this.#file.truncateSync(length));
  }

  /** Goes to its beginning. */
  rewind(): void {
    perform("seek", this.path, () => this.#file.seekSync(0, Deno.SeekMode.Start));
  }

  syncSync(): void {
    perform("sync", this.path, () => this.#file.syncSync());
  }

  statSync(): Deno.FileInfo {
    return perform("stat", this.path, () => this.#file.statSync());
  }

  /** Whether it is locked now; false where another open file holds a lock. */
  tryLockSync(exclusive: boolean): boolean {
    return perform("lock", this.path, () => this.#file.tryLockSync(exclusive));
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}

/** Opens a file or a folder: to read, where nothing else is said. */
export function open(path: string, options: Deno.OpenOptions = { read: true }): DiskFile {
  const call = options.createNew ? "create" : "open";
  return new DiskFile(path, perform(call, path, () => Deno.openSync(path, options)));
}

/** Of what a name leads to, or with `link` of the link itself. */
export function stat(path: string, { link = false } = {}): Deno.FileInfo {
  return perform("stat", path, () => link ? Deno.lstatSync(path) : Deno.statSync(path));
}

/** Makes a folder, and those around it, where they are not there. */
export function makeFolder(path: string): void {
  perform("mkdir", path, () => Deno.mkdirSync(path, { recursive: true }));
}

/** Makes a folder that is not there yet; the system tells whose it is where two try at once. */
export function createFolder(path: string): void {
  perform("mkdir", path, () => Deno.mkdirSync(path));
}

export function rename(from: string, to: string): void {
  perform("rename", to, () => Deno.renameSync(from, to));
}

/** Removes a file, or a folder with nothing in it. */
export function remove(path: string): void {
  perform("remove", path, () => Deno.removeSync(path));
}

/** The names in a folder, in order. */
export function list(folder: string): string[] {
  return perform("list", folder, () => Array.from(Deno.readDirSync(folder), ({ name }) => name))
    .toSorted();
}

/** Whether the system, or the file system, knows no such call: then it always fails. */
export function isUnsupported(error: unknown): boolean {
  if (error instanceof Deno.errors.NotSupported) return true;
  if (!isSystemError(error)) return false;
  const code = "code" in error ? String(error.code) : "";
  const number = error.message.match(/\(os error (\d+)\)/)?.[1] ?? "";
  return ["EINVAL", "ENOSYS", "ENOTSUP", "EOPNOTSUPP", "ENOTTY", "ENOLCK"].includes(code) ||
    unsupportedNumbers[Deno.build.os]?.includes(number) === true;
}

/** Where Deno has no name for them. */
const unsupportedNumbers: { [os in typeof Deno.build.os]?: readonly string[] } = {
  linux: ["22", "37", "38", "95"],
  darwin: ["22", "45", "77", "78", "102"],
};
