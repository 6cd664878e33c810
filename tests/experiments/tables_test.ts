import { assertEquals, assertThrows } from "@std/assert";
import { csvLine, readTable, shortestFloat32, Table } from "../../experiments/shared/tables.ts";

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

Deno.test("Table leaves a file that is already there as it is", () => {
  const path = Deno.makeTempFileSync();
  Deno.writeTextFileSync(path, "kept");
  assertThrows(() => new Table(path, ["update"]), Deno.errors.AlreadyExists);
  assertEquals(Deno.readTextFileSync(path), "kept");
  Deno.removeSync(path);
});

Deno.test("readTable() gives no rows for a heading alone, nor for nothing", () => {
  assertEquals(readTable("update,loss\n"), []);
  assertEquals(readTable(""), []);
});
