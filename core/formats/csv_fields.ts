import { InputError } from "../errors.ts";
import { printable } from "./wording.ts";

/** What stands between the fields of a table: one character, or any number of spaces and tabs. */
export type Separator = string | typeof spaces;

/** Spaces and tabs. */
export const spaces = / /;

/** In this order: a semicolon stands where commas are decimal, and a tab where text has both. */
const separators: readonly Separator[] = ["\t", ";", ",", spaces];

/** The fields of a row, without the spaces and the quotes around them. */
export function split(row: string, separator: Separator): string[] {
  if (row.includes('"')) return splitQuoted(row, separator);
  if (separator === spaces) return row.trim().split(/[ \t]+/);
  return row.split(separator as string).map((field) => field.trim());
}

/** Between quotes a separator is text, and a quote is doubled (RFC 4180). */
function splitQuoted(row: string, separator: Separator): string[] {
  const text = separator === spaces ? row.trim() : row;
  const isSeparator = (at: number) =>
    separator === spaces ? text[at] === " " || text[at] === "\t" : text[at] === separator;
  const fields: string[] = [];
  let start = 0, quoted = false;
  for (let at = 0; at <= text.length; at++) {
    if (text[at] === '"') quoted = !quoted;
    if (at < text.length && (quoted || !isSeparator(at))) continue;
    fields.push(unquote(text.slice(start, at).trim()));
    while (separator === spaces && isSeparator(at + 1)) at++;
    start = at + 1;
  }
  return fields;
}

function unquote(field: string): string {
  const [, content] = field.match(/^"((?:[^"]|"")*)"$/s) ?? [];
  return content === undefined ? field : content.replaceAll('""', '"').trim();
}

/**
 * The separator of a table, by its first rows: it cuts both in the same number of fields, the
 * second in numbers. Names above may be one fewer.
 */
export function chooseSeparator(first: string, second: string = first): Separator {
  const found = separators.map((separator) => {
    const above = split(first, separator).length, fields = split(second, separator);
    const texts = fields.map((field) => field !== "" && !isNumber(field, separator));
    return {
      separator,
      names: fields.length - above,
      several: fields.length > 1,
      numeric: !texts.includes(true),
      numericButFirst: !texts.includes(true, 1),
    };
  }).filter(({ several }) => several);
  const best = found.find(({ names, numeric }) => names === 0 && numeric) ??
    found.find(({ names, numericButFirst }) => names === 0 && numericButFirst) ??
    found.find(({ names, numericButFirst }) => names === 1 && numericButFirst) ??
    found.find(({ names }) => names === 0);
  return best?.separator ??
    separators.find((separator) => separator !== spaces && first.includes(separator as string)) ??
    spaces;
}

const plain = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/** With a decimal comma, the exponent of Fortran or the minus sign of typography. */
const foreign = /^([+\-\u2212]?)(?:(\d+)(?:[.,](\d*))?|[.,](\d+))(?:[eEdD]([+\-\u2212]?\d+))?$/;

/** Reads the numbers of a table, and remembers which decimal mark it has. */
export class NumberReader {
  readonly #separator: Separator;
  #point: string | undefined;
  #comma: string | undefined;

  constructor(separator: Separator) {
    this.#separator = separator;
  }

  /** Whether numbers have decimal commas. */
  get decimalCommas(): boolean {
    return this.#comma !== undefined;
  }

  /**
   * The number of a field, rounded to float32.
   *
   * @param place Where it is, for the error.
   * @throws {InputError} If it is no finite number.
   */
  read(field: string, place: () => string): number {
    const value = Math.fround(valueOf(field, this.#separator));
    if (!Number.isFinite(value)) throw notFinite(field, this.#separator, place());
    if (this.#separator !== ",") this.#checkMark(field, place);
    return value;
  }

  /** A point here and a comma there: one of them may be of thousands. */
  #checkMark(field: string, place: () => string): void {
    if (field.includes(",")) this.#comma ??= `${place()} is "${printable(field)}"`;
    else if (field.includes(".")) this.#point ??= `${place()} is "${printable(field)}"`;
    if (this.#comma === undefined || this.#point === undefined) return;
    throw new InputError(
      `${this.#comma}, and ${this.#point}; use one decimal mark, and none of thousands`,
    );
  }
}

/** The value of a number as it is written; NaN of what is none. */
function valueOf(field: string, separator: Separator): number {
  if (plain.test(field)) return Number(field);
  if (separator === "," && field.includes(",")) return NaN;
  const found = field.match(foreign);
  if (!found) return NaN;
  const [, sign, whole = "", fraction = "", bare = "", exponent = "0"] = found;
  const ascii = `${sign}${whole || "0"}.${fraction}${bare}e${exponent}`;
  return Number(ascii.replaceAll("\u2212", "-"));
}

/** Whether a field is a number that may be read. */
export function isNumber(field: string, separator: Separator): boolean {
  return Number.isFinite(valueOf(field, separator));
}

const missing = /^[+-]?(?:nan|inf|infinity|na|n\/a|null|none)$/i;
const truth = /^(?:true|false)$/i;
const hexadecimal = /^[+-]?0x[\da-f]+$/i;
const grouped = /^[+\-\u2212]?\d{1,3}(?:[,.'\u2019 \u00a0\u202f]\d{3})+(?:[.,]\d+)?$/;
const withComma = /^[+\-\u2212]?\d*,\d+(?:[eEdD][+-]?\d+)?$/;

/** Whether a field is meant for a value, be it one that cannot be read: no name of a column. */
export function isValue(field: string, separator: Separator): boolean {
  return isNumber(field, separator) ||
    [missing, truth, hexadecimal, grouped, withComma].some((pattern) => pattern.test(field)) ||
    plain.test(field);
}

function notFinite(field: string, separator: Separator, place: string): InputError {
  return new InputError(`${place} is "${printable(field)}", ${faultOf(field, separator)}`);
}

function faultOf(field: string, separator: Separator): string {
  if (field === "") return "so a value is missing; fill it, or remove the row";
  if (missing.test(field)) return "no finite number; fill it, or remove the row";
  if (truth.test(field)) return "not a number; write 1 and 0 for true and false";
  if (hexadecimal.test(field)) return "not a decimal number; write it as one";
  if (separator === "," && /,/.test(field) && (grouped.test(field) || withComma.test(field))) {
    return "whose comma may be a decimal mark or of thousands; write decimal points alone";
  }
  if (grouped.test(field)) return "with separators of thousands; write it without";
  if (Number.isFinite(valueOf(field, separator)) || plain.test(field)) {
    return "beyond the numbers of float32, 3.4e38; scale it";
  }
  return "not a number; correct it, leave the column out, or take the row for names";
}
