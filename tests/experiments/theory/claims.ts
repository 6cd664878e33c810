// What tests of the theory share: how a statement and a figure are checked.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Statement, TheoryFigure } from "../../../experiments/theory/statement.ts";
import { renderSvg } from "../../../experiments/charts/vega.ts";

/** Goes on to the end. */
export const uninterrupted: AbortSignal = new AbortController().signal;

/** Checks every row of a statement. */
export function assertHolds({ rows }: Statement, count: number): void {
  assertEquals(rows.length, count);
  for (const { what, float64, gpu, holds } of rows) {
    assert(holds, `${what}: ${JSON.stringify({ float64, gpu })}`);
  }
}

/** Draws a figure without a warning and checks that it says `words`. */
export async function assertDrawn({ title, spec }: TheoryFigure, words: readonly string[]) {
  const warnings: unknown[] = [];
  const { warn } = console;
  console.warn = (...message) => warnings.push(message);
  let svg = "";
  try {
    svg = await renderSvg(spec);
  } finally {
    console.warn = warn;
  }
  assertEquals(warnings, []);
  for (const word of [title, ...words]) assertStringIncludes(svg, `>${word}<`);
}
