import { InputError } from "../../mod.ts";
import {
  type Claimant,
  claimantName,
  isGone,
  isRequeued,
  isSameHost,
  thisProcess,
} from "./claimant.ts";
import { type DiskFile, open, remove, stat } from "./disk.ts";
import { mostTries, partialName, removeIfThere } from "./files.ts";
import { isSystemError } from "../terminal/program.ts";
import { say } from "../terminal/terminal.ts";

/** Another process is at work in a folder, or may be. */
export class TakenError extends InputError {}

/** So often a claim is written anew. */
const heartbeat_ms = 30_000;

/** After this time without a heartbeat the claim of another machine counts no more. */
export const silence_ms = 5 * 60_000;

/** A claim comes into being in a moment; one that stays unfinished was killed meanwhile. */
const unfinished_ms = 2000;

/** What a claim file says. */
interface Said extends Claimant {
  /** Of this claim alone. */
  readonly token: string;
  readonly since: string;
  readonly heard: string;
  /** Whether its process has the file locked as long as it lives. */
  readonly locked: boolean;
}

/**
 * A file by which one process has a place to itself, on any machine that sees it. It is created only
 * where there is none, and locked where the file system has locks, so that a process that was killed
 * leaves no claim that counts.
 */
export class Claim implements Disposable {
  readonly #path: string;
  readonly #folder: string;
  readonly #timer: ReturnType<typeof setInterval>;
  #file: DiskFile;
  #said: Said;
  #isLost = false;

  /**
   * Claims `folder` by the file at `path`. Throws InputError where another process has it, and what
   * the system says where there can be no such file.
   */
  constructor(path: string, folder: string) {
    this.#path = path;
    this.#folder = folder;
    const since = new Date().toISOString();
    const said = { token: crypto.randomUUID(), ...thisProcess(), since, heard: since };
    const { file, isLocked, isSafe } = take(path, folder);
    this.#file = file;
    this.#said = { ...said, locked: isLocked };
    try {
      this.#write();
      if (!isSafe) this.#outwait();
    } catch (error) {
      if (!(error instanceof InputError)) removeIfThere(path);
      file[Symbol.dispose]();
      throw error;
    }
    this.#timer = setInterval(() => this.beat(), heartbeat_ms);
    Deno.unrefTimer(Number(this.#timer));
  }

  /** Whether another machine has taken it over. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /** Says that the process lives; makes the claim again where its folder was made again. */
  beat(): void {
    try {
      const found = readAt(this.#path);
      if (found === undefined) this.#createAgain();
      else if (found !== "unfinished" && found.token !== this.#said.token) this.#isLost = true;
      else this.#write();
    } catch (error) {
      // The next one may come about.
      if (!isSystemError(error)) throw error;
    }
  }

  /** Gives it up. */
  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    try {
      const found = readAt(this.#path);
      if (typeof found === "object" && found.token === this.#said.token) remove(this.#path);
    } catch (error) {
      // Without its process it counts no more.
      if (!isSystemError(error)) throw error;
    } finally {
      this.#file[Symbol.dispose]();
    }
  }

  #write(): void {
    this.#said = { ...this.#said, heard: new Date().toISOString() };
    this.#file.rewind();
    this.#file.writeAll(new TextEncoder().encode(JSON.stringify(this.#said) + "\n"));
  }

  #createAgain(): void {
    const file = open(this.#path, { read: true, write: true, createNew: true });
    this.#file[Symbol.dispose]();
    this.#file = file;
    this.#said = { ...this.#said, locked: tryLock(file) === "locked" };
    this.#write();
  }

  /** Of several that take one claim over at once the last one has it. */
  #outwait(): void {
    sleep(1000);
    const found = readAt(this.#path);
    if (typeof found === "object" && found.token === this.#said.token) return;
    throw new TakenError(refusal(this.#folder, typeof found === "object" ? found : undefined));
  }
}

/** Refuses a place that another process has claimed. Throws InputError. */
export function refuseClaimed(path: string, folder: string): void {
  const taken = seize(path, folder);
  if (taken === undefined) return;
  removeIfThere(path);
  taken.file[Symbol.dispose]();
}

interface Taken {
  readonly file: DiskFile;
  readonly isLocked: boolean;
  /** Whether no other process can have taken it at the same time. */
  readonly isSafe: boolean;
}

/** A new claim file, or that of a process that is no more. */
function take(path: string, folder: string): Taken {
  for (let tries = 0;; tries++) {
    try {
      const file = open(path, { read: true, write: true, createNew: true });
      // Another process may be looking whether it is a claim that was left behind.
      for (let waited = 0; waited < unfinished_ms; waited += 20) {
        const lock = tryLock(file);
        if (lock !== "held") return { file, isLocked: lock === "locked", isSafe: true };
        sleep(20);
      }
      file[Symbol.dispose]();
      throw new TakenError(refusal(folder));
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists) || tries >= mostTries) throw error;
    }
    const taken = seize(path, folder);
    if (taken === undefined) continue;
    try {
      taken.file.truncateSync(0);
    } catch (error) {
      taken.file[Symbol.dispose]();
      throw error;
    }
    return taken;
  }
}

/**
 * The file of a claim that counts no more, locked where that is possible; undefined where there is
 * none. Throws InputError where it counts.
 */
function seize(path: string, folder: string): Taken | undefined {
  const start = performance.now();
  for (let tries = 0;;) {
    const file = openRival(path, folder);
    if (file === undefined) return undefined;
    using opened = new DisposableStack();
    opened.use(file);
    const lock = tryLock(file);
    const said = readFrom(file);
    if (lock === "held") throw new TakenError(refusal(folder, said));
    if (said === undefined && performance.now() - start < unfinished_ms) {
      opened.dispose();
      sleep(20);
      continue;
    }
    // Its process may have given it up, and another one made it anew.
    if (!isInPlace(file)) {
      if (tries++ < mostTries) continue;
      throw new TakenError(refusal(folder, said));
    }
    const isHere = said === undefined || isSameHost(said);
    const isSafe = isHere && lock === "locked";
    const isDead = isSafe && (said?.locked ?? true) ||
      said !== undefined && (isHere && isGone(said) || isRequeued(said));
    if (!isDead) refuseHeard(file, folder, said);
    opened.move();
    return { file, isLocked: lock === "locked", isSafe };
  }
}

/** Refuses a claim that was renewed of late, and says that another one is taken over. */
function refuseHeard(file: DiskFile, folder: string, said: Said | undefined): void {
  const silent_ms = now(folder) - (file.statSync().mtime?.getTime() ?? 0);
  const seconds = (time_ms: number) => `${Math.round(Math.max(0, time_ms) / 1000)} s`;
  if (silent_ms < silence_ms) {
    throw new TakenError(
      `${refusal(folder, said)}; it was heard of ${seconds(silent_ms)} ago, and is taken ` +
        `over after ${seconds(silence_ms)} of silence`,
    );
  }
  say(
    `note: ${folder} was claimed by ${claimantName(said)}, of which nothing was heard for ` +
      `${seconds(silent_ms)}: it is taken over`,
  );
}

/** The time by the clock that stamps the files of a folder, which may be that of another machine. */
function now(folder: string): number {
  const probe = partialName(`${folder}/.claim`);
  try {
    using file = open(probe, { write: true, create: true, truncate: true });
    file.writeAll(new Uint8Array(1));
    return file.statSync().mtime?.getTime() ?? Date.now();
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return Date.now();
  } finally {
    removeIfThere(probe);
  }
}

function refusal(folder: string, said?: Said): string {
  const who = said ? ` (${claimantName(said)})` : "";
  return `another run is at work in ${folder}${who}: wait until it has ended, or name another folder`;
}

function openIfThere(path: string): DiskFile | undefined {
  try {
    return open(path, { read: true, write: true });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** The claim of another process. Throws InputError where it is there and cannot be read. */
function openRival(path: string, folder: string): DiskFile | undefined {
  try {
    return openIfThere(path);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw new TakenError(
      `another run may be at work in ${folder}, as ${path} cannot be read (${error.message}): wait ` +
        "until it has ended, or name another folder",
    );
  }
}

function tryLock(file: DiskFile): "locked" | "held" | "unsupported" {
  try {
    return file.tryLockSync(true) ? "locked" : "held";
  } catch (error) {
    if (isSystemError(error)) return "unsupported";
    throw error;
  }
}

function isInPlace(file: DiskFile): boolean {
  try {
    return stat(file.path).ino === file.statSync().ino;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function readAt(path: string): Said | "unfinished" | undefined {
  const file = openIfThere(path);
  if (file === undefined) return undefined;
  using opened = file;
  return readFrom(opened) ?? "unfinished";
}

/** What a claim says; undefined where it is not finished, or was damaged. */
function readFrom(file: DiskFile): Said | undefined {
  const bytes = new Uint8Array(4096);
  try {
    file.rewind();
    const length = file.readSync(bytes) ?? 0;
    const said = JSON.parse(new TextDecoder().decode(bytes.subarray(0, length)));
    return typeof said?.token === "string" ? said : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || isSystemError(error)) return undefined;
    throw error;
  }
}

function sleep(time_ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, time_ms);
}
