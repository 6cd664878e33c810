import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertMatch,
  assertNotEquals,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { readTable } from "../../../experiments/files/tables.ts";
import {
  type Experiment,
  experimentPresets,
  type Flags,
  layExperiment,
} from "../../../experiments/tables/experiment.ts";
import { experiments } from "../../../experiments/tables/experiments.ts";
import { networkOf } from "../../../experiments/tables/grid.ts";
import { searchRates, tellingCell } from "../../../experiments/tables/rate_search.ts";
import { networksOf } from "../../../experiments/tables/stages.ts";
import { readTables } from "../../../experiments/tables/records.ts";
import { experimentFlags, runExperiment } from "../../../experiments/tables/run_experiment.ts";
import { finalError } from "../../../experiments/report/cell_errors.ts";
import { summarize } from "../../../experiments/report/summary.ts";
import { cellId } from "../../../experiments/study/cell.ts";
import { readCells } from "../../../experiments/study/ledger.ts";
import { parseFlags } from "../../../experiments/terminal/flags.ts";
import { InputError } from "../../../mod.ts";
import { linesOnStderr } from "../processes.ts";
import { cellOf } from "../report/results.ts";
import { idx, type Scratch, scratch } from "../scratch.ts";

const interruption = new AbortController().signal;

const constant = { schedule: "constant", mu: 0.9 };

/** Under the name, and with the claims, of one that is shipped: CM, NAG and a race on short sequences. */
const small: Experiment = {
  ...experiments.lead,
  program: "rnn",
  layouts: {
    ...experiments.lead.layouts,
    small: {
      common: {
        ...{ problem: "add", length: 10, hidden: 15, updates: 16, "batch-size": 5 },
        ...{ seed: [1, 2], "eval-cases": 20 },
      },
      rows: { short: {}, long: { length: 12 } },
      columns: {
        "0 (CM)": { optimizer: "cm", ...constant, "learning-rate": [1e-6, 1e-3, 1e9] },
        "1 (NAG)": { optimizer: "nag", ...constant, "learning-rate": 0.01 },
        "drawn": { optimizer: "nag", schedule: "constant", draws: 3 },
        "race": { optimizer: "nag", "tune-momentum": "race", places: 4, refill: "no" },
      },
      of: (row, column) => row === "long" && column === "1 (NAG)" ? { mu: 0.5 } : {},
    },
  },
};

/** Its first row alone, without the race. */
const smallest: Experiment = {
  ...small,
  layouts: {
    ...small.layouts,
    small: {
      ...{ common: small.layouts.small.common, rows: { short: {} } },
      columns: Object.fromEntries(
        Object.entries(small.layouts.small.columns).filter(([name]) => name !== "race"),
      ),
    },
  },
};

function lay(
  experiment: Experiment,
  preset: typeof experimentPresets[number],
  data: (problem: string) => Flags = () => ({}),
) {
  return layExperiment(experiment, { ...{ preset, given: {}, data, interruption } });
}

/** Networks that begin where others end, with the velocity of these and without. */
const beginning: Experiment = {
  ...smallest,
  heading: { ...smallest.heading, reach: 0.5 },
  layouts: {
    ...smallest.layouts,
    small: {
      common: { ...small.layouts.small.common, ...constant, "learning-rate": 0.01, every: 4 },
      rows: { short: {} },
      columns: { "0 (CM)": { states: "kept" }, "1 (NAG)": { states: "anew" } },
      before: () => ({ problem: "mul", updates: 8 }),
    },
  },
};

/** Runs {@linkcode smallest}, or another one, in a folder; what it says on stderr. */
async function run(out: string, ...args: string[]): Promise<string[]> {
  return await runOf(smallest, out, ...args);
}

async function runOf(experiment: Experiment, out: string, ...args: string[]): Promise<string[]> {
  const { log } = console;
  console.log = () => {};
  try {
    const options = parseFlags(experimentFlags, ["--out", out, ...args]);
    return await linesOnStderr(() => runExperiment(experiment, options, interruption));
  } finally {
    console.log = log;
  }
}

/** A module of the least that makes an optimizer. */
const ownOptimizer = `export default {
  name: "sign",
  settings: [{ name: "learning_rate", above: 0, default: 0.001, help: "The learning rate." }],
  states: {},
  body: "parameters -= learning_rate * sign(gradient);",
};`;

/** Blank images under the names of MNIST's files, with labels. */
function digits(folder: Scratch, cases = 10_000): string {
  for (const [split, count] of [["train", cases], ["t10k", 20]] as const) {
    const labels = Uint8Array.from({ length: count }, (_, i) => i % 10);
    folder.write(`${split}-images-idx3-ubyte`, idx([count, 28, 28]));
    folder.write(`${split}-labels-idx1-ubyte`, idx([count], labels));
  }
  return folder.path;
}

Deno.test("layExperiment() makes entries of command lines", async () => {
  const { table, kinds } = await lay(small, "small");
  assertEquals(table.rows, ["short", "long"]);
  assertEquals(kinds.size, 8);
  const [searched, fixed, drawn, race, , own] = table.entries;
  assertEquals([searched.learningRates, searched.widen], [[1e-6, 1e-3, 1e9], true]);
  assertEquals([fixed.learningRates, fixed.widen, fixed.isFixed], [[0.01], false, true]);
  assertEquals([drawn.learningRates.length, drawn.widen], [3, false]);
  assertEquals([race.configuration.schedule, race.isFixed], ["race", true]);
  assertEquals([fixed.configuration.mu, own.configuration.mu], [0.9, 0.5]);
  assertEquals([fixed, own].map(({ configuration }) => configuration.length), [10, 12]);
  assert(table.entries.every(({ seeds }) => seeds.join() === "1,2"));
  // A network drawn at random is all that was drawn with its rate.
  for (const setting of drawn.drawn!) {
    const { configuration } = networkOf(drawn, setting.learningRate, 3);
    assertEquals(configuration, { ...setting, seed: 3 });
  }
  assertEquals(new Set(drawn.drawn!.map(({ mu }) => mu)).size, 3);
});

Deno.test("layExperiment() refuses an entry whose networks differ in more than their rates", async () => {
  const several = structuredClone({ ...small.layouts.small, of: undefined });
  Object.assign(several.columns["0 (CM)"], { mu: [0.5, 0.9] });
  const { of: _, ...layout } = several;
  const experiment = { ...small, layouts: { ...small.layouts, small: layout } };
  await assertRejects(() => lay(experiment, "small"), RangeError, "differ in more");
});

Deno.test("another optimizer joins those that an experiment compares, a user's own too", async () => {
  using folder = scratch();
  const mine = folder.write("mine.ts", new TextEncoder().encode(ownOptimizer));
  const compares = {
    ...smallest,
    join: (optimizer: string) => ({ optimizer, schedule: "constant" }),
  };
  const optimizers = [mine, "adamw"];
  const { table } = await layExperiment(compares, {
    ...{ preset: "small", given: {}, data: () => ({}), optimizers, interruption },
  });
  const joined = table.entries.slice(-2);
  assertEquals(joined.map(({ column }) => column), ["mine", "adamw"]);
  assertEquals(joined.map(({ configuration }) => configuration.optimizer), ["sign", "adamw"]);
  assertMatch(String(joined[0].configuration.fileSha256), /^[0-9a-f]{64}$/);
});

Deno.test("every experiment lays networks that differ, in both presets", async () => {
  using folder = scratch();
  using other = scratch();
  // Blank images in place of those that are generated, which take longer.
  const data = digits(folder);
  const images: Record<string, Flags> = {
    ...{ mnist: { data }, "mnist-rows": { data } },
    curves: { problem: "mnist", data: digits(other, 10_001) },
  };
  const text = folder.write(
    "text.txt",
    new TextEncoder().encode("to be or not to be, ".repeat(60)),
  );
  for (const [name, experiment] of Object.entries(experiments)) {
    for (const preset of experimentPresets) {
      const data = (problem: string) =>
        experiment.program === "language" ? { text } : images[problem] ?? {};
      const { table: { entries, rows, columns } } = await lay(experiment, preset, data);
      assertEquals(entries.length, rows.length * columns.length, name);
      // JavaScript would put names that are whole numbers before all others.
      const names = [...rows, ...columns.map(({ name }) => name)];
      assertEquals(names.filter((name) => /^\d+$/.test(name)), [], name);
      const alike = Map.groupBy(
        entries,
        ({ configuration, learningRates: [rate] }) =>
          cellId({ ...configuration, learningRate: rate }),
      );
      for (const [first, ...others] of alike.values()) {
        // What is the usual value in one row may be what is tried in another one.
        assert(others.every(({ row }) => row === first.row), `${name} ${preset}`);
      }
      // Of a search at random each seed may have its own.
      const areSeveral = entries.every(({ seeds, drawn }) => seeds.length >= 4 || drawn);
      assert(areSeveral, `${name} ${preset}`);
    }
  }
});

Deno.test("a race is told by the network that it found, which is trained as well", async () => {
  const { table } = await lay(small, "small");
  const entry = table.entries.find(({ column }) => column === "race")!;
  const alone = { ...table, entries: [entry] };
  const [race] = networksOf([alone], new Map());
  assertEquals(networksOf([alone], new Map()).length, 1);
  const legs = [{ from: 0, learningRate: 0.02, cap: 0.9, period: 5 }];
  const trained = { train: 1, test: 1 };
  const cell = cellOf(race.id, race.configuration, trained);
  Object.assign(cell.result, { race: { tree: [], winner: { place: 0, score: 1, legs } } });
  const cells = new Map([[race.id, cell]]);
  const [, winner] = networksOf([alone], cells);
  assertEquals(winner.wonIn, race.id);
  assertEquals(searchRates(entry, cells).isDone, false);
  cells.set(winner.id, cellOf(winner.id, winner.configuration, trained));
  assertEquals(tellingCell(race, cells)?.id, winner.id);
  assert(searchRates(entry, cells).isDone);
  // Then come the races of the other seeds.
  assertEquals(networksOf([alone], cells).map(({ configuration: { seed } }) => seed), [1, 1, 2]);
});

Deno.test("runExperiment() trains, tells and goes on as tables of the paper do", async () => {
  using folder = scratch();
  const out = folder.path;
  await run(out);
  const cells = readCells(out);
  const tried = readTable(Deno.readTextFileSync(`${out}/lead_learning_rates.csv`));
  const rates = (column: string) => tried.filter((row) => row.column === column);
  assertEquals(["1 (NAG)", "drawn"].map((name) => rates(name).length), [1, 3]);
  // Where the best is at an end, more are tried.
  assert(rates("0 (CM)").length >= 3);
  const table = readTable(Deno.readTextFileSync(`${out}/lead.csv`));
  assertEquals(table.map(({ column }) => column), ["0 (CM)", "1 (NAG)", "drawn"]);
  assert(table.every(({ confirmation_seeds }) => confirmation_seeds === "1"));
  const claims = readTable(Deno.readTextFileSync(`${out}/claims.csv`));
  assertEquals(claims.length, small.claims.length);
  const page = Deno.readTextFileSync(`${out}/report.html`);
  assertMatch(page, /<h1>Momentum beyond the paper<\/h1>/);
  assertMatch(page, /rnn\.ts --problem=add/);
  assertEquals(/What differs from the paper/.test(page), false);
  for (const name of ["lead_columns.svg", "lead_rates.svg"]) Deno.statSync(`${out}/${name}`);

  const said = await run(out);
  assertEquals(readCells(out), cells);
  assert(said.some((line) => /there already/.test(line)) || said.length === 0, said.join("\n"));

  const [{ table: found }] = readTables(out);
  const { table: laid } = await lay(smallest, "small");
  assertEquals(found.entries, JSON.parse(JSON.stringify(laid.entries)));

  await assertRejects(
    () => run(out, "--updates", "17"),
    InputError,
    `${out}/lead.json was laid with shared rnn.ts --problem=add --length=10`,
  );
});

Deno.test("runExperiment() trains first what others begin at, and counts their own updates", async () => {
  using folder = scratch();
  const out = folder.path;
  await runOf(beginning, out);
  const cells = readCells(out), all = [...cells.values()];
  const first = all.filter(({ configuration: { problem } }) => problem === "mul");
  assertEquals(first.map(({ result }) => result.updates), [8, 8]);
  const { table } = await lay(beginning, "small");
  const [kept, anew] = table.entries.map((entry) => cells.get(networkOf(entry, 0.01, 2).id)!);
  const cell = first.find(({ configuration: { seed } }) => seed === 2)!.id;
  assertEquals(kept.configuration.from, { cell, update: 8 });
  assertEquals(anew.configuration.from, { cell, update: 8, states: "anew" });
  assertEquals(all.length, first.length + 2 * 2);
  const [ofKept, ofAnew] = [kept, anew].map(({ result: { curve } }) => curve);
  assertEquals(ofKept.map(({ update }) => update), [8, 12, 16]);
  // At one theta, and after that with another velocity.
  assertAlmostEquals(ofKept[0].test.loss, ofAnew[0].test.loss, 1e-6);
  assertNotEquals(ofKept[1].test.loss, ofAnew[1].test.loss);
  const told = readTable(Deno.readTextFileSync(`${out}/lead_learning_rates.csv`));
  assertEquals(told.map(({ train }) => Number(train)), [8, 8]);

  await runOf(beginning, out);
  assertEquals(readCells(out), cells);
  assertEquals(readTables(out)[0].table.entries, JSON.parse(JSON.stringify(table.entries)));
});

Deno.test("runExperiment() asks for the folder of what it learns from", async () => {
  using folder = scratch();
  const options = parseFlags(experimentFlags, ["--out", `${folder.path}/new`]);
  await assertRejects(
    () => runExperiment(experiments.marginal_value, options, interruption),
    InputError,
    "marginal_value learns from digits: name the folder with MNIST's files by --data",
  );
  assertThrows(() => Deno.statSync(`${folder.path}/new`), Deno.errors.NotFound);
});

Deno.test("a table that counts updates takes the first report below its bound, else all", async () => {
  const { table: { entries: [entry] } } = await lay(small, "small");
  const counts = { ...entry, reach: 0.5 };
  const told = (course: readonly number[]) => {
    const cells = new Map(counts.learningRates.map((rate) => {
      const { id, configuration } = networkOf(counts, rate, 1);
      const cell = cellOf(id, configuration, { train: 1, test: 1 }), [row] = cell.result.curve;
      const curve = course.map((zeroOneLoss, i) => (
        { ...row, update: 4 * i, train: { loss: 9, zeroOneLoss }, test: { loss: 9 } }
      ));
      Object.assign(cell.result, { status: "diverged", final: null, curve });
      return [id, cell];
    }));
    const cell = tellingCell(networkOf(counts, 1e-3, 1), cells, counts.reach)!;
    assert(searchRates(counts, cells).isDone);
    return (["train", "test"] as const).map((split) => finalError(cell, split));
  };
  // One that reached it has done so, whatever came after.
  assertEquals(told([0.9, 0.5, 0.4, 0.6, 0.3]), [8, 16]);
  assertEquals(told([0.9, 0.5]), [16, 16]);
});

Deno.test("an entry repeats another one where its networks and its seeds are the same", async () => {
  const { table } = await lay(small, "small");
  const drawn = table.entries.find(({ column }) => column === "drawn")!;
  const entries = [
    drawn,
    { ...drawn, column: "drawn, seed 7", seeds: [7] },
    { ...drawn, column: "drawn again" },
  ];
  const summary = summarize({ record: {} as never, table: { ...table, entries } }, new Map());
  assertEquals(summary.entries.map(({ sameAs }) => sameAs), [undefined, undefined, "drawn"]);
});
