/** A text in lines of so many characters: broken at commas, else at spaces, else where it must. */
export function textLines(text: string, length: number): string[] {
  const broken = (lines: readonly string[], between: string) =>
    lines.flatMap((line) =>
      line.length > length ? inLines(line.split(between), between, length) : [line]
    );
  return broken(broken([text], ", "), " ")
    .flatMap((line) => line.match(new RegExp(`.{1,${length}}`, "g")) ?? []);
}

/** Words side by side, in lines of about so many characters. */
export function inLines(words: readonly string[], between: string, length: number): string[] {
  return words.reduce<string[]>((lines, word) => {
    const last = lines.at(-1);
    const joined = `${last}${between}${word}`;
    const fits = last !== undefined && joined.length <= length;
    return fits ? [...lines.slice(0, -1), joined] : [...lines, word];
  }, []);
}
