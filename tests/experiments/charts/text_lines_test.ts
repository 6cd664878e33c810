import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { inLines, textLines } from "../../../experiments/charts/text_lines.ts";

Deno.test("textLines() breaks at commas, else at spaces, else where it must", () => {
  assertEquals(textLines("NAG 0.9, rate 0.1", 20), ["NAG 0.9, rate 0.1"]);
  assertEquals(textLines("NAG 0.9, rate 0.1", 16), ["NAG 0.9", "rate 0.1"]);
  assertEquals(textLines("weight decay 0.5, tanh", 9), ["weight", "decay 0.5", "tanh"]);
  assertEquals(textLines("unbreakable", 4), ["unbr", "eaka", "ble"]);
});

Deno.test("textLines() keeps within the length, and loses no letter", () => {
  const word = fc.stringMatching(/^[a-z0-9.]{1,12}$/);
  const text = fc.array(fc.array(word, { minLength: 1 }), { minLength: 1 })
    .map((parts) => parts.map((words) => words.join(" ")).join(", "));
  fc.assert(fc.property(text, fc.integer({ min: 3, max: 40 }), (text, length) => {
    const lines = textLines(text, length);
    assert(lines.every((line) => line.length <= length));
    assertEquals(lines.join("").replace(/[ ,]/g, ""), text.replace(/[ ,]/g, ""));
  }));
});

Deno.test("inLines() never breaks a word", () => {
  assertEquals(inLines(["one", "two", "three"], " · ", 9), ["one · two", "three"]);
  assertEquals(inLines(["much longer", "two"], " · ", 4), ["much longer", "two"]);
  assertEquals(inLines([], " · ", 4), []);
});
