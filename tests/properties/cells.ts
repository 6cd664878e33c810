import { assertEquals, assertNotEquals } from "@std/assert";
import fc from "fast-check";
import {
  type Cell,
  cellId,
  type CellResult,
  type CellTraining,
  type Configuration,
  decodeCell,
  encodeCell,
} from "../../experiments/study/cell.ts";
import { edited, edits, nested, specimen } from "./damage.ts";
import { property, readOrRefused, survives } from "./property.ts";

const utf8 = new TextEncoder();

/** JSON has no -0. */
const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
/** Figures come out of float32 as they may: what is not finite, too, and -0. */
const figure = fc.double().map((value) => value + 0);
const count = fc.nat();
const text = fc.string({ unit: "grapheme" });
/** Not those few names of JavaScript's that valibot leaves out. */
const figures = fc.dictionary(text.map((name) => `figure ${name}`), figure, {
  noNullPrototype: true,
});
const splits = { train: figures, test: figures };

const result: fc.Arbitrary<CellResult> = fc.record({
  updates: count,
  status: fc.constantFrom("ok", "diverged", "stopped", "unfinished"),
  divergedAt: fc.option(count),
  final: fc.option(fc.record(splits)),
  beforeFinish: fc.option(fc.record(splits)),
  curve: fc.array(fc.record({
    update: count,
    momentum: fc.option(number),
    loss: fc.option(figure),
    gradientNorm: fc.option(figure),
    ...splits,
    seconds: number,
  })),
});

const training: fc.Arbitrary<CellTraining> = fc.record({
  adapter: text,
  nagare: text,
  deno: text,
  saved: text,
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
  property(
    "cellId() leaves the updates out, but where a schedule depends on them, and the order of settings",
    fc.record({
      configuration,
      finish: fc.nat(3),
      schedule: fc.constantFrom("none", "paper", "constant"),
      updates: fc.tuple(count, count).filter(([a, b]) => a !== b),
    }),
    ({ configuration, finish, schedule, updates: [shorter, longer] }) => {
      const idOf = (settings: object) => cellId(settings as Configuration);
      const run = { ...configuration, finish, schedule, updates: shorter };
      assertEquals(idOf(Object.fromEntries(Object.entries(run).toReversed())), idOf(run));
      assertNotEquals(idOf({ ...run, another: 1 }), idOf(run));
      const isSame = finish === 0 || schedule === "none";
      (isSame ? assertEquals : assertNotEquals)(idOf({ ...run, updates: longer }), idOf(run));
    },
  ),
  property("decodeCell() reads every cell that is written", cells, (cell) => {
    assertEquals(decodeCell(utf8.encode(encodeCell(cell))), cell);
  }),
];
