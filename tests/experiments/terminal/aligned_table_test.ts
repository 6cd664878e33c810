import { assertEquals } from "@std/assert";
import { alignTable } from "../../../experiments/terminal/aligned_table.ts";

const outcomes = [
  ["optimizer", "mu", "rate", "init", "train squared error", "status"],
  ["nag", 0.9, 0.05, "sparse", "10.0836", "ok"],
  ["sgd", 0, 0.05, "sparse", "Infinity", "diverged at 12"],
];

function lines(...text: string[]): string {
  return text.join("\n");
}

Deno.test("alignTable() lays text to the left and numbers to the right", () => {
  const whole = lines(
    "optimizer   mu  rate  init    train squared error  status",
    "nag        0.9  0.05  sparse              10.0836  ok",
    "sgd          0  0.05  sparse             Infinity  diverged at 12",
  );
  assertEquals(alignTable(outcomes, { width: 65 }), whole);
  // In a pipe, as in tests, there are 80 columns.
  assertEquals(alignTable(outcomes), whole);
});

Deno.test("alignTable() says once what all rows say where the terminal is too narrow", () => {
  assertEquals(
    alignTable(outcomes, { width: 64 }),
    lines(
      "rate 0.05, init sparse",
      "optimizer   mu  train squared error  status",
      "nag        0.9              10.0836  ok",
      "sgd          0             Infinity  diverged at 12",
    ),
  );
});

Deno.test("alignTable() breaks headings, then the last text, then leaves out what matters least", () => {
  const broken = lines(
    "rate 0.05, init sparse",
    "                        train",
    "optimizer   mu  squared error  status",
    "nag        0.9        10.0836  ok",
    "sgd          0       Infinity  diverged at 12",
  );
  const narrow = {
    width: 38,
    whole: "summary.csv",
    important: ["optimizer", "train squared error"],
  };
  assertEquals(
    alignTable(outcomes, { ...narrow, width: 45 }),
    broken,
  );
  assertEquals(
    alignTable(outcomes, { ...narrow, width: 39 }),
    broken.replace("at 12", `\n${" ".repeat(31)}at 12`).replace(" \n", "\n"),
  );
  assertEquals(
    alignTable(outcomes, narrow),
    lines(
      "rate 0.05, init sparse",
      "                        train",
      "optimizer   mu  squared error",
      "nag        0.9        10.0836",
      "sgd          0       Infinity",
      "(1 more column: see summary.csv)",
    ),
  );
  assertEquals(
    alignTable(outcomes, { ...narrow, width: 20, important: ["status"] }),
    lines(
      "rate 0.05,",
      "init sparse",
      "status",
      "ok",
      "diverged at 12",
      "(3 more columns: see summary.csv)",
    ),
  );
  // Nothing is left out where it is nowhere else.
  assertEquals(
    alignTable(outcomes, { width: 20 }).split("\n").slice(2),
    broken.split("\n").slice(1),
  );
});

Deno.test("alignTable() lays a row alone as a list where it is too wide", () => {
  assertEquals(
    alignTable(outcomes.slice(0, 2), { width: 50 }),
    lines(
      "optimizer            nag",
      "mu                   0.9",
      "rate                 0.05",
      "init                 sparse",
      "train squared error  10.0836",
      "status               ok",
    ),
  );
});

Deno.test("alignTable() keeps columns of rows that are all alike", () => {
  const twice = [["first name", "second name"], ["a", "b"], ["a", "b"]];
  assertEquals(
    alignTable(twice, { width: 14 }),
    lines("first  second", "name   name", "a      b", "a      b"),
  );
  assertEquals(
    alignTable([["first name", "last name"]], { width: 12 }),
    lines("first  last", "name   name"),
  );
});
