/**
 * The names that an IDX file may have: programs that unpack archives write a dot in place of the
 * hyphen, train-images.idx3-ubyte.
 */
export function idxNames(name: string): string[] {
  return [name, name.replace(/-(?=idx\d-)/, ".")].flatMap((name) => [name, `${name}.gz`]);
}
