import { assert, assertEquals, assertThrows } from "@std/assert";
import { readCSVMatrix } from "../../core/formats/csv_matrix.ts";
import { InputError } from "../../core/errors.ts";
import { longestAllocation } from "./bad_input.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);

function read(text: string, options = {}) {
  const { rows, columns, data } = readCSVMatrix(utf8(text), options);
  return { rows, columns, data: Array.from(data) };
}

const twoByTwo = { rows: 2, columns: 2, data: [1, 2, 3, 4] };

Deno.test("readCSVMatrix() reads commas, tabs, semicolons and spaces", () => {
  assertEquals(read("1,2\n3,4\n"), twoByTwo);
  assertEquals(read("1\t2\n3\t4\n"), twoByTwo);
  assertEquals(read("1;2\n3;4\n"), twoByTwo);
  assertEquals(read("1 2\n3   4\n"), twoByTwo);
  assertEquals(read(" 1 , 2 \n 3,4"), twoByTwo);
  assertEquals(read("1\n2\n3\n"), { rows: 3, columns: 1, data: [1, 2, 3] });
});

Deno.test("readCSVMatrix() reads both line ends, a byte order mark, blank lines at the end", () => {
  assertEquals(read("1,2\r\n3,4\r\n"), twoByTwo);
  assertEquals(read("\ufeff1,2\n3,4"), twoByTwo);
  assertEquals(read("1,2\n3,4\n\r\n\n"), twoByTwo);
});

Deno.test("readCSVMatrix() passes over a first line without numbers, or as it is told", () => {
  assertEquals(read("x,y\n1,2\n3,4\n"), twoByTwo);
  assertEquals(read("# x y\n1 2\n3 4\n"), twoByTwo);
  assertEquals(read("0,1\n1,2\n3,4\n", { header: true }), twoByTwo);
  assertEquals(read("1,2\n3,4\n", { header: false }), twoByTwo);
  assertThrows(() => read("x,y\n1,2\n", { header: false }), InputError, "line 1, column 1");
});

Deno.test("readCSVMatrix() reads every form of a decimal number, rounded to float32", () => {
  const numbers = ["1", "-2.5", "+3", ".5", "4.", "1e3", "2.5E-3", "-0", "1e-60", "0.1"];
  const expected = [1, -2.5, 3, 0.5, 4, 1000, Math.fround(0.0025), -0, 0, Math.fround(0.1)];
  assertEquals(read(numbers.join(",")), { rows: 1, columns: 10, data: expected });
});

Deno.test("readCSVMatrix() names the line and the column of what is no finite number, and why", () => {
  const wrong = {
    "": "so a value is missing",
    nan: "no finite number",
    "-Infinity": "no finite number",
    NA: "no finite number",
    "0x10": "not a decimal number",
    "1e39": "beyond the numbers of float32",
    true: "not a number; write 1 and 0",
    '"1,000"': "whose comma may be a decimal mark or of thousands",
    '"0,5"': "whose comma may be a decimal mark or of thousands",
    "1'000": "with separators of thousands",
    "1 000": "with separators of thousands",
    "1.000.000": "with separators of thousands",
  };
  for (const field of ["1 2", "--1", "1e", "e5", ".", "1_000", "²", "1x", "4%", '"1" 2', '1"2"']) {
    Object.assign(wrong, { [field]: "not a number" });
  }
  for (const [field, cause] of Object.entries(wrong)) {
    const shown = field.startsWith('"1,') || field.startsWith('"0') ? field.slice(1, -1) : field;
    const reason = `line 3, column 2 of the table is "${shown}", ${cause}`;
    assertThrows(() => read(`x,y,z\n1,2,3\n4,${field},6\n`), InputError, reason);
  }
  assertThrows(() => read("nan,nan\n1,2\n"), InputError, "line 1, column 1");
  // Blank lines, comments and an index count as the file has them.
  const text = "# c\n,a,b\n0,1,2\n\n1,2,x\n";
  assertThrows(() => read(text), InputError, 'line 5, column 3 of the table is "x"');
});

Deno.test("readCSVMatrix() reads quoted numbers, and quotes within names", () => {
  assertEquals(read('"1","2"\n"3","4"\n'), twoByTwo);
  assertEquals(read('"1"\t2\n3\t"4"'), twoByTwo);
  assertEquals(read('"1" 2\n"3"   "4"\n'), twoByTwo);
  assertEquals(read('"a, ""b""","c\nd"\n1,2\n3,4\n'), twoByTwo);
  assertThrows(() => read('1,2\n3,"4\n5,6\n'), InputError, "line 2 of the table opens a quote");
});

Deno.test("readCSVMatrix() reads decimal commas where no comma separates", () => {
  const halves = { rows: 2, columns: 2, data: [0.5, -1.5, 2, 3500] };
  for (const separator of [";", "\t", " "]) {
    assertEquals(read(`0,5${separator}-1,5\n2${separator}3,5e3\n`), halves);
  }
  assert(readCSVMatrix(utf8("0,5;1\n2;3\n")).taken.decimalCommas);
  assert(!readCSVMatrix(utf8("0.5;1\n2;3\n")).taken.decimalCommas);
  assertThrows(
    () => read("1.5;2\n1,5;2\n"),
    InputError,
    'line 2, column 1 of the table is "1,5", and line 1, column 1 of the table is "1.5"',
  );
  assertThrows(() => read("1.000,5;2\n1;2\n"), InputError, "with separators of thousands");
});

Deno.test("readCSVMatrix() reads the exponents of Fortran and the minus sign of typography", () => {
  assertEquals(read("1.0D-01,2d0\n-3.0D+01,\u22124\n"), {
    rows: 2,
    columns: 2,
    data: [Math.fround(0.1), 2, -30, -4],
  });
});

Deno.test("readCSVMatrix() reads line ends of CR, UTF-16, a line that tells the separator", () => {
  assertEquals(read("1,2\r3,4\r"), twoByTwo);
  assertEquals(read("1,2\r\r\n3,4\r\n\r"), twoByTwo);
  assertEquals(read("sep=;\n1;2\n3;4\n"), twoByTwo);
  assertEquals(read("1   2\n3\t4\n"), twoByTwo);
  for (const littleEndian of [true, false]) {
    const units = Uint16Array.from("\ufeffä,b\n1,2\n3,4\n", (c) => c.charCodeAt(0));
    const bytes = new Uint8Array(2 * units.length), view = new DataView(bytes.buffer);
    units.forEach((unit, i) => view.setUint16(2 * i, unit, littleEndian));
    assertEquals(Array.from(readCSVMatrix(bytes).data), [1, 2, 3, 4]);
  }
  const utf32 = Uint8Array.of(0xff, 0xfe, 0, 0, 0x31, 0, 0, 0);
  assertThrows(() => readCSVMatrix(utf32), InputError, "UTF-32");
});

Deno.test("readCSVMatrix() passes over blank lines and comments, but for a table of one column", () => {
  assertEquals(read("1,2\n\n  \n3,4\n"), twoByTwo);
  assertEquals(read("# a\n1,2\n# b\n3,4\n# c"), twoByTwo);
  assertEquals(read("\n1\n2\n\n"), { rows: 2, columns: 1, data: [1, 2] });
  assertThrows(() => read("1\n\n3\n"), InputError, "line 2 of the table is blank");
});

Deno.test("readCSVMatrix() leaves an empty last column out, and none where a value is missing", () => {
  assertEquals(read("1,2,\n3,4,\n"), twoByTwo);
  assertEquals(read("a,b,\n1,2,\n3,4,\n"), twoByTwo);
  assertEquals(read("a,b\n1,2,\n3,4,\n"), twoByTwo);
  assert(readCSVMatrix(utf8("1,2,\n3,4,\n")).taken.emptyColumn);
  assertThrows(() => read("1,\n3,4\n"), InputError, 'line 1, column 2 of the table is ""');
  assertThrows(() => read("1,2\n3,\n"), InputError, 'line 2, column 2 of the table is ""');
  assertThrows(() => read("a,b\n1,\n3,\n"), InputError, 'line 2, column 2 of the table is ""');
  assertThrows(() => read("1,2,\n3,4,5\n"), InputError, 'line 1, column 3 of the table is ""');
  assertThrows(() => read("1,2,\n3,4,\n5,6,7"), InputError, "line 3 of the table is 3 long");
});

/** What was read, what for, and where the last number stands. */
function told(text: string, options = {}) {
  const matrix = readCSVMatrix(utf8(text), options);
  const { rows, columns, data, taken: { header, index, likeHeader }, place } = matrix;
  const { line, column } = place(rows - 1, columns - 1);
  return [`${rows} x ${columns}`, [...data].join(" "), header, index, likeHeader, line, column];
}

Deno.test("readCSVMatrix() takes a first row that counts the columns for names", () => {
  const data = "0.5 0.25 0.125 1.5";
  assertEquals(told("0,1\n.5,.25\n.125,1.5\n"), ["2 x 2", data, true, undefined, false, 3, 2]);
  assertEquals(told("1,2\n.5,.25\n.125,1.5\n"), ["2 x 2", data, true, undefined, false, 3, 2]);
  assertEquals(told("0,1,2,3\n9,0,0,7\n"), ["1 x 4", "9 0 0 7", true, undefined, false, 2, 4]);
  // A label and then numbers, and an index before them.
  assertEquals(told("label,0,1\n5,.5,7\n"), ["1 x 3", "5 0.5 7", true, undefined, false, 2, 3]);
  assertEquals(told(",0,1\n0,.5,7\n1,8,9\n"), ["2 x 2", "0.5 7 8 9", true, "unnamed", false, 3, 3]);
});

Deno.test("readCSVMatrix() takes no names for what may be values, and says so", () => {
  const values = (text: string) => told(text)[2] === false;
  assert(values("0,1\n1,0\n1,1\n0,0\n")); // bits
  assert(values("1,2\n3,4\n"));
  assert(values("0,1,2,3\n4,5,6,7\n")); // a counted table
  assert(values("0,1\n0.5,0.5\n0,1\n")); // the row comes again
  assert(values("0,1,2\n")); // alone
  assert(values("0\n0.5\n0.25\n"));
  assert(values("2,3,4,5\n0,0,0.5,0\n"));
  assert(values("0,1,3\n0,0,0.5\n"));
  assertEquals(told("0,1\n1,0\n"), ["2 x 2", "0 1 1 0", false, undefined, true, 2, 2]);
  assertEquals(told("0,1\n1,0\n", { header: true }), [
    "1 x 2",
    "1 0",
    true,
    undefined,
    false,
    2,
    2,
  ]);
  assertEquals(told("0,1\n.5,0\n", { header: false }), [
    "2 x 2",
    "0 1 0.5 0",
    false,
    undefined,
    false,
    2,
    2,
  ]);
});

Deno.test("readCSVMatrix() leaves an index out beside names", () => {
  const expected = (index: string, line = 3) => ["2 x 2", "1 2 3 4", true, index, false, line, 3];
  for (const rows of ["0,1,2\n1,3,4\n", "7,1,2\n5,3,4\n", "x,1,2\n,3,4\n", '"a\nb",1,2\nc,3,4\n']) {
    assertEquals(told(`,a,b\n${rows}`), expected("unnamed", rows.split("\n").length));
  }
  assertEquals(told('"","V1","V2"\n"1",1,2\n"2",3,4\n'), expected("unnamed"));
  assertEquals(told('"V1" "V2"\n"1" 1 2\n"2" 3 4\n'), expected("unnamed"));
  assertEquals(told("id,a,b\n0,1,2\n1,3,4\n"), expected("counting"));
  assertEquals(told("# id a b\n0 1 2\n1 3 4\n"), expected("counting"));
  const kept = ["2 x 3", "0 1 2 1 3 4", true, undefined, false, 3, 3];
  assertEquals(told("id,a,b\n0,1,2\n1,3,4\n", { header: true }), kept);
  assertEquals(told("id,a,b\n1,1,2\n0,3,4\n"), ["2 x 3", "1 1 2 0 3 4", ...kept.slice(2)]);
  assertEquals(told("0,1,2\n1,3,4\n")[3], undefined);
  assertEquals(told("a,b\n0,2\n")[0], "1 x 2");
});

Deno.test("readCSVMatrix() gives the names of the columns it keeps", () => {
  const names = (text: string, options = {}) => readCSVMatrix(utf8(text), options).names;
  assertEquals(names("a,b\n1,2\n"), ["a", "b"]);
  assertEquals(names('"a, ""b""";c\n1;2\n'), ['a, "b"', "c"]);
  assertEquals(names("# a b\n1 2\n3 4\n"), ["a", "b"]);
  assertEquals(names("1,2\n3,4\n"), undefined);
  assertEquals(names("1,2\n3,4\n", { header: true }), ["1", "2"]);
  // Those of an index are left out, and so is an empty last column.
  assertEquals(names(",a\n0,5\n1,6\n"), ["a"]);
  assertEquals(names("id,a\n0,5\n1,6\n"), ["a"]);
  assertEquals(names("a b\n0 5 6\n1 6 7\n"), ["a", "b"]);
  assertEquals(names("a,b,\n1,2,\n3,4,\n"), ["a", "b"]);
  assertEquals(names("0,1,2,3\n.5,.5,.5,.5\n1,2,5,4\n"), ["0", "1", "2", "3"]);
  assertEquals(names("0;1;\n.5;.5;\n.5;.25;\n"), ["0", "1"]);
  // Four words name no three columns.
  assertEquals(names("a,b,c,d\n1,2,3\n4,5,6\n"), undefined);
});

Deno.test("readCSVMatrix() tells where a number stands", () => {
  const { place } = readCSVMatrix(utf8("# c\n0,1\n\n.5,2\n3,5\n# d\n\n5,7\n"));
  assertEquals([0, 1, 2].map((row) => place(row, 0).line), [4, 5, 8]);
  const all = readCSVMatrix(utf8("# c\n0,1\n\n.5,2\n3,5\n"), { header: false });
  assertEquals([0, 1, 2].map((row) => all.place(row, 1)), [
    { line: 2, column: 2 },
    { line: 4, column: 2 },
    { line: 5, column: 2 },
  ]);
});

Deno.test("readCSVMatrix() refuses rows of other lengths", () => {
  assertThrows(
    () => read("1,2\n3\n"),
    InputError,
    "line 2 of the table is 1 long, the lines before 2",
  );
  assertThrows(() => read("1,2\n3,4,5\n"), InputError, "line 2 of the table is 3 long");
});

Deno.test("readCSVMatrix() refuses what holds no row of numbers, or no lines", () => {
  for (const text of ["", "\n\n", "x,y\n"]) {
    assertThrows(() => read(text), InputError, "no row of numbers");
  }
  const noLines = new Uint8Array(2 ** 25 + 1).fill(0x31);
  assertThrows(() => readCSVMatrix(noLines), InputError, "is it text?");
});

Deno.test("readCSVMatrix() takes memory in proportion to the file", async () => {
  // As many columns as there are lines: 25 million numbers, if all rows were like the first.
  const wide = new TextEncoder().encode(`${"1,".repeat(5000)}1\n${"1\n".repeat(5000)}`);
  const refuse = () => {
    assertThrows(() => readCSVMatrix(wide), InputError, "line 2 of the table is 1 long");
  };
  assertEquals(await longestAllocation(refuse, "Float32Array"), Math.ceil((wide.length + 1) / 2));
  const square = () => read("1,2\n3,4\n");
  assertEquals(await longestAllocation(square, "Float32Array"), 4);
});
