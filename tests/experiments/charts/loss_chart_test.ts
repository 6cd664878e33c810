import { assert, assertEquals, assertStringIncludes } from "@std/assert";
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
  return readCurves(table(...replicas), { figure: "train_squared_error" });
}

Deno.test("readCurves() places reports by another column, medians at the median of it", () => {
  const took = (rows: readonly TableRow[]) =>
    rows.map((row) => ({ ...row, seconds: String(Number(row.update) * Number(row.seed)) }));
  const rows = took(table(
    ...[1, 2, 6].map((seed) => ({ optimizer: "nag", seed, errors: [9, 8 - seed] })),
  ));
  const { points } = readCurves(rows, { figure: "train_squared_error", against: "seconds" });
  const places = (role: CurvePoint["role"]) =>
    points.filter((point) => point.role === role).map(({ place, value }) => [place, value]);
  assertEquals(places("seed"), [[0, 9], [10, 7], [0, 9], [20, 6], [0, 9], [60, 2]]);
  assertEquals(places("median"), [[0, 9], [20, 6]]);
});

Deno.test("readCurves() lists settings by optimizer, mu and what else differs", () => {
  const errors = [2, 1];
  const { settings } = curvesOf(
    { optimizer: "nag", mu: 0.99, scale: 4, errors },
    { optimizer: "nag", mu: 0.99, scale: 0.5, errors },
    { optimizer: "nag", mu: 0.9, rate: 0.001, errors },
    { optimizer: "adamw", mu: 0, errors },
    { optimizer: "nag", mu: 0.9, rate: 0.1, errors },
    { optimizer: "cm", mu: 0.9, errors },
    { optimizer: "sgd", errors },
  );
  const told = settings.map(({ cells: { optimizer, mu, learning_rate, init_scale } }) =>
    [optimizer, mu, learning_rate, init_scale].join(" ")
  );
  assertEquals(told, [
    "sgd 0 0.01 1",
    "cm 0.9 0.01 1",
    "nag 0.9 0.1 1",
    "nag 0.9 0.001 1",
    "nag 0.99 0.01 0.5",
    "nag 0.99 0.01 4",
    "adamw 0 0.01 1",
  ]);
});

Deno.test("readCurves() tells settings apart by the columns that it is given, never by seed", () => {
  const rows = table(
    { optimizer: "nag", seed: 1, errors: [4, 3] },
    { optimizer: "nag", seed: 2, errors: [4, 1] },
  ).map((row, i) => ({ ...row, beta1: String(i % 2) }));
  const figure = "train_squared_error";
  assertEquals(readCurves(rows, { figure }).settings.map(({ last }) => last), [2]);
  const settings = ["optimizer", "beta1", "seed"];
  const curves = readCurves(rows, { figure, settings });
  assertEquals(curves.settings.map(({ cells, last }) => [cells.beta1, last]), [["0", 4], ["1", 2]]);
  assertEquals(curves.columns, ["optimizer", "beta1"]);
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

Deno.test("readCurves() draws the limit of a setting once, where it is known", () => {
  const rows = table(
    { optimizer: "nag", seed: 1, errors: [4, 3, 2] },
    { optimizer: "nag", seed: 2, errors: [4, 1, 2] },
    { optimizer: "adamw", errors: [4, 2, 2] },
  ).map((row) => {
    const isKnown = row.optimizer === "nag" && row.update !== "0";
    return { ...row, bound: isKnown ? `${100 + Number(row.update)}` : "" };
  });
  const figure = "train_squared_error";
  const { points } = readCurves(rows, { figure, limit: "bound" });
  const limits = points.filter(({ role }) => role === "limit");
  assertEquals(limits.map(({ place, value }) => [place, value]), [[10, 110], [20, 120]]);
  assertEquals(values(readCurves(rows, { figure }).points, "limit"), []);
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

/** The texts of an SVG. */
function words(svg: string): string[] {
  return [...svg.matchAll(/>([^<>]+)<\/(?:text|tspan)>/g)].map(([, text]) => text);
}

Deno.test("lossChart() tells no learning rate where optimizers have none", async () => {
  const svg = await lossChart(table({ optimizer: "hf", rate: 0, errors: [100, 50, 12] }));
  assertEquals(words(svg).filter((text) => text.includes("learning rate")), []);
});

/** The replicas of a grid. */
function grid(optimizers: string[], mus: number[], rates: number[]): Replica[] {
  return optimizers.flatMap((optimizer) =>
    mus.flatMap((mu) => rates.map((rate) => ({ optimizer, mu, rate, errors: [9, 3] })))
  );
}

/** The colours and dashes of lines of a width. */
function looks(svg: string, width: number): string[] {
  return [...svg.matchAll(/<path aria-label="[^"]*"[^>]* stroke="([^"]*)"[^>]*>/g)]
    .filter(([path]) => path.includes(`stroke-width="${width}"`))
    .map(([path, color]) => `${color} ${path.match(/stroke-dasharray="([^"]*)"/)?.[1] ?? "1,0"}`);
}

Deno.test("lossChart() tells eight lines of a panel apart, with legends that say what they hold", async () => {
  const rates = [0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001];
  const eight = await lossChart(table(...grid(["adamw"], [0.9], rates)));
  assertEquals(new Set(looks(eight, 2)).size, 8);
  for (const text of ["optimizer, mu", "learning rate (per update)", "adamw 0.9, rate 0.002"]) {
    assert(words(eight).includes(text), text);
  }
  const dashed = await lossChart(table(...grid(["cm", "nag"], [0.9], [0.1, 0.01])));
  assertEquals(new Set(looks(dashed, 2)).size, 4);
  for (const text of ["CM 0.9", "NAG 0.9", "learning rate (per update)", "0.1", "0.01"]) {
    assert(words(dashed).includes(text), text);
  }
});

Deno.test("lossChart() gives each learning rate a panel where the lines are many", async () => {
  const svg = await lossChart(table(...grid(["cm", "nag"], [0.9, 0.99], [0.1, 0.05, 0.02, 0.01])));
  assertEquals(strokes(svg, 2), 16);
  assertEquals(new Set(looks(svg, 2)).size, 4);
  assertStringIncludes(svg, "one panel per learning rate");
  for (const rate of ["0.1", "0.05", "0.02", "0.01"]) {
    assertEquals(words(svg).filter((text) => text === `learning rate ${rate}`).length, 1);
  }
  // One legend for all.
  assertEquals(words(svg).filter((text) => text === "NAG 0.99").length, 1);
});

Deno.test("lossChart() parts optimizers where learning rates do not, each with its legend", async () => {
  const mus = [0.5, 0.8, 0.9, 0.95, 0.99];
  const svg = await lossChart(table(...grid(["nag", "adamw", "muon"], mus, [0.1])));
  assertStringIncludes(svg, "one panel per optimizer");
  for (const optimizer of ["NAG", "adamw", "muon"]) {
    for (const name of [optimizer, ...mus.map((mu) => `${optimizer} ${mu}`)]) {
      assertEquals(words(svg).filter((text) => text === name).length, 1, name);
    }
  }
  assertEquals(new Set(looks(svg, 2)).size, 15);
});

Deno.test("lossChart() draws the best eight of very many in colour, and the others in grey", async () => {
  const replicas = grid(["cm", "nag"], [0.9, 0.95, 0.98, 0.99, 0.995], [0.5, 0.2, 0.1, 0.05, 0.02])
    .map((replica, i) => ({ ...replica, errors: [9, 1 + (i * 7) % 50] }));
  const svg = await lossChart(table(...replicas));
  const said = words(svg);
  assertStringIncludes(svg, "the best 8 of 50 settings at the end, the others in grey");
  assertEquals(new Set(looks(svg, 2)).size, 8);
  assertEquals(looks(svg, 0.8), Array(42).fill("rgb(205,209,215) 1,0"));
  for (const { optimizer, mu, rate, errors } of replicas) {
    const name = `${optimizer.toUpperCase()} ${mu}, rate ${rate}`;
    assertEquals(said.includes(name), errors[1] <= 8, name);
  }
  assert(said.includes("42 others"));
});

Deno.test("lossChart() is within 1100 pixels, and the same bytes again", async () => {
  const names = ["sgd", "nag", "a rather long name of an optimizer", "muon"];
  for (const [mus, rates] of [[1, 1], [2, 1], [2, 3], [3, 3], [4, 3], [8, 1], [11, 1], [12, 2]]) {
    const steps = (count: number) => Array.from({ length: count }, (_, i) => 1 / (i + 2));
    const rows = table(...grid(names, steps(mus), steps(rates)));
    const svg = await lossChart(rows);
    const width = Number(svg.match(/<svg[^>]* width="([\d.]+)"/)![1]);
    assert(width <= 1100, `${mus} x ${rates}: ${width}`);
    assertEquals(await lossChart(rows), svg);
  }
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

Deno.test("lossChart() draws a limit dotted, in the colour of its setting", async () => {
  const rows = table({ optimizer: "sgd", errors: [9, 4, 3] }, {
    optimizer: "nag",
    errors: [9, 3, 2],
  })
    .map((row) => ({ ...row, bound: row.optimizer === "nag" ? "40" : "" }));
  const svg = await lossChart(rows, { limit: { figure: "bound", title: "the most there is" } });
  const [nag] = looks(svg, 2).filter((look) => looks(svg, 1.5)[0].startsWith(look.split(" ")[0]));
  assertEquals(looks(svg, 1.5), [nag.replace(/ .*/, " 1,3")]);
  assert(words(svg).includes("learning rate 0.01 per update  ·  dotted: the most there is"));
  const plain = await lossChart(rows);
  assertEquals(strokes(plain, 1.5), 0);
  assertEquals(words(plain).some((text) => text.includes("dotted")), false);
});

Deno.test("lossChart() says of reports of 0 that a logarithmic axis has no place for them", async () => {
  const some = await lossChart(table({ optimizer: "sgd", errors: [5, 0, 1] }));
  assertStringIncludes(some, "1 of 3 reports are 0, which cannot stand on a log axis");
  const negative = await lossChart(table({ optimizer: "sgd", errors: [5, 0, -1] }));
  assertStringIncludes(negative, "2 of 3 reports are 0 or less, which cannot stand on a log axis");
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
  const { points } = readCurves(rows, { figure: "train_squared_error", isDiverged });
  assertEquals(values(points, "diverged"), [3]);
});

Deno.test("lossChart() says that lines lie under others that are equal", async () => {
  const [nag, cm] = [{ optimizer: "nag", mu: 0.9 }, { optimizer: "cm", mu: 0.9 }];
  const three = table(
    { ...nag, mu: 0.99, errors: [5, 3] },
    { ...nag, errors: [5, 3] },
    { ...cm, errors: [5, 4] },
  );
  assertStringIncludes(await lossChart(three), "1 of 3 lines under equal ones");
  const two = table({ ...nag, errors: [5, 3] }, { ...cm, errors: [5, 4] });
  assertEquals((await lossChart(two)).includes("equal ones"), false);
});
