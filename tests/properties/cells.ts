import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  type Cell,
  cellId,
  type CellResult,
  type CellTraining,
  decodeCell,
  encodeCell,
} from "../../experiments/study/cell.ts";
import type { Configuration } from "../../experiments/study/cell.ts";
import { edited, edits, nested, specimen } from "./damage.ts";
import { property, readOrRefused, survives } from "./property.ts";

const utf8 = new TextEncoder();

/** JSON has no -0. */
const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
const figure = fc.option(number);
const count = fc.nat();
const text = fc.string({ unit: "grapheme" });
const errors = { train: figure, test: figure };

const result: fc.Arbitrary<CellResult> = fc.record({
  status: fc.constantFrom("ok", "diverged"),
  divergedAt: fc.option(count),
  reachedMomentum: number,
  final: fc.record(errors),
  beforeFinish: fc.option(fc.record(errors)),
  curve: fc.array(fc.record({ update: count, momentum: number, loss: figure, ...errors })),
});

const training: fc.Arbitrary<CellTraining> = fc.record({
  adapter: text,
  nagare: text,
  deno: text,
  finished: text,
  replicas: count,
  seconds: number,
});

/**
 * What it says of the network matters to its ID alone. The names are not those few of JavaScript's
 * that valibot leaves out.
 */
const configuration = fc.dictionary(
  text.map((name) => `setting ${name}`),
  fc.oneof(text, number, fc.array(number)),
).map((settings) => settings as unknown as Configuration);

const cells: fc.Arbitrary<Cell> = fc.record({ configuration, result, training })
  .map((cell) => ({ id: cellId(cell.configuration), ...cell }));

/** Cells with something else in one place of them. */
const foreign = fc.record({
  cell: cells,
  place: fc.constantFrom("id", "configuration", "result", "training", "sha256", "other"),
  json: fc.oneof(
    { weight: 9, arbitrary: fc.jsonValue().map((value) => JSON.stringify(value)) },
    nested,
  ),
}).map(({ cell, place, json }) => {
  const mark = "in its place";
  const text = JSON.stringify({ sha256: "", ...cell, [place]: mark });
  return specimen(utf8.encode(text.replace(`"${mark}"`, () => json)), `${text.slice(0, 500)}`);
});

/** What is true of decodeCell(), whatever it is given. */
export const cellProperties = [
  survives({
    name: "decodeCell()",
    read: decodeCell,
    files: foreign,
    // The text again, for its check sum.
    memory: (size) => 4 * size,
  }),
  property(
    "decodeCell() refuses all that does not say what was written",
    fc.record({ cell: cells, edits }),
    async ({ cell, edits }) => {
      const { bytes } = edited(specimen(utf8.encode(encodeCell(cell)), "a cell"), edits);
      let read: Cell | undefined;
      const outcome = await readOrRefused(() => {
        read = decodeCell(bytes);
      });
      if (outcome === "read") assertEquals(read, cell);
      return outcome;
    },
  ),
  property("decodeCell() reads every cell that is written", cells, (cell) => {
    assertEquals(decodeCell(utf8.encode(encodeCell(cell))), cell);
  }),
];
