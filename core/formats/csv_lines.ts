import { InputError } from "../errors.ts";

/** A line of a table that is not blank; more than one where a quoted name goes over several. */
export interface TextRow {
  readonly text: string;
  /** Where it begins, counted from 1. */
  readonly line: number;
  /** Blank lines right before it. */
  readonly blank: number;
  /** A bound of the lines from it on. */
  readonly linesLeft: number;
}

const lineFeed = 0x0a, carriageReturn = 0x0d;

/** Longer than a line of a million numbers: such a file has no lines. */
const longestLine = 2 ** 25;

/** The bytes of a text as UTF-8: a byte order mark tells those of UTF-16. */
export function toUTF8(bytes: Uint8Array): Uint8Array {
  const [first, second] = bytes;
  if (!(first === 0xff && second === 0xfe) && !(first === 0xfe && second === 0xff)) return bytes;
  if (first === 0xff && bytes.length > 3 && bytes[2] === 0 && bytes[3] === 0) {
    throw new InputError("the text is of UTF-32, which is not read; save it as UTF-8");
  }
  const decoder = new TextDecoder(first === 0xff ? "utf-16le" : "utf-16be");
  return new TextEncoder().encode(decoder.decode(bytes));
}

/**
 * The rows of a table in text that ends its lines by LF, CR LF or CR. A row with a quote that is
 * open at the end of its line goes on in the next (RFC 4180).
 */
export function* readRows(bytes: Uint8Array): Generator<TextRow> {
  let line = 0, blank = 0;
  let open: { text: string; line: number } | undefined;
  const count = countLines(bytes);
  for (const text of readLines(bytes)) {
    line++;
    if (open === undefined && text.trim() === "") {
      blank++;
      continue;
    }
    const whole: { text: string; line: number } = open
      ? { ...open, text: `${open.text}\n${text}` }
      : { text, line };
    // A quote within a field is doubled, so that an open one makes the number odd.
    const isOpen = countQuotes(text) % 2 === 1 ? open === undefined : open !== undefined;
    open = isOpen ? whole : undefined;
    if (whole.text.length > longestLine) break;
    if (isOpen) continue;
    yield { ...whole, blank, linesLeft: count - whole.line + 1 };
    blank = 0;
  }
  if (open === undefined) return;
  throw new InputError(`line ${open.line} of the table opens a quote that is not closed; close it`);
}

function* readLines(bytes: Uint8Array): Generator<string> {
  const decoder = new TextDecoder();
  let feed = bytes.indexOf(lineFeed), carriage = bytes.indexOf(carriageReturn);
  for (let start = 0; start < bytes.length;) {
    if (feed >= 0 && feed < start) feed = bytes.indexOf(lineFeed, start);
    if (carriage >= 0 && carriage < start) carriage = bytes.indexOf(carriageReturn, start);
    const ends = [feed, carriage].filter((at) => at >= 0);
    const end = Math.min(...ends, bytes.length);
    if (end - start > longestLine) {
      throw new InputError(
        `the table has a line of ${end - start} bytes, above ${longestLine}; is it text?`,
      );
    }
    yield decoder.decode(bytes.subarray(start, end));
    start = end + (bytes[end] === carriageReturn && bytes[end + 1] === lineFeed ? 2 : 1);
  }
}

function countLines(bytes: Uint8Array): number {
  const end = bytes.findLastIndex((byte) => byte !== lineFeed && byte !== carriageReturn) + 1;
  let count = 1;
  for (let at = bytes.indexOf(lineFeed); at >= 0 && at < end;) {
    count++;
    at = bytes.indexOf(lineFeed, at + 1);
  }
  for (let at = bytes.indexOf(carriageReturn); at >= 0 && at < end;) {
    if (bytes[at + 1] !== lineFeed) count++;
    at = bytes.indexOf(carriageReturn, at + 1);
  }
  return count;
}

function countQuotes(text: string): number {
  let count = 0;
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) count++;
  return count;
}
