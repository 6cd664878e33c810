import { assertEquals, assertStringIncludes } from "@std/assert";
import { lossChart } from "../../../experiments/charts/loss_chart.ts";
import { type CurvePoint, readCurves } from "../../../experiments/charts/learning_curves.ts";
import { csvLine, readTable, type TableRow } from "../../../experiments/files/tables.ts";

const columns = [
  "problem",
  "optimizer",
  "mu",
  "schedule",
  "learning_rate",
  "init",
  "init_scale",
  "seed",
  "update",
  "momentum",
  "train_loss",
  "train_squared_error",
];

interface Replica {
  optimizer: string;
  mu?: number;
  rate?: number;
  scale?: number;
  seed?: number;
  /** The figure at updates 0, 10, 20, ... */
  errors: number[];
}

/** The rows of curve.csv for some replicas, by way of its text. */
function table(...replicas: readonly Replica[]): TableRow[] {
  const lines = replicas.flatMap(
    ({ optimizer, mu = 0, rate = 0.01, scale = 1, seed = 1, errors }) =>
      errors.map((error, i) =>
        csvLine([
          "curves",
          optimizer,
          mu,
          "paper",
          rate,
          "sparse",
          scale,
          seed,
          10 * i,
          mu,
          1,
          error,
        ])
      ),
  );
  return readTable(csvLine(columns) + lines.join(""));
}

function values(points: readonly CurvePoint[], role: CurvePoint["role"]): number[] {
  return points.filter((point) => point.role === role).map(({ value }) => value);
}

function curvesOf(...replicas: readonly Replica[]) {
  return readCurves(table(...replicas), "train_squared_error");
}

Deno.test("readCurves() names methods by optimizer, mu and what else differs, in order", () => {
  const errors = [2, 1];
  const names = (...replicas: Replica[]) => curvesOf(...replicas).methods.map(({ name }) => name);
  assertEquals(
    names(
      { optimizer: "nag", mu: 0.99, errors },
      { optimizer: "nag", mu: 0.9, errors },
      { optimizer: "cm", mu: 0.9, errors },
      { optimizer: "sgd", errors },
    ),
    ["SGD", "CM 0.9", "NAG 0.9", "NAG 0.99"],
  );
  assertEquals(
    names(
      { optimizer: "nag", mu: 0.9, scale: 4, errors },
      { optimizer: "nag", mu: 0.9, scale: 0.5, errors },
    ),
    ["NAG 0.9 scale 0.5", "NAG 0.9 scale 4"],
  );
});

Deno.test("readCurves() draws each seed and the median of all", () => {
  const { points, seeds } = curvesOf(
    { optimizer: "nag", mu: 0.9, seed: 1, errors: [10, 4] },
    { optimizer: "nag", mu: 0.9, seed: 2, errors: [20, 1] },
    { optimizer: "nag", mu: 0.9, seed: 3, errors: [30, 9] },
  );
  assertEquals(seeds, 3);
  assertEquals(values(points, "seed"), [10, 4, 20, 1, 30, 9]);
  assertEquals(values(points, "median"), [20, 4]);
});

Deno.test("readCurves() counts a diverged seed as infinite in the median", () => {
  const { points, diverged } = curvesOf(
    { optimizer: "nag", mu: 0.9, seed: 1, errors: [10, 4, 3] },
    { optimizer: "nag", mu: 0.9, seed: 2, errors: [20, NaN, NaN] },
    { optimizer: "nag", mu: 0.9, seed: 3, errors: [30, 9, Infinity] },
  );
  assertEquals(diverged, 2);
  assertEquals(values(points, "diverged"), [20, 9]);
  assertEquals(values(points, "median"), [20, 9]);
});

Deno.test("readCurves() keeps the ends of a long line that it thins out", () => {
  const errors = Array.from({ length: 5003 }, (_, i) => 6000 - i);
  const { points } = curvesOf({ optimizer: "sgd", errors });
  const drawn = values(points, "median");
  assertEquals([drawn[0], drawn[drawn.length - 1]], [6000, 998]);
  assertEquals(drawn.length > 300 && drawn.length <= 402, true);
});

Deno.test("readCurves() marks a single report, and leaves 0 out of a logarithmic axis", () => {
  assertEquals(values(curvesOf({ optimizer: "sgd", errors: [5] }).points, "only report"), [5]);
  assertEquals(values(curvesOf({ optimizer: "sgd", errors: [5, 0, 1] }).points, "median"), [5, 1]);
});

/** How many lines of a chart are drawn with strokes of a width. */
function strokes(svg: string, width: number): number {
  return [...svg.matchAll(/<path aria-label="[^"]*"[^>]* stroke-width="([^"]*)"/g)]
    .filter(([, found]) => Number(found) === width).length;
}

Deno.test("lossChart() draws each setting on white, with titles, units and a legend", async () => {
  const svg = await lossChart(table(
    { optimizer: "sgd", errors: [100, 50, 12] },
    { optimizer: "nag", mu: 0.9, errors: [100, 20, 5] },
  ));
  for (
    const words of [
      "<svg",
      'fill="white"',
      "Curves: training squared error",
      "(sum over pixels)",
      ">update<",
      ">SGD<",
      ">NAG 0.9<",
      "learning rate 0.01 per update",
    ]
  ) {
    assertStringIncludes(svg, words);
  }
  assertEquals(strokes(svg, 2), 2);
});

Deno.test("lossChart() gives each learning rate a panel where the lines are many", async () => {
  const replicas = [0.05, 0.01, 0.005, 0.001, 0.0005, 0.0001].flatMap((rate) => [
    { optimizer: "sgd", rate, errors: [9, 8] },
    ...["cm", "nag"].flatMap((optimizer) =>
      [0.9, 0.99, 0.995, 0.999].map((mu) => ({ optimizer, mu, rate, errors: [9, 3] }))
    ),
  ]);
  const svg = await lossChart(table(...replicas));
  assertEquals(strokes(svg, 2), 54);
  assertStringIncludes(svg, "learning rate 0.0005");
});

Deno.test("lossChart() draws what there is of diverged, single and missing reports", async () => {
  const diverging = await lossChart(table(
    { optimizer: "nag", mu: 0.99, errors: [100, 10, 1e30, NaN] },
    { optimizer: "sgd", errors: [100, 90, 80, 70] },
  ));
  assertStringIncludes(diverging, "1 diverged: ×");
  // The axis is that of the others: 1e30 is beyond it.
  assertEquals(/>1e\+?\d+</.test(diverging), false);
  const single = await lossChart(table({ optimizer: "nag", mu: 0.99, errors: [100] }));
  assertEquals(single.includes("NaN"), false);
  const nothing = await lossChart(table({ optimizer: "nag", mu: 0.99, errors: [NaN, NaN] }));
  assertStringIncludes(nothing, "no finite figure to draw");
  assertStringIncludes(await lossChart([]), "Training squared error");
});

Deno.test("lossChart() draws another column under its own title", async () => {
  const svg = await lossChart(table({ optimizer: "sgd", errors: [2, 1] }), {
    figure: "train_loss",
    figureTitle: "training loss",
    unit: "nats",
  });
  assertStringIncludes(svg, "Curves: training loss");
  assertStringIncludes(svg, "(nats)");
});

Deno.test("lossChart() says of reports of 0 that a logarithmic axis has no place for them", async () => {
  const some = await lossChart(table({ optimizer: "sgd", errors: [5, 0, 1] }));
  assertStringIncludes(some, "1 of 3 reports are 0, which cannot stand on a log axis");
  const none = await lossChart(table({ optimizer: "sgd", errors: [5, 2, 1] }));
  assertEquals(none.includes("log axis"), false);
});

Deno.test("lossChart() marks a network that diverged beyond its rows, and no other", async () => {
  const rows = table(
    { optimizer: "sgd", errors: [5, 4] },
    { optimizer: "nag", mu: 0.9, errors: [5, 3] },
  );
  const isDiverged = ({ optimizer }: TableRow) => optimizer === "nag";
  assertStringIncludes(await lossChart(rows, { isDiverged }), "1 diverged: ×");
  const { points } = readCurves(rows, "train_squared_error", isDiverged);
  assertEquals(values(points, "diverged"), [3]);
});
