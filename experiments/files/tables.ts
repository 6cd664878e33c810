import { InputError, printable } from "../../mod.ts";
import { type Cell as CsvCell, parse, stringify } from "@std/csv";
import { type DiskFile, open, stat } from "./disk.ts";
import { exists, fill, flush } from "./files.ts";
import { isSystemError } from "../terminal/program.ts";

/** A value of a table: undefined and null are left empty. */
export type Cell = string | number | boolean | null | undefined;

/** A row as it is read back: every cell is text. */
export type TableRow = Readonly<Record<string, string>>;

/** How a table is written; see {@linkcode Table}. */
export interface TableOptions {
  /** What it begins with, the heading included; "" is the heading alone. */
  keep?: string;
  /** Carries a write out; one that failed may be tried again. Default: at once. */
  attempt?: (write: () => void) => void;
}

const newline = "\n".charCodeAt(0);

/**
 * A CSV file that grows by rows: each is in the file when {@linkcode Table.append} returns. Where
 * the system refuses a write, the rows wait for the next {@linkcode Table.save}; a file that
 * somebody removed is made again.
 */
export class Table<Column extends string> implements Disposable {
  readonly #path: string;
  readonly #columns: readonly Column[];
  readonly #attempt: (write: () => void) => void;
  /** Open from the first write on. */
  #file: DiskFile | undefined;
  /** What the file holds or is to hold, in the parts that were written at once. */
  readonly #parts: Uint8Array[] = [];
  #length = 0;
  /** How much of it is in the file. */
  #saved = { parts: 0, length: 0 };

  /**
   * Creates the file with its heading, or goes on with it where a part of it is kept; one that does
   * not begin with that part is made again.
   */
  constructor(path: string, columns: readonly Column[], options: TableOptions = {}) {
    const { keep = "", attempt = (write) => write() } = options;
    this.#path = path;
    this.#columns = columns;
    this.#attempt = attempt;
    this.#add(encode(keep || csvLine(columns)));
    this.#attempt(() => {
      if (keep) this.#openWhereKept();
      this.save();
    });
  }

  /** Bytes of the file, those that wait to be written included. */
  get length(): number {
    return this.#length;
  }

  /** What the file holds, or is to hold. */
  get text(): string {
    return this.#parts.map((part) => new TextDecoder().decode(part)).join("");
  }

  /** Adds rows in one write, so that rows that belong together are there together. */
  append(...rows: readonly Readonly<Record<Column, Cell>>[]): void {
    const lines = rows.map((row) => csvLine(this.#columns.map((column) => row[column])));
    this.#add(encode(lines.join("")));
    this.#attempt(() => this.save());
  }

  /** Has the file hold another text; the lines that it begins with stay untouched where they are the same. */
  rewrite(text: string): void {
    if (text === this.text) return;
    const before = encode(this.text), after = encode(text);
    let same = 0;
    while (same < this.#saved.length && before[same] === after[same]) same++;
    same = after.lastIndexOf(newline, same - 1) + 1;
    this.#parts.splice(0, Infinity, after.subarray(0, same), after.subarray(same));
    this.#length = after.length;
    this.#saved = { parts: 1, length: same };
    this.#attempt(() => this.save());
  }

  /** Brings the file up to date, and onto the disk. Throws what the system says where that fails. */
  save(): void {
    const file = this.#isInPlace() ? this.#file! : this.#openAgain();
    // Not only of what was cut: a write that failed may have left a part of a row.
    file.truncateSync(this.#saved.length);
    while (this.#saved.parts < this.#parts.length) {
      const part = this.#parts[this.#saved.parts];
      file.writeAll(part);
      this.#saved = {
        parts: this.#saved.parts + 1,
        length: this.#saved.length + part.length,
      };
    }
    flush(file);
  }

  #add(part: Uint8Array): void {
    this.#parts.push(part);
    this.#length += part.length;
  }

  /** Whether the open file is the one of this name. */
  #isInPlace(): boolean {
    return this.#file !== undefined && exists(this.#path) &&
      stat(this.#path).ino === this.#file.statSync().ino;
  }

  /** Leaves as it is what the file and the table begin with. */
  #openWhereKept(): void {
    if (!beginsWith(this.#path, this.#parts[0])) return;
    this.#openAgain();
    this.#saved = { parts: 1, length: this.#parts[0].length };
  }

  #openAgain(): DiskFile {
    const file = open(this.#path, { append: true, create: true });
    this.#file?.[Symbol.dispose]();
    this.#file = file;
    this.#saved = { parts: 0, length: 0 };
    return file;
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file?.[Symbol.dispose]();
    this.#file = undefined;
  }
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Whether a file is there and begins with these bytes. */
export function beginsWith(path: string, part: string | Uint8Array): boolean {
  const bytes = typeof part === "string" ? encode(part) : part;
  try {
    using file = open(path);
    const found = new Uint8Array(bytes.length);
    return fill(file, found) && found.every((byte, i) => byte === bytes[i]);
  } catch (error) {
    if (isSystemError(error)) return false;
    throw error;
  }
}

/**
 * One line of CSV, ended by \n. Numbers are the shortest text that reads back as the same float64;
 * those that are not finite are NaN, Infinity and -Infinity.
 */
export function csvLine(cells: readonly Cell[]): string {
  // @std/csv ends its lines with \r\n, as RFC 4180 has it; diff, awk and cut expect \n.
  return stringify([cells.map(cellText)]).replace(/\r\n$/, "\n");
}

/**
 * The rows of a CSV text whose first line names the columns. Throws InputError where it is none, or
 * where a row is not as long as the first.
 */
export function readTable(text: string): TableRow[] {
  if (text.trim() === "") return [];
  try {
    return parse(text, { skipFirstRow: true });
  } catch (error) {
    const reason = printable(error instanceof Error ? error.message : String(error), 100);
    throw new InputError(`this is no CSV table (${reason}); correct it or write it again`);
  }
}

/**
 * The number with the fewest decimal digits that rounds to the same float32, so that a table says
 * 0.1 for the float32 that is 0.10000000149011612.
 */
export function shortestFloat32(value: number): number {
  const single = Math.fround(value);
  if (!Number.isFinite(single)) return single;
  // Nine significant digits tell any two float32 apart.
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(single.toPrecision(digits));
    if (Math.fround(short) === single) return short;
  }
  return Number(single.toPrecision(9));
}

function cellText(cell: Cell): CsvCell {
  return Object.is(cell, -0) ? "-0" : typeof cell === "number" ? String(cell) : cell;
}
