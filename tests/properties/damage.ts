import fc from "fast-check";
import { join } from "../formats/crafted_mat.ts";
import { integers } from "./numbers.ts";

/** A file, and in words how it came to be. */
export interface Specimen {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly history: string;
}

/** One change of a file. */
export interface Edit {
  readonly words: string;
  apply(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>;
}

/** A file after some changes. */
export function edited(file: Specimen, edits: readonly Edit[]): Specimen {
  return edits.reduce(
    ({ bytes, history }, { apply, words }) => specimen(apply(bytes), `${history}, ${words}`),
    file,
  );
}

/** Files changed at up to three places. */
export function damaged(files: fc.Arbitrary<Specimen>): fc.Arbitrary<Specimen> {
  return fc.tuple(files, edits).map(([file, edits]) => edited(file, edits));
}

/** A file that fast-check prints as its history. */
export function specimen(bytes: Uint8Array<ArrayBuffer>, history: string): Specimen {
  return { bytes, history, [fc.toStringMethod]: () => history } as Specimen;
}

/** Sizes that headers claim: none, few, the limits of integers, and 2^40. */
export const claims = [
  0n,
  1n,
  2n,
  3n,
  255n,
  2n ** 15n,
  2n ** 16n - 1n,
  2n ** 20n,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 40n,
  2n ** 53n - 1n,
  2n ** 63n - 1n,
  2n ** 63n,
  2n ** 64n - 1n,
];

/** JSON as deep as only an attacker writes it: recursion over it would exhaust the stack. */
export const nested = fc.constantFrom(["[", "]"], ['{"x":[', "]}"]).map(([open, close]) =>
  open.repeat(2 ** 15) + close.repeat(2 ** 15)
);

/** What formats of text take notice of. */
const tokens = [..."\n\r\t ,;:'\"()[]{}-+.0179eE\0\u{9b}\u{2028}é", "-1", "1e999", "1099511627776"];

/** Headers come first, and most damage is in them; places beyond the end count from its start. */
const place = fc.oneof(fc.nat(63), fc.nat(2 ** 16));

function within({ length }: Uint8Array, at: number): number {
  return at % (length + 1);
}

function splice(bytes: Uint8Array, at: number, removed: number, ...added: Uint8Array[]) {
  return join(bytes.subarray(0, at), ...added, bytes.subarray(at + removed));
}

const flip: fc.Arbitrary<Edit> = fc.tuple(place, fc.nat(7)).map(([at, bit]) => ({
  words: `bit ${bit} of byte ${at} flipped`,
  apply: (bytes) => bytes.map((byte, i) => i === within(bytes, at) ? byte ^ (1 << bit) : byte),
}));

const cut: fc.Arbitrary<Edit> = place.map((at) => ({
  words: `cut at ${at}`,
  apply: (bytes) => bytes.slice(0, within(bytes, at)),
}));

const removal: fc.Arbitrary<Edit> = fc.tuple(place, fc.integer({ min: 1, max: 64 })).map((
  [at, count],
) => ({
  words: `${count} bytes removed at ${at}`,
  apply: (bytes) => splice(bytes, within(bytes, at), count),
}));

const noise = fc.uint8Array({ minLength: 1, maxLength: 64 });
const token = fc.constantFrom(...tokens).map((text) => new TextEncoder().encode(text));

const replacement: fc.Arbitrary<Edit> = fc.tuple(place, fc.nat(8), fc.oneof(noise, token)).map((
  [at, removed, added],
) => ({
  words: `${removed} bytes at ${at} replaced by ${added.toHex()}`,
  apply: (bytes) => splice(bytes, within(bytes, at), removed, added),
}));

const repetition: fc.Arbitrary<Edit> = fc.tuple(place, fc.integer({ min: 1, max: 256 })).map((
  [at, count],
) => ({
  words: `${count} bytes at ${at} repeated`,
  apply(bytes) {
    const start = within(bytes, at);
    return splice(bytes, start, 0, bytes.subarray(start, start + count));
  },
}));

const claim: fc.Arbitrary<Edit> = fc.record({
  place,
  width: fc.constantFrom(1, 2, 4, 8),
  aligned: fc.boolean(),
  value: fc.constantFrom(...claims),
  littleEndian: fc.boolean(),
}).map(({ place, width, aligned, value, littleEndian }) => {
  const at = aligned ? place - place % width : place;
  const number = integers([value], width, littleEndian);
  return {
    words: `byte ${at} and after set to ${number.toHex()}`,
    apply: (bytes) => {
      const start = within(bytes, at);
      return splice(bytes, start, width, number).subarray(0, bytes.length);
    },
  };
});

const edit = fc.oneof(flip, cut, removal, replacement, repetition, claim, claim);

/** Up to three changes, whatever the file. */
export const edits = fc.array(edit, { maxLength: 3 });
