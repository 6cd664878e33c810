const unprintable = /[\p{C}\p{Zl}\p{Zp}]/gu;

/**
 * Text from a file or a user for an error of one line: what is no printable character stands as
 * `\u{...}`, so that it neither breaks the line nor speaks to a terminal.
 *
 * @param longest What is longer is cut to so many characters.
 */
export function printable(text: string, longest = 40): string {
  const cut = text.length > longest ? `${text.slice(0, longest)}...` : text;
  return cut.replace(unprintable, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`);
}

const mostDimensions = 8;

/** The sizes of an array as "2 x 3", of very many the first; a number alone has the size "1". */
export function shapeWords(dimensions: readonly number[]): string {
  if (dimensions.length === 0) return "1";
  const more = dimensions.length > mostDimensions ? ["..."] : [];
  return [...dimensions.slice(0, mostDimensions), ...more].join(" x ");
}
