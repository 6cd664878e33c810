import { takeAllocatedBytes } from "./allocations.ts";
import { assert, assertLessOrEqual, assertMatch } from "@std/assert";
import fc from "fast-check";
import { InputError } from "../../core/errors.ts";
import { join } from "../formats/crafted_mat.ts";
import { damaged, type Specimen, specimen } from "./damage.ts";

/** What became of a case: it was read, refused with one clear error, or came back unchanged. */
export const outcomes = ["read", "refused", "kept"] as const;

/** One of {@linkcode outcomes}. */
export type Outcome = typeof outcomes[number];

/** A statement that holds for every case of an infinity of them. */
export interface Property {
  /** The statement. */
  readonly name: string;
  /** How many of the cases asked for are tried: less than 1 where one takes long. */
  readonly share: number;
  /** Tries it. Rejects, with the seed and the case made as small as can be, where it fails. */
  check(run: PropertyRun): Promise<void>;
}

/** Which cases are tried. */
export interface PropertyRun {
  readonly cases: number;
  /** The same seed makes the same cases. */
  readonly seed: number;
  /** Called after each case. */
  onCase(outcome: Outcome): unknown;
}

/** Nothing where what was written came back unchanged. */
type Attempt = Outcome | void;

/** A property of all that `cases` makes; `attempt` rejects where it does not hold. */
export function property<T>(
  name: string,
  cases: fc.Arbitrary<T>,
  attempt: (value: T) => Attempt | Promise<Attempt>,
  share = 1,
): Property {
  return {
    name,
    share,
    check: ({ cases: numRuns, seed, onCase }) =>
      fc.assert(
        fc.asyncProperty(cases, async (value) => {
          onCase(await attempt(value) ?? "kept");
        }),
        { numRuns: Math.ceil(share * numRuns), seed },
      ),
  };
}

/** A reader of files, and what it is tried with. */
export interface Reader {
  /** As it is called: "readIDX()". */
  readonly name: string;
  read(bytes: Uint8Array<ArrayBuffer>): unknown;
  /** Good files, and such as are wrong in a way that chance would not find. */
  readonly files: fc.Arbitrary<Specimen>;
  /** How files begin, so that chance gets beyond it. */
  readonly magic?: Uint8Array;
  /** The most bytes that reading a file of `size` bytes may ask for. */
  memory(size: number): number;
  /** As of {@linkcode Property}. Default: 1. */
  readonly share?: number;
}

/** Damaged files and any bytes give a value, or one error in one line, within the memory. */
export function survives(
  { name, read, files, magic = new Uint8Array(), memory, share }: Reader,
): Property {
  const noise = fc.tuple(fc.constantFrom(new Uint8Array(), magic), fc.uint8Array())
    .map((parts) => join(...parts)).map((bytes) => specimen(bytes, `the bytes ${bytes.toHex()}`));
  return property(
    `${name} gives a value or one clear error for any bytes`,
    fc.oneof({ weight: 1, arbitrary: noise }, { weight: 7, arbitrary: damaged(files) }),
    async ({ bytes }) => {
      takeAllocatedBytes();
      const outcome = await readOrRefused(() => read(bytes));
      const allowed = memory(bytes.length), taken = takeAllocatedBytes();
      assertLessOrEqual(taken, allowed, `asked for ${taken} bytes, of ${allowed} allowed`);
      return outcome;
    },
    share,
  );
}

/** Printable characters on one line, of a length that is still read. */
const clearLine = /^[^\p{C}\p{Zl}\p{Zp}]{1,400}$/u;

/** Whether there was a value. Any error but an InputError of one clear line is passed on. */
export async function readOrRefused(read: () => unknown): Promise<Outcome> {
  try {
    await read();
    return "read";
  } catch (error) {
    assert(error instanceof InputError, error instanceof Error ? error.stack : String(error));
    assertMatch(error.message, clearLine);
    return "refused";
  }
}
