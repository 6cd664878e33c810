import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { readTable } from "../../../experiments/files/tables.ts";
import type { Configuration } from "../../../experiments/study/cell.ts";
import { measureCurvature, stabilityLimit } from "../../../experiments/study/curvature.ts";
import { autoencoder, Dataset, nesterov, openGPU, sparse, Trainer } from "../../../mod.ts";
import { scratch } from "../scratch.ts";
import { type SmallRun, trainSmall } from "./small_grid.ts";

const columns = ["gauss_newton_top", "hessian_top", "hessian_trace", "hessian_trace_error"];
const grid = { optimizer: ["nag", "sgd"], mu: [0.9], learningRate: [0.1], seed: [1] };
const task = { updates: 12, every: 5, curvatureEvery: 4, grid };

async function outcomeOf(options: Omit<SmallRun, "folder">) {
  using folder = scratch();
  const { states, curve, summary } = await trainSmall({ folder: folder.path, ...options });
  return { states, curve, summary, svg: picture(folder.path) };
}

function picture(folder: string): string {
  return Deno.readTextFileSync(`${folder}/curvature.svg`);
}

Deno.test("the curvature is measured every so many updates, from the first on", async () => {
  using folder = scratch();
  const { curve } = await trainSmall({ folder: folder.path, ...task });
  const rows = readTable(curve);
  const own = rows.filter(({ optimizer }) => optimizer === "nag");
  assertEquals(own.map(({ update }) => update), ["0", "4", "5", "8", "10", "12"]);
  for (const row of rows) {
    const isMeasured = Number(row.update) % 4 === 0;
    for (const column of columns) assertMatch(row[column], isMeasured ? /^-?\d/ : /^$/);
    // No update has told before the first one how far it goes.
    assertEquals(row.stability_limit !== "", isMeasured && row.update !== "0");
  }
  assertEquals(Object.keys(rows[0]).slice(-5), [...columns, "stability_limit"]);
  const report = Deno.readTextFileSync(`${folder.path}/report.html`);
  assertStringIncludes(report, "The largest eigenvalue of the Hessian");
  assertStringIncludes(
    picture(folder.path),
    "dotted: the largest at which the optimizer is stable",
  );
});

Deno.test("curve.csv has no column of a curvature that is not measured", async () => {
  using folder = scratch();
  const { curve } = await trainSmall({ folder: folder.path, updates: 12, every: 5, grid });
  assertEquals(Object.keys(readTable(curve)[0]).filter((name) => columns.includes(name)), []);
});

Deno.test("figures of theorem 2.1 and of minibatches have columns where they are asked for", async () => {
  using folder = scratch();
  const figures = { curvatureFigures: ["theorem", "minibatches"] } as const;
  const optimizer = ["nag", "lead", "sgd"];
  const whole = { ...task, grid: { ...grid, optimizer }, ...figures };
  const { curve } = await trainSmall({ folder: folder.path, ...whole });
  const rows = readTable(curve),
    [ofTheorem, ofMinibatches] = [
      ["theorem_gap", "sharp_share"],
      ["batch_sharpness", "gradient_correlation", "noise_scale"],
    ];
  assertEquals(Object.keys(rows[0]).slice(-6), [...ofTheorem, ...ofMinibatches, "stability_limit"]);
  assert(!("hessian_top" in rows[0]));
  for (const row of rows) {
    const isMeasured = Number(row.update) % 4 === 0;
    for (const column of ofMinibatches) assertEquals(row[column] !== "", isMeasured);
    // SGD has no velocity, and none has one before its first update.
    const moves = isMeasured && row.update !== "0" && row.optimizer !== "sgd";
    for (const column of ofTheorem) assertEquals(row[column] !== "", moves);
  }
  // They are of the networks as they are: an ended run goes on to the same bytes.
  using other = scratch();
  const options = { folder: other.path, ...whole, checkpointEvery: { updates: 3 } };
  await trainSmall({
    ...options,
    onUpdate: (update, { ending }) => update >= 6 && ending.stop("enough"),
  });
  assertEquals((await trainSmall({ ...options, resume: true })).curve, curve);
});

Deno.test("measuring changes no bit of what is trained", async () => {
  using folder = scratch();
  const options = { folder: folder.path, updates: 12, every: 4, grid };
  const { states } = await trainSmall(options);
  assertEquals((await outcomeOf({ ...task, every: 4 })).states, states);
  const others = { curvatureFigures: ["theorem", "minibatches"] } as const;
  using folder2 = scratch();
  const measured = await trainSmall({ folder: folder2.path, ...task, ...others, every: 4 });
  assertEquals(measured.states, states);
});

Deno.test("a run that measures goes on to the same bytes wherever it was ended", async () => {
  const whole = await outcomeOf(task);
  for (const stop of [4, 6, 11]) {
    using folder = scratch();
    const options = { folder: folder.path, ...task, checkpointEvery: { updates: 3 } };
    await trainSmall({
      ...options,
      onUpdate: (update, { ending }) => update >= stop && ending.stop("enough"),
    });
    const { states, curve, summary } = await trainSmall({ ...options, resume: true });
    assertEquals({ states, curve, summary, svg: picture(folder.path) }, whole, `${stop}`);
  }
});

Deno.test("networks that diverge have no curvature, and harm no other", async () => {
  const calm = readTable((await outcomeOf(task)).curve);
  const rates = { ...grid, learningRate: [0.1, 1e30] };
  const rows = readTable((await outcomeOf({ ...task, grid: rates })).curve);
  const last = rows.filter(({ update }) => update === "4");
  for (const { optimizer, learning_rate, ...row } of last) {
    const figures = columns.map((column) => row[column]);
    const same = calm.find((row) => row.optimizer === optimizer && row.update === "4")!;
    assertEquals(
      figures,
      learning_rate === "0.1" ? columns.map((column) => same[column]) : Array(4).fill("NaN"),
    );
  }
});

Deno.test("measureCurvature() tells the same, however many networks fit side by side", async () => {
  using gpu = await openGPU();
  const train = new Dataset(gpu, new Uint8Array(20 * 17).map((_, i) => i * 37), { width: 17 });
  const model = autoencoder({ layers: [17, 5], train });
  const optimizer = nesterov({ learningRate: 0.1, momentum: 0.9 });
  const seeds = [1, 2, 3];
  const trainer = await Trainer.open(gpu, {
    ...{ model, batchSize: 7 },
    replicas: seeds.map((seed) => ({ seed, optimizer, initializer: sparse() })),
  });
  const configurations = seeds.map((seed) => (
    {
      seed,
      optimizer: "nag",
      reportCases: 15,
      batchSize: 7,
      curvatureEvery: 1,
    } as unknown as Configuration
  ));
  const measure = (memory: number) =>
    measureCurvature(trainer, { configurations, reports: undefined, memory });
  const all = await measure(Infinity);
  assertEquals(all.length, 3);
  assertEquals(new Set(all.map(({ hessianTop }) => hessianTop)).size, 3);
  assertEquals(await measure(0), all);
});

/** How far a quadratic of one eigenvalue is from its least after many updates from 1. */
function distance(
  { eps, mu, lead, eigenvalue }: { eps: number; mu: number; lead: number; eigenvalue: number },
): number {
  let [theta, v] = [1, 0];
  for (let t = 0; t < 2000; t++) {
    v = mu * v - eps * eigenvalue * (theta + lead * mu * v);
    theta += v;
  }
  return Math.abs(theta) + Math.abs(v);
}

Deno.test("stabilityLimit() parts the quadratics that an optimizer minimises from the others", () => {
  const leads = [0, 0.5, 1, 2].map((lead) => ({ optimizer: "lead", own: { lead }, lead }));
  const optimizers = [{ optimizer: "cm", lead: 0 }, { optimizer: "nag", lead: 1 }, ...leads];
  const tried = [
    { optimizer: "sgd", mu: 0, lead: 0 },
    ...optimizers.flatMap((optimizer) => [0, 0.5, 0.9].map((mu) => ({ ...optimizer, mu }))),
  ];
  for (const { mu, lead, ...configuration } of tried) {
    const eps = 0.1;
    const limit = stabilityLimit(
      configuration as unknown as Configuration,
      { learning_rate: eps, momentum: mu },
    )!;
    const at = (share: number) => distance({ eps, mu, lead, eigenvalue: share * limit });
    const label = `${configuration.optimizer} ${mu}, lead ${lead}`;
    assertAlmostEquals(at(0.99), 0, 1e-3, label);
    assertEquals(at(1.01) > 1e3, true, label);
  }
  const limitOf = (others: object) =>
    stabilityLimit(others as Configuration, { learning_rate: 0.1, momentum: 0.9 });
  assertEquals(limitOf({ optimizer: "adamw" }), undefined);
  assertEquals(limitOf({ optimizer: "cm", momentumIn: "biases" }), undefined);
  assertEquals(limitOf({ optimizer: "nag", fileSha256: "0" }), undefined);
});
