import { colorAt, type Hue } from "./vega.ts";

/** Lengths of strokes and gaps in turn. */
export type Dash = readonly number[];

/** How a line is drawn. */
export interface Look {
  readonly color: string;
  readonly dash: Dash;
}

/** No gaps. */
export const solid: Dash = [1, 0];

const dashes: readonly Dash[] = [solid, [6, 3], [1.5, 2.5], [9, 3, 1.5, 3]];

/** Of a hue, side by side: more cannot be told apart. */
const mostShades = 4;

/** A line to be told apart: its hue, and the momentum that shades it. */
interface Shaded {
  readonly hue: Hue;
  readonly mu: string | undefined;
}

/**
 * The looks of lines that stand in one panel, no two the same among 16 of a hue: light to dark in
 * their order, and dashes where a hue has more than four lines. Among several hues, those that the
 * colour-blind take for others are dashed too.
 */
export function looksOf(lines: readonly Shaded[]): Look[] {
  const looks = new Map<Shaded, Look>();
  const families = Map.groupBy(lines, ({ hue }) => hue);
  for (const [hue, family] of families) {
    const first = families.size > 1 ? hue.dash : 0;
    const places = placesOf(family);
    const shades = Math.max(...places.map(({ shade }) => shade)) + 1;
    family.forEach((line, i) => {
      const { shade, dash } = places[i];
      const color = colorAt(hue, shades > 1 ? shade / (shades - 1) : 0.5);
      looks.set(line, { color, dash: dashes[(first + dash) % dashes.length] });
    });
  }
  return lines.map((line) => looks.get(line)!);
}

/** The shade and the dash of each line of a hue. */
function placesOf(family: readonly Shaded[]): { shade: number; dash: number }[] {
  const mus = [...Map.groupBy(family, ({ mu }) => mu).values()];
  const areMusShades = family.length > mostShades && mus.length > 1 && mus.length <= mostShades &&
    mus.every(({ length }) => length <= dashes.length);
  if (areMusShades) {
    return family.map((line) => {
      const shade = mus.findIndex((same) => same.includes(line));
      return { shade, dash: mus[shade].indexOf(line) };
    });
  }
  const used = Math.ceil(family.length / mostShades);
  return family.map((_, i) => ({ shade: Math.floor(i / used), dash: i % used }));
}
