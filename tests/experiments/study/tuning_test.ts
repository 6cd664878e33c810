// Equal tuning: random settings of each optimizer, and what is made of them.

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { expectedBestChart } from "../../../experiments/charts/expected_best_chart.ts";
import { trainAutoencoders } from "../../../experiments/autoencoder.ts";
import { readTable } from "../../../experiments/files/tables.ts";
import { expectedBest } from "../../../experiments/report/expected_best.ts";
import type { Cell } from "../../../experiments/study/cell.ts";
import { autoencoderTables } from "../../../experiments/problems/autoencoder_kind.ts";
import { Tuning } from "../../../experiments/study/tuning.ts";
import { runHere } from "../commands.ts";
import { type Scratch, scratch } from "../scratch.ts";
import { remains, smallAutoencoders } from "./small_runs.ts";

/** Flags of a run of seconds. */
function flagsOf(folder: Scratch, ...more: string[]): string[] {
  const data = smallAutoencoders(folder).flags.slice(0, 8);
  return [...data, "--draws", "4", "--seed", "3,5", "--updates", "24", "--every", "8", ...more];
}

Deno.test("--draws tries random settings of each optimizer, and confirms the best by other seeds", async () => {
  using folder = scratch();
  const mine = folder.write(
    "mine.js",
    new TextEncoder().encode(`export default {
      name: "mine",
      states: {},
      settings: [{ name: "learning_rate", above: 0, default: 0.1, help: "The rate." }],
      body: "parameters -= learning_rate * gradient;",
    };`),
  );
  const out = `${folder.path}/run`;
  const flags = flagsOf(folder, "--optimizer", `nag,adamw,${mine}`, "--learning-rate", "0.01,0.5");
  const { status, stdout, stderr } = await runHere(trainAutoencoders, [...flags, "--out", out]);
  assertEquals(status, 0, stderr);
  const rows = readTable(Deno.readTextFileSync(`${out}/summary.csv`));
  const tuning = readTable(Deno.readTextFileSync(`${out}/tuning.csv`));
  assertEquals(rows.length, 3 * 4 + 3);
  for (const optimizer of ["nag", "adamw", "mine"]) {
    const all = rows.filter((row) => row.optimizer === optimizer);
    const [drawn, others] = ["3", "5"].map((seed) => all.filter((row) => row.seed === seed));
    const errors = drawn.map((row) => Number(row.train_squared_error));
    assertEquals([drawn.length, others.length], [4, 1]);
    const best = drawn[errors.indexOf(Math.min(...errors))];
    assertEquals(
      [others[0].learning_rate, others[0].mu, others[0].beta1],
      [best.learning_rate, best.mu, best.beta1],
    );
    assertEquals(
      tuning.filter((row) => row.optimizer === optimizer)
        .map((row) => Number(row.expected_train_squared_error)),
      expectedBest(errors),
    );
  }
  assertStringIncludes(stdout, "the least training squared error of 4 random settings each: ");
  assertStringIncludes(
    Deno.readTextFileSync(`${out}/report.html`),
    "The best of k random settings",
  );
  assertMatch(Deno.readTextFileSync(`${out}/tuning.svg`), /^<svg /);

  // In pieces it is the same run.
  const parts = `${folder.path}/parts`;
  const interruption = new AbortController();
  const begun = runHere(
    trainAutoencoders,
    [...flags, "--out", parts, "--max-time", "1s"],
    interruption.signal,
  );
  await begun;
  const gone = await runHere(trainAutoencoders, ["--resume", parts, "--max-time", "1h"]);
  assertEquals(gone.status, 0, gone.stderr);
  assertEquals(await remains(parts), await remains(out));
  assertEquals(
    Deno.readTextFileSync(`${parts}/tuning.csv`),
    Deno.readTextFileSync(`${out}/tuning.csv`),
  );
});

Deno.test("a network that diverged counts as untrained, and is not chosen", () => {
  const figures = (squaredError: number) => ({ train: { squaredError }, test: { squaredError } });
  const cell = (i: number, final: number | undefined): [string, Cell] => [`${i}`, {
    result: {
      status: final === undefined ? "diverged" : "ok",
      divergedAt: final === undefined ? 7 : null,
      final: figures(final ?? NaN),
      curve: [{ update: 0, ...figures(50) }],
    },
  } as unknown as Cell];
  const drawn = [0, 1, 2].map((i) => ({
    id: `${i}`,
    configuration: { optimizer: "nag", init: "sparse", initScale: 1, seed: 1, learningRate: i + 1 },
  })) as unknown as ConstructorParameters<typeof Tuning>[0];
  const tuning = new Tuning(drawn, { seeds: [2, 3], figure: autoencoderTables.figure });
  const found = new Map([cell(0, undefined), cell(1, 4), cell(2, 60)]);
  const [{ expected }] = tuning.courses(found);
  // What is worse than untrained counts as untrained too.
  assertEquals(expected, expectedBest([50, 4, 50]));
  assertEquals(tuning.networks(new Map([cell(1, 4)])).length, 3);
  const confirmed = tuning.networks(found).slice(3).map(({ configuration }) => configuration);
  assertEquals(confirmed.map(({ seed }) => seed), [2, 3]);
  assert(confirmed.every(({ learningRate }) => learningRate === 2));
  const failed = new Map([cell(0, undefined), cell(1, undefined), cell(2, undefined)]);
  assertEquals(tuning.networks(failed).length, 3);
});

Deno.test("--draws is refused beside what chooses the momentum, and where networks go on", async () => {
  using folder = scratch();
  for (
    const [flags, idle] of [
      [["--tune-momentum", "flat"], "--draws"],
      [["--from", folder.path], "--from"],
    ] as const
  ) {
    const { status, stderr } = await runHere(trainAutoencoders, flagsOf(folder, ...flags));
    assertEquals(status, 2);
    assertMatch(stderr, new RegExp(`^error: ${idle} means nothing here[^\\n]*\\n$`));
  }
});

Deno.test("the chart of random settings says where an error is 0", async () => {
  const courses = [{ optimizer: "nag", expected: [0.5, 0] }];
  const words = { problem: "mnist", figureTitle: "training error", unit: "share" };
  assertStringIncludes(await expectedBestChart(courses, words), "1 of 2 are 0");
});
