import { philox4x32, type Purpose, seedKey } from "../random.ts";

/** Which numbers {@linkcode gaussianNoise} draws. */
export interface NoiseDraw {
  /** Of the replica. */
  seed: number;
  /** What they are for. */
  purpose: Purpose;
  /** Updates done before this one. */
  update: number;
  /** Of the matrix that they are added to; 1 if not given. */
  rows?: number;
  /** Of the matrix that they are added to. */
  columns: number;
  /** Of a layer whose rows are cases: what its draws go by in place of their rows. */
  cases?: CasePlaces & { layer: number };
}

/** Where rows [T, B] are cases in their epoch. */
export interface CasePlaces {
  /** The place of the first one. Default: 0. */
  position?: number;
  /** T. Default: 1. */
  steps?: number;
}

/**
 * The number of the generator's block for a quad of columns of row `row` of cases [T, B]: as
 * shaders/common/case_block.wgsl.
 */
export function caseBlock(
  { position = 0, steps = 1 }: CasePlaces,
  { rows, quads }: { rows: number; quads: number },
  row: number,
  quad: number,
): number {
  const batch = rows / steps;
  const [step, number] = [Math.floor(row / batch), position + row % batch];
  return ((number * steps + step) * quads + quad) >>> 0;
}

/**
 * The draws from N(0, 1) that the engine adds to a matrix [rows, columns] at an update, row by row:
 * by the method of Box and Muller, two pairs from the four words of a block of Philox4x32-10 for
 * each four columns. A pair of words (a, b) gives
 *
 * r = sqrt(-2 log((floor(a / 2^8) + 1) / 2^24)), and r cos, r sin of
 * (floor(b / 2^8) + 1/2) pi / 2^23, b with its sign.
 */
export function gaussianNoise(draw: NoiseDraw): Float64Array {
  const { seed, purpose, update, rows = 1, columns, cases } = draw;
  const key = seedKey(seed);
  const quads = Math.ceil(columns / 4);
  const values = new Float64Array(rows * columns);
  for (let block = 0; block < rows * quads; block++) {
    const [row, quad] = [Math.floor(block / quads), block % quads];
    const own = cases ? caseBlock(cases, { rows, quads }, row, quad) : block;
    const [a, b, c, d] = philox4x32([own, update, cases?.layer ?? 0, purpose], key);
    const normals = [...normalPair(a, b), ...normalPair(c, d)];
    for (let i = 0, column = 4 * quad; i < 4 && column < columns; i++, column++) {
      values[row * columns + column] = normals[i];
    }
  }
  return values;
}

function normalPair(a: number, b: number): [number, number] {
  const radius = Math.sqrt(-2 * Math.log(((a >>> 8) + 1) / 2 ** 24));
  const angle = ((b >> 8) + 0.5) * (Math.PI / 2 ** 23); // the shift keeps the sign
  return [radius * Math.cos(angle), radius * Math.sin(angle)];
}
