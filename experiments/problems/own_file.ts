import { InputError, printable } from "../../mod.ts";
import { exists, naming, readUnpacked } from "../files/files.ts";
import type { JsonObject } from "../study/json.ts";
import { type ArrayRequest, type CaseArray, readCaseArray } from "./case_array.ts";

/** What was made of a file of the user's own. */
export interface OwnFile<T> {
  readonly content: T;
  /** What run.json says of the file. */
  readonly record: JsonObject;
  /** How it was read, as a line for the user. */
  readonly told: string;
  /** What parts of it were taken for; empty where there is nothing to say. */
  readonly taken: string;
}

/** What is asked of a file, and how its user calls it. */
export interface OwnFileRequest extends Pick<ArrayRequest, "header" | "width"> {
  /** The flag that names it. */
  readonly flag: string;
  /** What it holds, in words: "40 cases of 17 values". */
  count(dimensions: readonly number[]): string;
}

/**
 * Reads a file of the user's own, FILE or FILE#NAME for one of its arrays, and makes something of it.
 * An error names the file and says how it was read, where that might be why.
 */
export async function readOwnFile<T>(
  named: string,
  { flag, count, ...request }: OwnFileRequest,
  use: (array: CaseArray) => T,
): Promise<OwnFile<T>> {
  const { path, name } = splitName(named, flag);
  const { bytes, sha256 } = await readUnpacked(path);
  return await naming(path, async () => {
    const array = await readCaseArray(bytes, { ...request, path, name });
    const taken = array.taken.join("; ");
    const told = [count(array.dimensions), ...array.taken].join("; ");
    return {
      content: sayingHow(array, told, use),
      record: { path, sha256, ...name !== undefined && { name } },
      told: `${printable(path, 160)}: ${told}`,
      taken,
    };
  });
}

/** A number and what is counted: "2 cases". */
export function countWords(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

function sayingHow<T>(array: CaseArray, told: string, use: (array: CaseArray) => T): T {
  try {
    return use(array);
  } catch (error) {
    if (!(error instanceof InputError) || array.taken.length === 0) throw error;
    throw new InputError(`${error.message} (read as ${told})`);
  }
}

/** A file whose own name has a # is taken as it is. */
function splitName(named: string, flag: string): { path: string; name: string | undefined } {
  const at = named.lastIndexOf("#"), path = named.slice(0, at), name = named.slice(at + 1);
  if (isThere(named)) return { path: named, name: undefined };
  if (at > 0 && name !== "" && isThere(path)) return { path, name };
  throw new InputError(
    `there is no file ${
      printable(named, 160)
    }: name it with --${flag} where it lies now; a run that goes on takes the same file from any place`,
  );
}

/** What may not be read is there, for all that is known, unless it is the file with a name behind. */
function isThere(path: string): boolean {
  try {
    return exists(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable && path.includes("#")) return false;
    throw error;
  }
}
