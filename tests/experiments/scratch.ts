// Folders and files for tests.

/** A folder that goes, with all that is in it, at the end of a `using` block. */
export interface Scratch extends Disposable {
  readonly path: string;
  /** What lies in it, in order. */
  names(): string[];
  /** Writes a file in it and gives its path. */
  write(name: string, bytes: Uint8Array): string;
}

/** Makes one; `inMemory`, where the system has such a place, for tests that write very often. */
export function scratch({ inMemory = false } = {}): Scratch {
  const memory = "/dev/shm", isThere = inMemory && isFolder(memory);
  const path = Deno.makeTempDirSync({ prefix: "nagare-", ...isThere && { dir: memory } });
  return {
    path,
    names: () => [...Deno.readDirSync(path)].map(({ name }) => name).toSorted(),
    write(name, bytes) {
      Deno.writeFileSync(`${path}/${name}`, bytes);
      return `${path}/${name}`;
    },
    [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }),
  };
}

function isFolder(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

/** Bytes packed by gzip. */
export async function gzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const packed = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return await new Response(packed).bytes();
}

/** An IDX file of bytes: its header, and zeros where no content is given. */
export function idx(
  dimensions: readonly number[],
  content: Uint8Array = new Uint8Array(dimensions.reduce((product, n) => product * n)),
): Uint8Array<ArrayBuffer> {
  const file = new Uint8Array(4 + 4 * dimensions.length + content.length);
  const view = new DataView(file.buffer);
  file.set([0, 0, 8, dimensions.length]);
  dimensions.forEach((n, i) => view.setUint32(4 + 4 * i, n));
  file.set(content, 4 + 4 * dimensions.length);
  return file;
}
