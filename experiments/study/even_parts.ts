/** Parts of about equal length, of `most` items at most. */
export function evenParts<T>(items: readonly T[], most: number): T[][] {
  const count = Math.ceil(items.length / most), size = Math.ceil(items.length / count);
  return Array.from({ length: count }, (_, i) => items.slice(size * i, size * (i + 1)));
}
