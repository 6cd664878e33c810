import { gunzip, InputError } from "../../mod.ts";
import { sha256, tryWriting, writeWhole } from "./files.ts";
import { requirePermissions } from "../terminal/permissions.ts";
import { showProgress } from "../terminal/progress.ts";

/** A gzipped file on the net. */
export interface RemoteFile {
  /** Its name at every mirror, and in the folder: "train-images-idx3-ubyte.gz". */
  readonly name: string;
  /** Bytes it unpacks to. */
  readonly size: number;
  /** SHA-256 of these, in hexadecimal digits: mirrors differ in how they packed them. */
  readonly sha256: string;
}

/** How files are downloaded. */
export interface DownloadOptions {
  /** Addresses to put a file's name after, tried one after the other. */
  mirrors: readonly string[];
  /** Ends it early: its reason is then thrown. */
  interruption: AbortSignal;
  /** How long a mirror may stay silent. */
  silence_ms?: number;
  /** Takes the lines of progress in place of stderr. */
  write?: (line: string) => void;
}

/**
 * Downloads files into a folder, which is created where it is missing. A file is there only when it
 * is complete and its content is known to be right; from a mirror that fails, or sends anything
 * else, nothing is kept.
 *
 * Throws InputError where no mirror sends a file as it must be, where the folder cannot be written,
 * or where a permission is missing.
 */
export async function download(
  files: readonly RemoteFile[],
  folder: string,
  options: DownloadOptions,
): Promise<void> {
  requirePermissions(
    { name: "read", path: folder },
    { name: "write", path: folder },
    ...options.mirrors.map((mirror) => ({ name: "net" as const, host: new URL(mirror).host })),
  );
  tryWriting(folder, "--data");
  for (const file of files) {
    const bytes = await fromAnyMirror(file, options);
    Deno.mkdirSync(folder, { recursive: true });
    writeWhole(`${folder}/${file.name}`, bytes);
  }
}

async function fromAnyMirror(
  file: RemoteFile,
  options: DownloadOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const failures: string[] = [];
  for (const mirror of options.mirrors) {
    try {
      const bytes = await receive(file, new URL(file.name, mirror), options);
      await check(file, bytes);
      return bytes;
    } catch (error) {
      options.interruption.throwIfAborted();
      if (error instanceof Deno.errors.NotCapable || !(error instanceof Error)) throw error;
      failures.push(`${new URL(mirror).host}: ${reasonOf(error)}`);
    }
  }
  throw new InputError(
    `${file.name} could not be downloaded (${failures.join("; ")}): try again later, or put the ` +
      "file into the folder yourself",
  );
}

/** What went wrong: fetch tells it as a cause, after the address that is known anyway. */
function reasonOf({ message, cause }: Error): string {
  const words = cause instanceof Error ? cause.message : message;
  return words.replace(/^error sending request for url \(.*?\): /, "");
}

/** The bytes that an address sends; a redirection is not followed, as the permission names hosts. */
async function receive(
  file: RemoteFile,
  url: URL,
  { interruption, silence_ms = 30_000, write }: DownloadOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  using silence = new SilenceAlarm(silence_ms);
  const signal = AbortSignal.any([interruption, silence.signal]);
  const response = await fetch(url, { redirect: "manual", signal });
  if (response.status !== 200 || response.body === null) {
    await response.body?.cancel();
    throw new Error(`it answers with status ${response.status}, where 200 belongs`);
  }
  const claimed = Number(response.headers.get("content-length"));
  using progress = showProgress({
    total: Math.ceil((claimed || file.size) / 1000),
    unit: `kB of ${file.name}`,
    ...write && { write },
  });
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for await (const chunk of response.body) {
    silence.postpone();
    size += chunk.length;
    if (size > file.size) throw new Error(`it sends more than ${file.size} bytes`);
    chunks.push(chunk);
    progress.update(Math.floor(size / 1000));
  }
  return await new Blob(chunks).bytes();
}

/** Aborts its signal when nothing was heard of for a while. */
class SilenceAlarm implements Disposable {
  readonly #controller = new AbortController();
  readonly #silence_ms: number;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(silence_ms: number) {
    this.#silence_ms = silence_ms;
    this.postpone();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  postpone(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const seconds = this.#silence_ms / 1000;
      this.#controller.abort(new Error(`it sent nothing for ${seconds} seconds`));
    }, this.#silence_ms);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}

async function check(file: RemoteFile, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  const unpacked = await gunzip(bytes, { limit: file.size });
  const found = sha256(unpacked);
  if (found === file.sha256) return;
  throw new Error(`it sends another file, of ${unpacked.length} bytes with the SHA-256 ${found}`);
}
