import { InputError } from "../../mod.ts";
import { encode } from "fast-png";

/** How images are laid out on a sheet. */
export interface SheetOptions {
  /** Pixels of an image from left to right. */
  width: number;
  /** Pixels of an image from top to bottom. */
  height: number;
  /** Images side by side. */
  columns: number;
  /** Pixels of the sheet for one of an image, in each direction. */
  scale?: number;
  /** The values drawn black and white; values beyond are drawn so too, NaN in grey. */
  range?: readonly [black: number, white: number];
}

const background = 255;
const notANumber = 128;

/** Pixels of the sheet between images. */
const gap = 2;

/** Pixels between rows that do not belong together. */
const wideGap = 10;

/**
 * A sheet of grey images as PNG bytes, row by row.
 *
 * @param images [count, height, width]
 * @throws InputError where there is no image, or a part of one
 */
export function montage(images: Float32Array, options: SheetOptions): Uint8Array {
  return encodeSheet(splitRows(images, options), 1, options);
}

/**
 * A sheet of inputs and what a network makes of them: below each row of inputs that of their
 * reconstructions.
 *
 * @param inputs [count, height, width]
 * @param reconstructions [count, height, width], in the same order
 * @throws InputError where there is no image, a part of one, or not as many of both
 */
export function reconstructionSheet(
  inputs: Float32Array,
  reconstructions: Float32Array,
  options: SheetOptions,
): Uint8Array {
  if (inputs.length !== reconstructions.length) {
    throw new InputError(
      `${inputs.length} pixels of inputs, but ${reconstructions.length} of reconstructions`,
    );
  }
  const below = splitRows(reconstructions, options);
  const rows = splitRows(inputs, options).flatMap((row, i) => [row, below[i]]);
  return encodeSheet(rows, 2, options);
}

/** The images of each row, the last of which may be short. */
function splitRows(images: Float32Array, { width, height, columns }: SheetOptions): Float32Array[] {
  const size = width * height;
  if (images.length === 0 || images.length % size !== 0) {
    throw new InputError(`${images.length} pixels are not images of ${width} x ${height} pixels`);
  }
  const rows = Math.ceil(images.length / (size * columns));
  return Array.from(
    { length: rows },
    (_, i) => images.subarray(i * columns * size, (i + 1) * columns * size),
  );
}

function encodeSheet(
  rows: readonly Float32Array[],
  rowsTogether: number,
  options: SheetOptions,
): Uint8Array {
  const { width, height, scale = 2 } = options;
  const perRow = rows[0].length / (width * height);
  const top = (row: number) =>
    gap + row * (height * scale + gap) + Math.floor(row / rowsTogether) * (wideGap - gap);
  const sheetWidth = gap + perRow * (width * scale + gap);
  const sheetHeight = top(rows.length - 1) + height * scale + gap;
  const sheet = new Uint8Array(sheetWidth * sheetHeight).fill(background);
  rows.forEach((images, row) => {
    for (let i = 0; i < images.length; i++) {
      const column = Math.floor(i / (width * height));
      const x = gap + column * (width * scale + gap) + (i % width) * scale;
      const y = top(row) + (Math.floor(i / width) % height) * scale;
      fillSquare(sheet, sheetWidth, x, y, scale, greyOf(images[i], options.range));
    }
  });
  return encode({ width: sheetWidth, height: sheetHeight, data: sheet, channels: 1, depth: 8 });
}

function fillSquare(
  sheet: Uint8Array,
  sheetWidth: number,
  x: number,
  y: number,
  side: number,
  grey: number,
): void {
  for (let line = y; line < y + side; line++) {
    sheet.fill(grey, line * sheetWidth + x, line * sheetWidth + x + side);
  }
}

/** The grey of a value, 0 to 255. */
export function greyOf(value: number, [black, white]: readonly [number, number] = [0, 1]): number {
  if (Number.isNaN(value)) return notANumber;
  return Math.round(255 * Math.min(1, Math.max(0, (value - black) / (white - black))));
}
