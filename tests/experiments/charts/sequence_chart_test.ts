import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import {
  sequenceChart,
  type SequenceChartOptions,
} from "../../../experiments/charts/sequence_chart.ts";

/** Three steps of an adding problem. */
const adding: SequenceChartOptions = {
  title: "add",
  task: { loss: "squared-error", targets: "last" },
  length: 3,
  inputs: [0.1, 1, 0.7, 0, 0.4, 1],
  targets: [0.25],
  outputs: [0, 1, 0.5],
  inputNames: ["value", "marker"],
  outputNames: ["mean"],
};

/** Two classes at each of three steps. */
const classes: SequenceChartOptions = {
  ...adding,
  task: { loss: "cross-entropy", targets: "all" },
  targets: [1, 0, 0.25, 0.75, 1, 0],
  // Of softmax 1/4 and 3/4.
  outputs: [0.25, 0.75, 0.25, 0.75, 0.25, 0.75].map(Math.log),
  outputNames: ["a", "b"],
};

/** The texts of an SVG. */
function words(svg: string): string[] {
  return [...svg.matchAll(/>([^<>]+)<\/(?:text|tspan)>/g)].map(([, text]) => text);
}

/** The attributes of the marks whose labels have these words. */
function marks(svg: string, label: RegExp): string[] {
  return [...svg.matchAll(/<(?:path|line) aria-label="([^"]*)"([^>]*)>/g)]
    .filter(([, found]) => label.test(found)).map(([, , attributes]) => attributes);
}

Deno.test("sequenceChart() draws target and output on one scale, and says both numbers", async () => {
  const svg = await sequenceChart(adding);
  assert(words(svg).includes("mean at the last step: target 0.2500, output 0.5000"));
  const height = (mark: string) => Number(mark.match(/translate\([\d.]+,([\d.]+)\)/)![1]);
  const [line] = marks(svg, /^step: 1; mean: 0$/);
  const [at0, at1] = [...line.matchAll(/[ML][\d.]+,([\d.]+)/g)].map(([, y]) => Number(y));
  const [target, output] = [/^step: 3; mean: 0.25$/, /^step: 3; mean: 0.5$/]
    .map((label) => height(marks(svg, label)[0]));
  // The rule of the target runs through its dot.
  assertEquals(height(marks(svg, /^mean: 0.25$/)[0]), target);
  assertAlmostEquals(output, at0 + 0.5 * (at1 - at0), 0.01);
  assertAlmostEquals(target, at0 + 0.25 * (at1 - at0), 0.01);
});

Deno.test("sequenceChart() gives classes of target and output the same shades", async () => {
  const svg = await sequenceChart(classes);
  const shades = (value: number) =>
    new Set(
      marks(svg, new RegExp(`probability[^;]*: ${value}(;|$)`)).map((mark) =>
        mark.match(/fill="([^"]*)"/)![1]
      ),
    );
  assertEquals(marks(svg, /probability/).length, 12);
  // Of one target and three outputs.
  assertEquals(marks(svg, /probability[^;]*: 0.25$/).length, 4);
  const found = [0, 0.25, 0.75, 1].map(shades);
  assertEquals(found.map(({ size }) => size), [1, 1, 1, 1]);
  assertEquals(new Set(found.flatMap((colors) => [...colors])).size, 4);
  assertEquals(words(svg).filter((text) => text === "probability").length, 1);
});

Deno.test("sequenceChart() shows the inputs, each step and every name", async () => {
  for (const options of [adding, classes]) {
    const svg = await sequenceChart(options);
    for (const text of ["inputs", "value", "marker", "step", "1", "3", ...options.outputNames]) {
      assert(words(svg).includes(text), text);
    }
    assertEquals(marks(svg, /inputs: /).length, 6);
    assertEquals(await sequenceChart(options), svg);
  }
});

Deno.test("sequenceChart() draws a target at every step as a line, and what is finite", async () => {
  const all: SequenceChartOptions = {
    ...adding,
    task: { loss: "squared-error", targets: "all" },
    targets: [0, 1, 0],
    outputs: [0.5, 0.2, NaN],
  };
  const svg = await sequenceChart(all);
  assertEquals(svg.includes("NaN"), false);
  assert(words(svg).includes("mean at the last step: target 0.000, output not finite"));
  const lines = [...svg.matchAll(/aria-roledescription="line mark"/g)];
  assertEquals(lines.length, 2);
});

Deno.test("sequenceChart() shows standardized outputs in their units, and no inputs without names", async () => {
  const series: SequenceChartOptions = {
    ...adding,
    task: { loss: "squared-error", targets: "all" },
    targets: [0, 1, 0, -1, 1, 2],
    outputs: [0, 1, 0, -1, 1, 1],
    inputNames: [],
    outputNames: ["a", "b"],
    scales: [{ mean: 10, deviation: 2 }, { mean: -1, deviation: 0.5 }],
  };
  const svg = await sequenceChart(series);
  assertEquals(words(svg).includes("inputs"), false);
  assert(words(svg).includes("a at the last step: target 12.00, output 12.00"));
  assert(words(svg).includes("b at the last step: target 0.000, output -0.5000"));
});

Deno.test("sequenceChart() shows eight of many outputs, and says so", async () => {
  const names = Array.from({ length: 11 }, (_, i) => `output ${i + 1}`);
  const values = names.flatMap(() => [0, 1, 2]);
  const svg = await sequenceChart({
    ...adding,
    task: { loss: "squared-error", targets: "all" },
    ...{ targets: values, outputs: values, outputNames: names },
  });
  assert(words(svg).includes("and 3 more, which are not shown"));
  assertEquals(svg.match(/aria-roledescription="line mark"/g)?.length, 2 * 8);
});
