import { assertEquals, assertThrows } from "@std/assert";
import { compose, type Constants } from "../../core/gpu/compose.ts";

/** The lines left of a template, without the blank ones that directives leave behind. */
function lines(template: string[], constants?: Constants): string[] {
  return compose(template.join("\n"), constants).split("\n")
    .map((line) => line.trim()).filter((line) => line !== "" && line !== "//");
}

Deno.test("compose() fills placeholders in", () => {
  assertEquals(compose("a${N}b${NAME}${ON}c", { N: 8, NAME: "x", ON: true }), "a8bxtruec");
  assertEquals(compose("no directive"), "no directive");
});

Deno.test("compose() unrolls loops over a number or a constant", () => {
  assertEquals(lines(["// #for i in 3", "a${i}", "// #end", "b"]), ["a0", "a1", "a2", "b"]);
  assertEquals(lines(["// #for i in ROWS", "a${i}", "// #end"], { ROWS: 2 }), ["a0", "a1"]);
  assertEquals(lines(["// #for i in ROWS", "a${i}", "// #end", "b"], { ROWS: 0 }), ["b"]);
});

Deno.test("compose() unrolls loops within loops", () => {
  const template = [
    "// #for i in N",
    "// #for j in 2",
    "a${i}_${j}",
    "// #end",
    "b${i}",
    "// #end",
    "// #for i in 1",
    "c${i}",
    "// #end",
  ];
  assertEquals(lines(template, { N: 2 }), ["a0_0", "a0_1", "b0", "a1_0", "a1_1", "b1", "c0"]);
});

Deno.test("compose() keeps the branch of the first condition that holds", () => {
  const template = [
    "// #if ${A}",
    "a",
    "// #elif ${B}",
    "b",
    "// #else",
    "c",
    "// #endif",
    "d",
  ];
  assertEquals(lines(template, { A: true, B: true }), ["a", "d"]);
  assertEquals(lines(template, { A: false, B: true }), ["b", "d"]);
  assertEquals(lines(template, { A: false, B: false }), ["c", "d"]);
});

Deno.test("compose() nests conditions and loops in each other", () => {
  const template = [
    "// #for i in 2",
    "// #if ${A}",
    "// #if ${B}",
    "ab${i}",
    "// #endif",
    "a${i}",
    "// #else",
    "// #for j in 2",
    "c${i}${j}",
    "// #end",
    "// #endif",
    "// #end",
  ];
  assertEquals(lines(template, { A: true, B: true }), ["ab0", "a0", "ab1", "a1"]);
  assertEquals(lines(template, { A: true, B: false }), ["a0", "a1"]);
  assertEquals(lines(template, { A: false, B: true }), ["c00", "c01", "c10", "c11"]);
});

Deno.test("compose() throws on names that have no value", () => {
  assertThrows(() => compose("a${NAME}", { OTHER: 1 }), Error, "${NAME}");
  assertThrows(() => lines(["// #if ${NAME}", "a", "// #endif"]), Error, "${NAME}");
  assertThrows(() => lines(["// #for i in ROWS", "a", "// #end"]), Error, "${ROWS}");
  assertThrows(() => lines(["// #for i in 1", "// #end", "a${i}"]), Error, "${i}");
});

Deno.test("compose() throws on loops and conditions that do not end", () => {
  assertThrows(
    () => lines(["a", "// #for i in 2", "// #for j in 2", "// #end"]),
    Error,
    'line 2 of the shader opens a loop without "// #end"',
  );
  assertThrows(() => lines(["// #if ${A}", "a"], { A: true }), Error, "#if/#endif");
});

Deno.test("compose() declares operands as buffers or as textures that mirror them", () => {
  const template = [
    "// #operand",
    "@group(0) @binding(1) var<storage, read> rows: array<vec4f>;",
    "b",
  ];
  assertEquals(lines(template, { TEXTURES: false }), [
    "@group(0) @binding(1) var<storage, read> rows: array<vec4f>;",
    "fn rows_at(i: u32) -> vec4f { return rows[i]; }",
    "b",
  ]);
  assertEquals(lines(template, { TEXTURES: true }), [
    "@group(0) @binding(1) var rows: texture_storage_2d<rgba32float, read>;",
    "fn rows_at(i: u32) -> vec4f { return textureLoad(rows, mirrored(i)); }",
    "b",
    "fn mirrored(i: u32) -> vec2u { return vec2u(i % 1024, i / 1024); }",
  ]);
  assertThrows(() => lines(template), Error, "${TEXTURES}");
});
