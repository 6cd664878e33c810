import { exists, fill, release, sha256, writeWhole } from "../files/files.ts";
import { say } from "../terminal/terminal.ts";

/** The cases of the Faces problem as pairs of half floats. */
export interface PackedFaces {
  readonly train: Uint32Array<ArrayBuffer>;
  readonly test: Uint32Array<ArrayBuffer>;
}

/** To be raised with every change of the cases or of how they lie in the file. */
const version = 1;

const headerSize = 256;

const words = { train: 103_500 * 625 / 2, test: 41_400 * 625 / 2 };

/**
 * The cases that a file keeps, or those that `make` makes and the file is to keep; where it cannot
 * be read or written, a warning says so.
 *
 * @param images SHA-256 of the images that the cases are made from.
 */
export async function cachedFaces(
  path: string,
  images: string,
  make: () => Promise<PackedFaces>,
): Promise<PackedFaces> {
  const kept = orWarn(`${path} cannot be read`, () => readFacesCache(path, images));
  if (kept !== undefined) return kept;
  const cases = await make();
  orWarn(`${path} cannot be written`, () => writeFacesCache(path, images, cases));
  return cases;
}

function orWarn<T>(what: string, act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    say(`warning: ${what}: ${error.message}; a run without it takes some seconds more`);
  }
}

/**
 * The cases that {@linkcode writeFacesCache} wrote; undefined where there is no such file, where it
 * is damaged, of another version, or made from other images.
 *
 * @param images SHA-256 of the images that the cases are made from.
 */
export function readFacesCache(path: string, images: string): PackedFaces | undefined {
  if (!exists(path)) return undefined;
  using file = Deno.openSync(path);
  const header = new Uint8Array(headerSize);
  if (!fill(file, header)) return undefined;
  const text = new TextDecoder().decode(header);
  if (!text.startsWith(originOf(images))) return undefined;
  const train = new Uint32Array(words.train), test = new Uint32Array(words.test);
  const parts = [bytesOf(train), bytesOf(test)];
  const isWhole = parts.every((part) => fill(file, part));
  if (isWhole && text === headerOf(images, parts)) return { train, test };
  parts.forEach(release);
}

/** Keeps the cases for the next run. */
export function writeFacesCache(path: string, images: string, { train, test }: PackedFaces): void {
  const parts = [bytesOf(train), bytesOf(test)];
  writeWhole(path, headerOf(images, parts), ...parts);
}

/** How the header begins: what the content is made from, and how. */
function originOf(images: string): string {
  return `Nagare Faces cache, version ${version}\nimages ${images}\n`;
}

function headerOf(images: string, content: readonly Uint8Array[]): string {
  return `${originOf(images)}content ${sha256(...content)}\n`.padEnd(headerSize);
}

function bytesOf({ buffer }: Uint32Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(buffer);
}
