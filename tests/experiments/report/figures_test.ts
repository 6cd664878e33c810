import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { asInThePaper, figuresOfTable, type Outcomes, smallTables, summaries } from "./results.ts";

/** The SVG texts of all figures, by name. */
async function draw(outcomes: Outcomes, tables = smallTables): Promise<Map<string, string>> {
  const drawn = await Promise.all(summaries(tables, outcomes).map(figuresOfTable));
  return new Map(drawn.flat().map(({ name, svg }) => [name, svg]));
}

/** The texts of an SVG. */
function words(svg: string): string[] {
  return [...svg.matchAll(/>([^<>]+)<\/(?:text|tspan)>/g)].map(([, text]) => text);
}

/** Marks of a kind that vega names so: "line mark", "point". */
function marks(svg: string, role: string): number {
  return [...svg.matchAll(/aria-roledescription="([^"]*)"/g)]
    .filter(([, found]) => found === role).length;
}

Deno.test("figuresOfTable() labels each figure with its title, its unit and what its bars are", async () => {
  const figures = await draw(asInThePaper);
  const expected: Record<string, string[]> = {
    table1_updates: [
      "Curves: error against updates",
      "update",
      "NAG 0.99 (0.02)",
      "CM 0.999 (0.01)",
    ],
    table1_momentum: ["Curves: error against momentum", "0.995", "(reaches 0.9955)", "SGD"],
    table1_learning_rates: [
      "learning rate (per update)",
      "0.05",
      "NAG 0.999",
      "×: diverged",
    ],
    table2_finish: ["Curves: the low-momentum finish", "test error", "0.99N", "after it"],
    table3_scale: [
      "scale multiplier of the weights",
      "0.25",
      "Glorot",
      "Gaussian",
      "0.1 N(0, 1)",
      "SI, tanh",
    ],
  };
  for (const [name, texts] of Object.entries(expected)) {
    const said = words(figures.get(name)!);
    for (const text of texts) assert(said.includes(text), `${name}: ${text}`);
    assert(said.includes("(sum over pixels, mean over cases)"), name);
    // One seed alone chooses the rates.
    const hasSeeds = name !== "table1_learning_rates";
    assertEquals(said.some((text) => text.includes("of 3 confirmation seeds")), hasSeeds, name);
  }
  const recurrent = words(figures.get("table5_momentum")!);
  for (const text of ["add", "mem-20", "zero-one loss", "no momentum", "NAG"]) {
    assert(recurrent.includes(text), text);
  }
});

Deno.test("figuresOfTable() draws a line for each method and split", async () => {
  const figures = await draw(asInThePaper);
  // CM and NAG at four caps, each panel with SGD: training and test.
  assertEquals(marks(figures.get("table1_updates")!, "line mark"), 2 * 5 * 2);
  assertEquals(marks(figures.get("table1_learning_rates")!, "line mark"), 2 * 5 * 2);
  // CM and NAG.
  assertEquals(marks(figures.get("table1_momentum")!, "line mark"), 2 * 2);
});

Deno.test("figuresOfTable() marks a learning rate at which the network diverged", async () => {
  const crosses = (svg: string) => marks(svg, "point");
  const some = await draw(asInThePaper);
  const none = await draw((of) => {
    const outcome = asInThePaper(of);
    return outcome === "diverged" ? { train: 16, test: 16, before: 16 } : outcome;
  });
  // CM with a cap of 0.995 and 0.999, at 0.05.
  assertEquals(crosses(some.get("table1_learning_rates")!), 2);
  assertStringIncludes(some.get("table1_learning_rates")!, "×: diverged");
  assertEquals(none.get("table1_learning_rates")!.includes("diverged"), false);
  assertEquals(crosses(none.get("table1_learning_rates")!), 0);
});

Deno.test("figuresOfTable() keeps each method's colour where others are missing", async () => {
  const { table1 } = smallTables;
  const only = (mu: number): Outcomes => (of) =>
    of.optimizer === "sgd" || of.mu === mu ? asInThePaper(of) : undefined;
  const strokes = (svg: string) =>
    new Set([...svg.matchAll(/stroke="(rgb[^"]*)"/g)].map(([, c]) => c));
  const tables = { table1 } as typeof smallTables;
  const whole = strokes((await draw(asInThePaper, tables)).get("table1_updates")!);
  for (const mu of [0.9, 0.999]) {
    const part = strokes((await draw(only(mu), tables)).get("table1_updates")!);
    assertEquals(part.size, 3);
    assertEquals(part.isSubsetOf(whole), true);
  }
});

Deno.test("figuresOfTable() draws a zero-one loss of 0, and nothing where nothing came out", async () => {
  const { table5 } = smallTables;
  const tables = { table5 } as typeof smallTables;
  const zero = await draw(() => ({ train: 0, test: 0 }), tables);
  assertEquals(/NaN|Infinity/.test(zero.get("table5_momentum")!), false);
  assertEquals((await draw(() => undefined)).size, 0);
  assertEquals((await draw(() => "diverged")).size, 0);
});

Deno.test("figuresOfTable() leaves an error of 0 out of a logarithmic axis, and says so", async () => {
  const { table5: _, ...tables } = smallTables;
  const outcomes: Outcomes[] = [
    () => ({ train: 0, test: 0, before: 0 }),
    ({ seed }) => ({ train: seed - 1, test: seed - 1, before: 1 }),
  ];
  for (const outcome of outcomes) {
    const figures = await draw(outcome, tables as typeof smallTables);
    assert(figures.size > 0);
    for (const [name, svg] of figures) assertEquals(/NaN|Infinity/.test(svg), false, name);
  }
  const [all] = await Promise.all(outcomes.map((of) => draw(of, tables as typeof smallTables)));
  const note = "errors of 0 are left out, as they cannot stand on a log axis";
  for (const [name, svg] of all) assert(words(svg).includes(note), name);
});

Deno.test("figuresOfTable() names the networks whose best rate is at the edge of those tried", async () => {
  const falling: Outcomes = (of) => {
    const outcome = asInThePaper(of);
    const isAtEdge = of.optimizer === "nag" && of.mu === 0.9;
    return isAtEdge && typeof outcome === "object"
      ? { train: of.learningRate, test: of.learningRate, before: 1 }
      : outcome;
  };
  const edges = (svg: string) => words(svg).filter((text) => text.includes("at the edge"));
  for (const [name, svg] of await draw(asInThePaper)) assertEquals(edges(svg), [], name);
  const figures = await draw(falling);
  for (const name of ["table1_updates", "table1_momentum", "table1_learning_rates"]) {
    assertEquals(edges(figures.get(name)!), ["best rate at the edge of those tried: 0.9N"], name);
  }
  assertEquals(edges(figures.get("table5_momentum")!), [
    "best rate at the edge of those tried: add 0.9N, mul 0.9N, mem-5 0.9N, mem-20 0.9N",
  ]);
});
