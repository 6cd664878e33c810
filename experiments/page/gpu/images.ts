import { gunzip, InputError, isGzip, readIDX } from "../../../mod.ts";

/** Pixels of an image at most. */
const mostPixels = 64 * 64;

/** Images of a file, a byte a pixel. */
export interface ImageFile {
  readonly values: Uint8Array<ArrayBuffer>;
  readonly cases: number;
  /** Pixels of a row, and rows. */
  readonly width: number;
  readonly height: number;
}

/**
 * The images of an IDX file such as those of MNIST, packed by gzip or not. Throws InputError where
 * the file is none, is damaged, or holds something else, labels for example.
 */
export async function readImages(bytes: Uint8Array<ArrayBuffer>): Promise<ImageFile> {
  const { type, dimensions, data } = readIDX(isGzip(bytes) ? await gunzip(bytes) : bytes);
  if (type !== "u8" || dimensions.length !== 3) {
    const what = dimensions.length === 1 ? "labels" : `${type} of ${dimensions.length} dimensions`;
    throw new InputError(
      `it holds ${what}, where images belong: drop train-images-idx3-ubyte, plain or .gz`,
    );
  }
  const [cases, height, width] = dimensions;
  if (cases < 1 || width * height < 1 || width * height > mostPixels) {
    throw new InputError(
      `it holds ${cases} images of ${height} x ${width} pixels: give one or more, of 1 to ` +
        `${mostPixels} pixels`,
    );
  }
  return { values: data as Uint8Array<ArrayBuffer>, cases, width, height };
}
