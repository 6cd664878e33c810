import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { trainAutoencoders } from "../../../experiments/autoencoder.ts";
import { trainClassifiers } from "../../../experiments/classifier.ts";
import { readTable } from "../../../experiments/files/tables.ts";
import { trainRecurrentNetworks } from "../../../experiments/rnn.ts";
import { decodeCell } from "../../../experiments/study/cell.ts";
import { legsIn, raceIn } from "../../../experiments/study/race_cell.ts";
import { flatMomentum } from "../../../mod.ts";
import { runHere } from "../commands.ts";
import { type Scratch, scratch } from "../scratch.ts";
import { smallAutoencoders } from "./small_runs.ts";

/** Autoencoders on forty cases, without what a race does not take. */
function dataOf(folder: Scratch): string[] {
  return smallAutoencoders(folder).flags.slice(0, 8);
}

const racedFor = (updates: number) => [
  ...["--tune-momentum", "race", "--places", "3", "--learning-rate", "0.02,0.4"],
  ...["--updates", String(updates), "--every", "16"],
];
const raced = racedFor(64);

/** What a run leaves that is the same in every one. */
function remains(out: string) {
  const bytes = (name: string) => Deno.readFileSync(`${out}/${name}`);
  return ["curve.csv", "race.csv", "race.svg", "loss.svg", "network.safetensors"].map(bytes);
}

function cellsOf(out: string) {
  return [...Deno.readDirSync(`${out}/cells`)].filter(({ name }) => name.endsWith(".json"))
    .map(({ name }) => decodeCell(Deno.readFileSync(`${out}/cells/${name}`)));
}

/** The words of the command that a run tells last. */
function toldCommand(stdout: string): string[] {
  const [, words] = stdout.match(/deno run -A experiments\/\w+\.ts (.*)\n$/)!;
  return words.split(" ");
}

Deno.test("a race leaves its tree and the network it found, as the command it tells trains it", async () => {
  using folder = scratch();
  const out = `${folder.path}/race`, plain = `${folder.path}/plain`;
  const args = [...dataOf(folder), ...raced, "--optimizer", "nag,cm"];
  const first = await runHere(trainAutoencoders, [...args, "--out", out]);
  assertEquals([first.status, first.stderr.includes("warning")], [0, false]);
  const tree = readTable(Deno.readTextFileSync(`${out}/race.csv`));
  assertEquals(tree.length, 2 * 3 * 5);
  assertEquals(Object.keys(tree[0]), [
    ...["problem", "optimizer", "init", "init_scale", "seed", "rung", "update", "place", "parent"],
    ...["learning_rate", "mu", "schedule_period", "score", "score_without_probe"],
  ]);
  assertEquals([...new Set(tree.map(({ update }) => update))], ["4", "8", "16", "32", "64"]);
  const summary = readTable(Deno.readTextFileSync(`${out}/summary.csv`));
  assertEquals(summary.map(({ schedule }) => schedule), ["switches", "switches"]);
  // Each setting stands in the picture where it is new: six at least, at the beginning.
  const picture = Deno.readTextFileSync(`${out}/race.svg`);
  const settings = new Set(
    tree.filter(({ rung }) => rung === "1").map(({ learning_rate, mu, schedule_period }) =>
      `${Number(Number(learning_rate).toPrecision(3))} · ${mu} · ${schedule_period}`
    ),
  );
  for (const setting of settings) assertStringIncludes(picture, `>${setting}<`);
  const page = Deno.readTextFileSync(`${out}/report.html`);
  assertStringIncludes(page, 'id="race"');
  assertStringIncludes(page, 'id="race-table"');
  assertMatch(first.stdout, /the race of nag, seed 1, was won from place \d: rate [^]*race of cm/);

  // Each in a run of its own: the last one told is that of cm.
  const words = toldCommand(first.stdout);
  const second = await runHere(trainAutoencoders, [...words, "--out", plain]);
  assertEquals(second.status, 0);
  const [own] = cellsOf(plain);
  const same = cellsOf(out).find(({ id }) => id === own.id)!;
  const rows = (curve: typeof own.result.curve) => curve.map(({ seconds: _, ...row }) => row);
  assertEquals(rows(same.result.curve), rows(own.result.curve));
  const network = (of: string) => Deno.readFileSync(`${of}/networks/${own.id}.safetensors`);
  assertEquals(network(out), network(plain));
  // The race's own score is that of its winner at its last report.
  const race = cellsOf(out).find(({ configuration }) =>
    raceIn(configuration) && configuration.optimizer === "cm"
  )!;
  assertEquals(race.result.race!.winner!.legs.length, legsIn(own.configuration).length);
  assertEquals(own.result.curve.at(-1)!.train.squaredError, race.result.race!.winner!.score);

  // Finished, it is left alone; a table that was cut is made again.
  const third = await runHere(trainAutoencoders, ["--resume", out]);
  assertMatch(third.stderr, /is finished: nothing to do/);
  Deno.writeTextFileSync(`${out}/race.csv`, "cut");
  assertEquals((await runHere(trainAutoencoders, ["--resume", out])).status, 0);
  assertEquals(readTable(Deno.readTextFileSync(`${out}/race.csv`)), tree);
});

Deno.test("a race that was interrupted goes on to the same bytes", async () => {
  using folder = scratch();
  const flags = [...dataOf(folder), ...racedFor(160), "--seed", "2"];
  const whole = `${folder.path}/whole`;
  assertEquals((await runHere(trainAutoencoders, [...flags, "--out", whole])).status, 0);
  for (const rungs of [1, 3]) {
    const out = `${folder.path}/${rungs}`, stop = new AbortController();
    const timer = setInterval(() => {
      try {
        const lines = Deno.readTextFileSync(`${out}/race.csv`).split("\n").length;
        if (lines > 3 * rungs) stop.abort(new Error("ended by the test"));
      } catch {
        // It is not there yet.
      }
    }, 1);
    const { stdout } = await runHere(trainAutoencoders, [...flags, "--out", out], stop.signal);
    clearInterval(timer);
    const record = JSON.parse(Deno.readTextFileSync(`${out}/run.json`));
    assertEquals(record.status, "interrupted");
    assertMatch(stdout, /it goes on with --resume/);
    const { status, stderr } = await runHere(trainAutoencoders, ["--resume", out]);
    assertEquals(status, 0, stderr);
    assertEquals(remains(out), remains(whole));
  }
});

Deno.test("recurrent networks and classifiers race by their training loss", async () => {
  using folder = scratch();
  const out = `${folder.path}/rnn`;
  const { status, stderr } = await runHere(trainRecurrentNetworks, [
    ...["--length", "10", "--hidden", "9", "--fan-in", "4", "--batch-size", "5"],
    ...["--eval-cases", "20", ...raced, "--seed", "1,2", "--out", out],
  ]);
  assertEquals(status, 0, stderr);
  assertEquals(readTable(Deno.readTextFileSync(`${out}/race.csv`)).length, 2 * 3 * 5);
  const races = cellsOf(out).flatMap(({ result }) => result.race?.winner ?? []);
  const scores = cellsOf(out).flatMap(({ result }) => result.curve.at(-1)?.train.loss ?? []);
  assertEquals(new Set(races.map(({ score }) => score)), new Set(scores));

  const rows = Array.from({ length: 30 }, (_, i) => [i % 3, i % 7, (i * i) % 5].join());
  const data = folder.write("cases.csv", new TextEncoder().encode(rows.join("\n")));
  const labels = folder.write(
    "labels.csv",
    new TextEncoder().encode(rows.map((row) => row[0]).join("\n")),
  );
  const ended = await runHere(trainClassifiers, [
    ...["--problem", "custom", "--data", data, "--labels", labels, "--layers", "3,5,3"],
    ...["--batch-size", "10", ...raced, "--refill", "no", "--out", `${folder.path}/classes`],
  ]);
  assertEquals(ended.status, 0, ended.stderr);
  const tree = readTable(Deno.readTextFileSync(`${folder.path}/classes/race.csv`));
  assertEquals(tree.map(({ rung }) => Number(rung)), [1, 1, 1, 2, 2, 3, 4, 5]);
});

Deno.test("--tune-momentum flat trains by the flat rule", async () => {
  using folder = scratch();
  const out = `${folder.path}/flat`;
  const { status, stderr } = await runHere(trainAutoencoders, [
    ...[...dataOf(folder), "--updates", "160", "--every", "20", "--learning-rate", "0.02,0.05"],
    ...["--optimizer", "nag,cm", "--tune-momentum", "flat", "--out", out],
  ]);
  assertEquals(status, 0, stderr);
  for (const row of readTable(Deno.readTextFileSync(`${out}/curve.csv`))) {
    const optimizer = row.optimizer as "nag" | "cm", learningRate = Number(row.learning_rate);
    const momentum = flatMomentum({ optimizer, learningRate, updates: 160 });
    if (row.update === "0") continue;
    assertEquals(Number(row.momentum), momentum(Number(row.update) - 1));
    assertEquals([row.schedule, row.mu], ["flat", String(+momentum(160 - 11 - 1).toPrecision(4))]);
  }
});

Deno.test("what does not go with a chosen momentum is refused in a line", async () => {
  using folder = scratch();
  const data = dataOf(folder), out = `${folder.path}/none`;
  const refused = async (words: string, flags: string) => {
    const args = [...data, ...flags.split(" "), "--out", out];
    const { status, stderr } = await runHere(trainAutoencoders, args);
    assertEquals([status, stderr.split("\n").length], [2, 2], stderr);
    assertStringIncludes(stderr, words);
  };
  const race = "--tune-momentum race";
  await refused(
    "--mu means nothing here, as it is for a momentum chosen by hand",
    `${race} --mu 0.9`,
  );
  await refused("--schedule means nothing here", `${race} --schedule constant`);
  await refused("--finish means nothing here", "--tune-momentum flat --finish 5");
  await refused("--places means nothing here, as it is for --tune-momentum race", "--places 4");
  await refused("--learning-rate must be the least and the highest", `${race} --learning-rate 0.1`);
  await refused("not 0.2,0.1", `${race} --learning-rate 0.2,0.1`);
  await refused("is for --optimizer nag, cm, not sgd", `${race} --optimizer nag,sgd`);
  await refused("is for --optimizer nag, cm, not adamw", "--tune-momentum flat --optimizer adamw");
  await refused("needs at least 16 --updates, not 15", `${race} --updates 15`);
  await refused("less than the 16 places of the race", `${race} --replicas 8`);
  await refused("--curvature-every means nothing here", `${race} --curvature-every 5`);
  await refused("--from means nothing here", `${race} --from elsewhere`);
  await refused("--switches must be UPDATE:RATE:CAP:PERIOD", "--switches 0:0.1:0.9");
  await refused("--switches must begin at update 0", "--switches 5:0.1:0.9:4");
  await refused("--learning-rate means nothing", "--switches 0:0.1:0.9:4 --learning-rate 0.1");
  assert(!Array.from(Deno.readDirSync(folder.path)).some(({ name }) => name === "none"));
});

Deno.test("a run whose momentum was chosen for its length is not made longer", async () => {
  using folder = scratch();
  const out = `${folder.path}/flat`;
  const args = [...dataOf(folder), "--optimizer", "nag", "--tune-momentum", "flat"];
  await runHere(trainAutoencoders, [...args, "--updates", "20", "--out", out]);
  const longer = ["--resume", out, "--updates", "30"];
  const { status, stderr } = await runHere(trainAutoencoders, longer);
  assertEquals(status, 2);
  assertStringIncludes(
    stderr,
    "cannot make a run longer whose momentum --tune-momentum flat chose",
  );
});

Deno.test("a dry run tells what a race costs", async () => {
  using folder = scratch();
  const args = [...dataOf(folder), ...raced, "--dry-run", "yes", "--out", `${folder.path}/dry`];
  const { status, stdout } = await runHere(trainAutoencoders, args);
  assertEquals(status, 0);
  assertMatch(stdout, /networks +3\nrounds +1, of at most 3 side by side\n/);
});
