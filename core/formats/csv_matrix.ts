import { InputError } from "../errors.ts";
import {
  chooseSeparator,
  isNumber,
  isValue,
  NumberReader,
  type Separator,
  split,
} from "./csv_fields.ts";
import { readRows, type TextRow, toUTF8 } from "./csv_lines.ts";

/** Settings of {@linkcode readCSVMatrix}. */
export interface CSVMatrixOptions {
  /** The first row names the columns. Default: what it holds tells, and what is below it. */
  header?: boolean | undefined;
}

/** What {@linkcode readCSVMatrix} reads. */
export interface CSVMatrix {
  /** Rows of numbers. */
  readonly rows: number;
  /** Numbers in each. */
  readonly columns: number;
  /** The numbers, row by row. */
  readonly data: Float32Array<ArrayBuffer>;
  /** The names of the columns, where the file has one for each. */
  readonly names: readonly string[] | undefined;
  /** What parts of the file were taken for. */
  readonly taken: CSVReading;
  /** Where a number of the matrix stands in the file: line and column, counted from 1. */
  place(row: number, column: number): { line: number; column: number };
}

/** What {@linkcode readCSVMatrix} took parts of a file for. */
export interface CSVReading {
  /** The first row, for the names of the columns. */
  readonly header: boolean;
  /** It is a row of numbers here, but they count the columns as names might. */
  readonly likeHeader: boolean;
  /**
   * The first column, for an index, so that the matrix is without it: one that has no name, or one
   * that counts the rows, which is kept where `header` says that there are names.
   */
  readonly index: "unnamed" | "counting" | undefined;
  /** Commas, for decimal marks. */
  readonly decimalCommas: boolean;
  /** The last column, for nothing: it is empty, as every row ends in a separator. */
  readonly emptyColumn: boolean;
}

/**
 * Reads a table of numbers in text, of UTF-8 or with the mark of UTF-16: a line is a row, with
 * commas, tabs, semicolons or spaces in between, whichever of these cuts the first rows alike.
 * Numbers may stand in quotes (RFC 4180), have the exponent of Fortran and, where no comma
 * separates, decimal commas. Blank lines and lines that begin with # are passed over.
 *
 * A first row of text names the columns, and so does one that counts them from 0 or from 1 where no
 * other row does. Below names, a first column is an index that has no name, or counts the rows from
 * 0; the latter is kept where `header` says that there are names. Every other field must be a finite
 * number within float32, and every row as long as the first.
 *
 * @throws {InputError} If that is not so; the error names the line of the file, and the column.
 *
 * @example
 * ```ts
 * const text = new TextEncoder().encode("x,y\n1,2\n3,4.5e-1\n");
 * readCSVMatrix(text); // { rows: 2, columns: 2, data: [1, 2, 3, 0.45], names: ["x", "y"], ... }
 * ```
 */
export function readCSVMatrix(
  bytes: Uint8Array,
  { header }: CSVMatrixOptions = {},
): CSVMatrix {
  const rows = readRows(toUTF8(bytes));
  const opening = readOpening(rows);
  const plan = layOut(opening, header);
  const table = new Table(plan, Math.ceil((bytes.length + 1) / 2));
  const read = (row: TextRow) => table.add(row, split(row.text, opening.separator));
  for (const row of opening.rows.slice(plan.namesFirst ? 1 : 0)) read(row);
  for (const row of rows) if (!isComment(row.text)) read(row);
  return table.finish();
}

/** How a file begins. */
interface Opening {
  readonly separator: Separator;
  /** Its first two rows, or fewer. */
  readonly rows: readonly TextRow[];
  /** What the last comment before them says, in fields. */
  readonly comment: readonly string[] | undefined;
}

/** Spreadsheets tell each other the separator so. */
const separatorLine = /^\s*"?sep=(.)"?\s*$/i;

function isComment(text: string): boolean {
  return text.trimStart().startsWith("#");
}

function readOpening(rows: Iterator<TextRow>): Opening {
  const first: TextRow[] = [];
  let comment: string | undefined, told: string | undefined;
  while (first.length < 2) {
    const { done, value: row } = rows.next();
    if (done) break;
    const [, separator] = first.length === 0 && row.text.match(separatorLine) || [];
    if (separator !== undefined) told = separator;
    else if (!isComment(row.text)) first.push(row);
    else if (first.length === 0) comment = row.text.replace("#", "");
  }
  const [above, below] = first.map(({ text }) => text);
  const separator = told ?? chooseSeparator(above ?? "", below);
  return {
    separator,
    rows: first,
    comment: comment === undefined ? undefined : split(comment, separator),
  };
}

/** What the rows of a file are taken for. */
interface Plan {
  readonly separator: Separator;
  /** The first row holds names. */
  readonly namesFirst: boolean;
  /** What some row, or a comment, names: columns, but for an index. */
  readonly names: readonly string[] | undefined;
  /** The fields of the first row, without an empty one at its end. */
  readonly first: readonly string[];
  /** The first row counts the columns: what follows tells whether it holds names. */
  readonly counting: boolean;
  /** The first column is left out. */
  readonly index: boolean;
  /** The first column is left out if it counts the rows. */
  readonly maybeIndex: boolean;
  /** Every row ends in a separator. */
  readonly emptyColumn: boolean;
}

function layOut({ separator, rows, comment }: Opening, header: boolean | undefined): Plan {
  const fields = rows.map(({ text }) => split(text, separator)), [first = [], second] = fields;
  const commented = header !== false && comment !== undefined && comment.length > 1 &&
    comment.length === first.length && !comment.some((field) => isValue(field, separator));
  const found = kindOf(first, second, separator);
  const kind = header === false || commented && found !== "names"
    ? "values"
    : header
    ? "names"
    : found;
  const names = kind === "names" ? first : commented ? comment : undefined;
  const values = kind === "names" ? second : first;
  // A last column with a name is no end of a row, but one that lacks its values.
  const emptyColumn = values !== undefined && values.length > 1 && values.at(-1) === "" &&
    (kind === "names"
      ? first.length !== values.length || first.at(-1) === ""
      : second === undefined || second.at(-1) === "");
  const width = (values?.length ?? 0) - (emptyColumn ? 1 : 0);
  const nameCount = (names?.length ?? 0) - (emptyColumn && names?.at(-1) === "" ? 1 : 0);
  const index = names !== undefined && width > 1 &&
    (names[0] === "" && nameCount === width || kind === "names" && nameCount === width - 1);
  return {
    separator,
    namesFirst: kind === "names",
    names: names?.slice(nameCount === width && index ? 1 : 0, nameCount),
    first: emptyColumn ? first.slice(0, -1) : first,
    counting: kind === "counting",
    index,
    maybeIndex: names !== undefined && !index && header === undefined && width > 1,
    emptyColumn,
  };
}

/** What a first row holds, as far as it and the second tell. */
function kindOf(
  first: readonly string[],
  second: readonly string[] | undefined,
  separator: Separator,
): "names" | "counting" | "values" {
  if (first.at(-1) === "" && second?.at(-1) === "") {
    return kindOf(first.slice(0, -1), second.slice(0, -1), separator);
  }
  const values = first.filter((field) => isValue(field, separator));
  const texts = first.filter((field) => field !== "").length - values.length;
  if (values.length === 0) return texts > 0 ? "names" : "values";
  if (!countsFrom01(values.map((field) => isNumber(field, separator) ? Number(field) : NaN))) {
    return "values";
  }
  if (texts === 0 && first[0] !== "") return first.length > 1 ? "counting" : "values";
  // label,0,1,2 or, with an index, ,0,1,2: below each of these is a value.
  const below = second?.map((field) => isValue(field, separator));
  const named = first.every((field, i) => i === 0 && field === "" || below?.[i] === true);
  return named && second?.[0] !== "" ? "names" : "values";
}

/** Whether numbers are 0, 1, 2 and so on, or 1, 2, 3. */
function countsFrom01(numbers: readonly number[]): boolean {
  return (numbers[0] === 0 || numbers[0] === 1) && isRun(numbers);
}

function isRun(numbers: ArrayLike<number>): boolean {
  for (let i = 0; i < numbers.length; i++) if (numbers[i] !== numbers[0] + i) return false;
  return Number.isInteger(numbers[0]);
}

/** Columns that are not counted by chance: no two or three integers need be names. */
const manyColumns = 4;

/** The matrix as it is read. */
class Table {
  readonly #plan: Plan;
  readonly #mostNumbers: number;
  readonly #numbers: NumberReader;
  #data = new Float32Array();
  /** Fields of a row, without the empty one at its end; numbers of one, without an index. */
  #width = 0;
  #columns = 0;
  #rows = 0;
  #integers = true;
  #otherRun = false;
  #isIndex: boolean;
  /** Rows that do not follow the one before on the next line: row, line, row, line. */
  #jumps: number[] = [];
  #expectedLine = -1;

  constructor(plan: Plan, mostNumbers: number) {
    this.#plan = plan;
    this.#mostNumbers = mostNumbers;
    this.#numbers = new NumberReader(plan.separator);
    this.#isIndex = plan.maybeIndex;
  }

  /** Adds a row of numbers. */
  add(row: TextRow, fields: string[]): void {
    const { index, emptyColumn, counting } = this.#plan;
    if (emptyColumn && fields.length > 1 && fields.at(-1) === "") fields.pop();
    const skipped = index ? 1 : 0;
    if (this.#width === 0) {
      this.#width = fields.length;
      this.#columns = fields.length - skipped;
      this.#data = new Float32Array(Math.min(this.#columns * row.linesLeft, this.#mostNumbers));
    }
    this.#checkRow(row, fields);
    const start = this.#rows * this.#columns, values = this.#data;
    for (let i = skipped; i < fields.length; i++) {
      const place = () => `line ${row.line}, column ${i + 1} of the table`;
      values[start + i - skipped] = this.#numbers.read(fields[i], place);
    }
    if (row.line !== this.#expectedLine) this.#jumps.push(this.#rows, row.line);
    this.#expectedLine = row.line + 1;
    if (this.#isIndex) this.#isIndex = values[start] === Math.fround(this.#rows);
    if (counting && this.#rows > 0) this.#compare(values.subarray(start, start + this.#columns));
    this.#rows++;
  }

  /** The matrix of all rows. Throws InputError where there is none. */
  finish(): CSVMatrix {
    const { names, first, index, counting, emptyColumn } = this.#plan;
    const header = counting && this.#rows > 1 && !this.#otherRun &&
      (!this.#integers || this.#columns >= manyColumns);
    if (header) this.#dropRow();
    if (this.#rows === 0) {
      throw new InputError("the table has no row of numbers; give one that does");
    }
    const counted = this.#isIndex && this.#rows > 1;
    if (counted) this.#dropColumn();
    const length = this.#rows * this.#columns, jumps = this.#jumps;
    const before = index || counted ? 1 : 0;
    const named = header ? first : names?.slice(counted ? 1 : 0);
    return {
      rows: this.#rows,
      columns: this.#columns,
      data: this.#data.length === length ? this.#data : this.#data.subarray(0, length),
      names: named?.length === this.#columns ? named : undefined,
      taken: {
        header: named !== undefined,
        likeHeader: counting && !header,
        index: index ? "unnamed" : counted ? "counting" : undefined,
        decimalCommas: this.#numbers.decimalCommas,
        emptyColumn,
      },
      place: (row, column) => ({ line: lineOf(jumps, row), column: column + before + 1 }),
    };
  }

  #checkRow({ line, blank }: TextRow, { length }: readonly string[]): void {
    if (length !== this.#width) {
      throw new InputError(
        `line ${line} of the table is ${length} long, the lines before ${this.#width}; make all ` +
          "rows equally long",
      );
    }
    if (blank > 0 && this.#rows > 0 && length === 1) {
      throw new InputError(
        `line ${line - 1} of the table is blank, where its one value may be missing; remove the ` +
          "line",
      );
    }
  }

  /** Looks for what tells the first row from others. */
  #compare(row: Float32Array): void {
    this.#integers &&= row.every(Number.isInteger);
    this.#otherRun ||= isRun(row);
  }

  /** Takes the first row out: it held names. */
  #dropRow(): void {
    this.#data.copyWithin(0, this.#columns);
    this.#rows--;
    const [, line, ...others] = this.#jumps;
    // The second row, where it follows on the next line.
    if (others[0] !== 1) others.unshift(1, line + 1);
    this.#jumps = others.map((value, i) => i % 2 === 0 ? value - 1 : value);
  }

  /** Takes the first column out: it was an index. */
  #dropColumn(): void {
    const width = this.#columns--;
    for (let row = 0; row < this.#rows; row++) {
      const start = row * width;
      this.#data.copyWithin(row * this.#columns, start + 1, start + width);
    }
  }
}

/** The line of a row, by the rows before which lines were passed over. */
function lineOf(jumps: readonly number[], row: number): number {
  let at = 0;
  while (at + 2 < jumps.length && jumps[at + 2] <= row) at += 2;
  return jumps[at + 1] + row - jumps[at];
}
