import { assertEquals } from "@std/assert";
import { csvLine, readTable, shortestFloat32, Table } from "../../../experiments/files/tables.ts";
import { scratch } from "../scratch.ts";

Deno.test("csvLine() ends its line with \\n and quotes what needs it", () => {
  assertEquals(
    csvLine(["a", 'say "x"', "b,c", "d\r\ne", true, null, undefined]),
    [
      "a",
      '"say ""x"""',
      '"b,c"',
      '"d\r\ne"',
      "true",
      "",
      "",
    ].join(",") + "\n",
  );
});

Deno.test("csvLine() writes numbers that read back as the same float64", () => {
  const numbers = [0.1 + 0.2, 1 / 3, 5e-324, Number.MAX_VALUE, 2 ** 53, -0, 1e21, 123456.789];
  const cells = csvLine(numbers).trimEnd().split(",");
  cells.forEach((cell, i) => assertEquals(Object.is(Number(cell), numbers[i]), true, cell));
  assertEquals(csvLine([NaN, Infinity, -Infinity]), "NaN,Infinity,-Infinity\n");
});

Deno.test("shortestFloat32() has the fewest digits that round to the same float32", () => {
  assertEquals(shortestFloat32(Math.fround(0.1)), 0.1);
  assertEquals(shortestFloat32(Math.fround(11.8)), 11.8);
  assertEquals(shortestFloat32(2 ** -149), 1e-45);
  assertEquals(shortestFloat32(16777217), 16777216);
  assertEquals(shortestFloat32(1e300), Infinity);
  assertEquals(shortestFloat32(NaN), NaN);
  // Every exponent, with a significand that needs many digits.
  for (let exponent = -126; exponent < 128; exponent++) {
    const single = Math.fround((1 + 0x555555 / 2 ** 23) * 2 ** exponent);
    assertEquals(Math.fround(Number(String(shortestFloat32(single)))), single);
  }
});

Deno.test("Table has each row in its file as soon as it is appended", () => {
  const path = `${Deno.makeTempDirSync()}/curve.csv`;
  using table = new Table(path, ["update", "loss"]);
  assertEquals(Deno.readTextFileSync(path), "update,loss\n");
  table.append({ update: 0, loss: 1.5 }, { loss: NaN, update: 1 });
  assertEquals(Deno.readTextFileSync(path), "update,loss\n0,1.5\n1,NaN\n");
  table.append({ update: 2, loss: undefined });
  assertEquals(readTable(Deno.readTextFileSync(path)), [
    { update: "0", loss: "1.5" },
    { update: "1", loss: "NaN" },
    { update: "2", loss: "" },
  ]);
  Deno.removeSync(path);
});

Deno.test("Table begins its file anew where no part of it is kept", () => {
  using folder = scratch();
  const path = folder.write("curve.csv", new TextEncoder().encode("of another\n"));
  using _table = new Table(path, ["update"]);
  assertEquals(Deno.readTextFileSync(path), "update\n");
});

Deno.test("readTable() gives no rows for a heading alone, nor for nothing", () => {
  assertEquals(readTable("update,loss\n"), []);
  assertEquals(readTable(""), []);
});

/** A table with its heading and rows 0 to `count`, and what its file holds. */
function tableOf(count: number, path: string, keep?: string) {
  const table = new Table(path, ["update", "loss"], keep === undefined ? {} : { keep });
  for (let update = 0; update < count; update++) table.append({ update, loss: update / 2 });
  return { table, read: () => Deno.readTextFileSync(path) };
}

Deno.test("Table keeps the beginning of a file that is there, and goes on from it", () => {
  using folder = scratch();
  const path = `${folder.path}/curve.csv`;
  const first = tableOf(3, path);
  const whole = first.read();
  assertEquals([first.table.length, first.table.text], [whole.length, whole]);
  first.table[Symbol.dispose]();
  const kept = "update,loss\n0,0\n";
  const second = tableOf(0, path, kept);
  assertEquals(second.read(), kept);
  second.table.append({ update: 9, loss: 1 });
  assertEquals(second.read(), `${kept}9,1\n`);
  second.table[Symbol.dispose]();
  const anew = tableOf(0, path, "");
  assertEquals(anew.read(), "update,loss\n");
  anew.table[Symbol.dispose]();
});

Deno.test("Table makes a file again that has not what it should keep, or is not there", () => {
  using folder = scratch();
  const path = `${folder.path}/curve.csv`;
  const kept = "update,loss\n0,0\n";
  for (const found of [undefined, "", "update,loss\r\n0,0\r\n", "update,loss\n0,", "other"]) {
    if (found !== undefined) Deno.writeTextFileSync(path, found);
    const { table, read } = tableOf(0, path, kept);
    assertEquals(read(), kept);
    table.append({ update: 1, loss: 2 });
    assertEquals([read(), table.text], [`${kept}1,2\n`, `${kept}1,2\n`]);
    table[Symbol.dispose]();
    Deno.removeSync(path);
  }
});

Deno.test("Table.rewrite() has the file hold another text, and touches no line that stays", () => {
  using folder = scratch();
  const { table, read } = tableOf(3, `${folder.path}/curve.csv`);
  const before = read(), heading = "update,loss\n";
  const texts = [
    `${heading}0,0\n`,
    before,
    `${heading}0,0\n1,0.75\né,2\n`,
    `${heading}0,0\n1,0.75\nè,2\n`,
    "",
  ];
  for (const text of texts) {
    const cuts: number[] = [];
    const { truncateSync } = Deno.FsFile.prototype;
    Deno.FsFile.prototype.truncateSync = function (length) {
      cuts.push(length ?? 0);
      return truncateSync.call(this, length);
    };
    const old = read();
    try {
      table.rewrite(text);
    } finally {
      Deno.FsFile.prototype.truncateSync = truncateSync;
    }
    assertEquals([read(), table.text, table.length], [
      text,
      text,
      new TextEncoder().encode(text).length,
    ]);
    const kept = text.split("\n").findIndex((line, i, lines) =>
      line !== old.split("\n")[i] || i === lines.length - 1
    );
    const same = text.split("\n").slice(0, kept).map((line) => `${line}\n`).join("");
    assertEquals(cuts, [same.length]);
  }
  table.append({ update: 7, loss: 3 });
  assertEquals(read(), "7,3\n");
  table[Symbol.dispose]();
});

Deno.test("Table has what could not be written in its file once it can be", () => {
  using folder = scratch();
  const path = `${folder.path}/curve.csv`;
  const failures: unknown[] = [];
  const table = new Table(path, ["update"], {
    attempt(write) {
      try {
        write();
      } catch (error) {
        failures.push(error);
      }
    },
  });
  const { writeSync } = Deno.FsFile.prototype;
  Deno.FsFile.prototype.writeSync = function (bytes) {
    if (bytes.length < 3) throw new Error("No space left on device");
    return writeSync.call(this, bytes.subarray(0, 2));
  };
  try {
    table.append({ update: 123 });
    table.append({ update: 456 });
  } finally {
    Deno.FsFile.prototype.writeSync = writeSync;
  }
  assertEquals(failures.length, 2);
  table.append({ update: 7 });
  assertEquals([Deno.readTextFileSync(path), failures.length], ["update\n123\n456\n7\n", 2]);
  Deno.removeSync(path);
  table.append({ update: 8 });
  assertEquals(Deno.readTextFileSync(path), "update\n123\n456\n7\n8\n");
  table[Symbol.dispose]();
});
