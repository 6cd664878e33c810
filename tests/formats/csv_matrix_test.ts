import { assertEquals, assertThrows } from "@std/assert";
import { readCSVMatrix } from "../../core/formats/csv_matrix.ts";
import { InputError } from "../../core/errors.ts";
import { longestAllocation } from "./bad_input.ts";

function read(text: string, options = {}) {
  const { rows, columns, data } = readCSVMatrix(new TextEncoder().encode(text), options);
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
  assertThrows(() => read("x,y\n1,2\n", { header: false }), InputError, "row 1 (line 1), column 1");
});

Deno.test("readCSVMatrix() reads every form of a decimal number, rounded to float32", () => {
  const numbers = ["1", "-2.5", "+3", ".5", "4.", "1e3", "2.5E-3", "-0", "1e-60", "0.1"];
  const expected = [1, -2.5, 3, 0.5, 4, 1000, Math.fround(0.0025), -0, 0, Math.fround(0.1)];
  assertEquals(read(numbers.join(",")), { rows: 1, columns: 10, data: expected });
});

Deno.test("readCSVMatrix() names the row and the column of what is no finite number", () => {
  const wrong = [
    "",
    "nan",
    "NaN",
    "inf",
    "-Infinity",
    "0x10",
    "1e39",
    "1 2",
    "--1",
    "1e",
    "e5",
    ".",
  ];
  wrong.push("1_000", '"1"', "²", "1x", "true");
  for (const field of wrong) {
    const reason = "row 2 (line 3), column 2 of the table is";
    assertThrows(() => read(`x,y,z\n1,2,3\n4,${field},6\n`), InputError, reason);
  }
  assertThrows(() => read("nan,nan\n1,2\n"), InputError, "row 1 (line 1), column 1");
  assertThrows(() => read("1,5;2,5\n1;2\n1,5;2\n"), InputError, "row 2 (line 3), column 1");
});

Deno.test("readCSVMatrix() refuses rows of other lengths and blank lines", () => {
  assertThrows(
    () => read("1,2\n3\n"),
    InputError,
    "row 2 (line 2) of the table is 1 long, the first 2",
  );
  assertThrows(() => read("1,2\n3,4,5\n"), InputError, "row 2 (line 2)");
  assertThrows(() => read("1,2\n\n3,4\n"), InputError, "row 2 (line 2)");
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
    assertThrows(() => readCSVMatrix(wide), InputError, "row 2 (line 2) of the table is 1 long");
  };
  assertEquals(await longestAllocation(refuse, "Float32Array"), Math.ceil((wide.length + 1) / 2));
  const square = () => read("1,2\n3,4\n");
  assertEquals(await longestAllocation(square, "Float32Array"), 4);
});
