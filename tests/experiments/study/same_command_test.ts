// The same command again, longer runs, and runs that begin at the end of others.

import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { trainAutoencoders } from "../../../experiments/autoencoder.ts";
import { injectFaults } from "../../../experiments/files/disk.ts";
import { sha256 } from "../../../experiments/files/files.ts";
import { readTable } from "../../../experiments/files/tables.ts";
import { readCells } from "../../../experiments/study/ledger.ts";
import { runHere } from "../commands.ts";
import { systemError } from "../files/disk_faults.ts";
import type { Ended } from "../processes.ts";
import { type Scratch, scratch } from "../scratch.ts";
import { remains, smallAutoencoders, snapshot as bytesOf, stateNames } from "./small_runs.ts";

/** Flags of networks that train for a moment. */
function flagsOf(folder: Scratch, flags: Readonly<Record<string, string>> = {}): string[] {
  const { flags: [...words] } = smallAutoencoders(folder);
  const usual: Record<string, string> = {};
  for (let i = 0; i < words.length; i += 2) usual[words[i]] = words[i + 1];
  const all = { ...usual, "--updates": "20", "--every": "5", "--finish": "0", ...flags };
  return Object.entries(all).flat();
}

function train(...args: string[]): Promise<Ended> {
  return runHere(trainAutoencoders, args);
}

async function trained(...args: string[]): Promise<Ended> {
  const ended = await train(...args);
  assertEquals(ended.status, 0, ended.stderr);
  return ended;
}

/** The files of a folder, by their sums. */
function snapshot(out: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(bytesOf(out)).map(([name, bytes]) => [name, sha256(bytes)]),
  );
}

/** Checks that a command is refused in one line, and changes nothing of the folders. */
async function assertRefused(args: readonly string[], says: string, ...folders: string[]) {
  const before = folders.map(snapshot);
  const { status, stdout, stderr } = await train(...args);
  assertEquals([status, stdout], [2, ""], stderr);
  assertMatch(stderr, /^error: [^\n]*\n$/);
  assertStringIncludes(stderr, says);
  assertEquals(folders.map(snapshot), before);
}

/** Acts, and tells how often a GPU was asked for. */
async function adaptersAsked(act: () => Promise<unknown>): Promise<number> {
  const { requestAdapter } = GPU.prototype;
  let asked = 0;
  GPU.prototype.requestAdapter = function (options) {
    asked++;
    return requestAdapter.call(this, options);
  };
  try {
    await act();
  } finally {
    GPU.prototype.requestAdapter = requestAdapter;
  }
  return asked;
}

Deno.test("a finished run is left alone, and asks for no GPU", async () => {
  using folder = scratch();
  const out = `${folder.path}/out`, args = [...flagsOf(folder), "--out", out];
  await trained(...args);
  const before = snapshot(out);
  for (const again of [args, ["--resume", out], [...args, "--checkpoint-every", "off"]]) {
    const asked = await adaptersAsked(async () => {
      const { stdout, stderr } = await trained(...again);
      assertEquals(stdout, "");
      assertMatch(stderr, /is finished: nothing to do; more --updates make it longer\n$/);
    });
    assertEquals([asked, snapshot(out)], [0, before]);
  }
});

Deno.test("a finished run whose views were touched, cut or removed makes them again, without a GPU", async () => {
  using folder = scratch();
  const out = `${folder.path}/out`, args = [...flagsOf(folder), "--out", out];
  await trained(...args);
  const { "run.json": _, ...before } = snapshot(out);
  const views = ["curve.csv", "summary.csv", "settings.csv", "times.csv", "loss.svg"];
  for (const name of views) {
    const path = `${out}/${name}`, text = Deno.readTextFileSync(path);
    const damages = name === "loss.svg" ? [undefined] : [undefined, text.slice(0, -9), `${text}1`];
    for (const damaged of damages) {
      if (damaged === undefined) Deno.removeSync(path);
      else Deno.writeTextFileSync(path, damaged);
      assertEquals(await adaptersAsked(() => trained(...args)), 0, name);
      const { "run.json": _, ...after } = snapshot(out);
      assertEquals(after, before);
    }
  }
});

Deno.test("a table that cannot be read ends no run: it is made again", async () => {
  using folder = scratch();
  const [out, whole] = [`${folder.path}/out`, `${folder.path}/whole`];
  await trained(...flagsOf(folder), "--out", out);
  await trained(...flagsOf(folder, { "--updates": "40" }), "--out", whole);
  using _faults = injectFaults((call, path) =>
    call === "read" && path === `${out}/curve.csv` ? systemError("EIO") : undefined
  );
  const { stderr } = await trained("--resume", out, "--updates", "40");
  assertStringIncludes(stderr, `note: ${out}/curve.csv is not as the run wrote it`);
  assertEquals(snapshot(out)["curve.csv"], snapshot(whole)["curve.csv"]);
});

Deno.test("--out with the command of its run goes on, and with another flag is refused", async () => {
  using folder = scratch();
  const out = `${folder.path}/out`, args = [...flagsOf(folder), "--out", out];
  await trained(...args);
  const other = (flags: Record<string, string>) => [...flagsOf(folder, flags), "--out", out];
  await assertRefused(
    other({ "--learning-rate": "0.5" }),
    "--learning-rate 0.5 is not that of",
    out,
  );
  await assertRefused(other({ "--batch-size": "5" }), "--batch-size 5 is not that of", out);
  await assertRefused(other({ "--updates": "19" }), "--updates 19 is less than the 20", out);
  await assertRefused([...args, "--l2", "0.1"], "--l2 0.1 is not that of the run in", out);
  // What is left out is as it was left out.
  const begun = `${folder.path}/begun`;
  await trained(...other({ "--activation": "tanh" }).slice(0, -1), begun);
  await assertRefused([...flagsOf(folder), "--out", begun], "--activation sigmoid is not", begun);
});

Deno.test("a run without --every keeps its interval when it is made longer", async () => {
  using folder = scratch();
  const out = `${folder.path}/out`;
  const args = flagsOf(folder, { "--eval-cases": "1" }).filter((word, i, words) =>
    ![word, words[i - 1]].includes("--every")
  );
  await trained(...args, "--out", out);
  const { reportEvery } = JSON.parse(Deno.readTextFileSync(`${out}/run.json`)).configuration;
  await trained("--resume", out, "--updates", "120");
  const cells = [...readCells(out).values()];
  assertEquals(cells.map(({ result }) => result.updates), [120, 120, 120, 120]);
  assertEquals(cells[0].configuration.reportEvery, reportEvery);
});

Deno.test("--from begins at the states of another run", async () => {
  using folder = scratch();
  const [out, next] = [`${folder.path}/out`, `${folder.path}/next`];
  const nag = { "--optimizer": "nag" };
  await trained(...flagsOf(folder, nag), "--out", out);
  const before = snapshot(out);
  const flags = flagsOf(folder, { ...nag, "--learning-rate": "0.02", "--updates": "35" });
  await trained(...flags, "--from", out, "--out", next);
  assertEquals(snapshot(out), before);
  const rows = (path: string) => readTable(Deno.readTextFileSync(`${path}/curve.csv`));
  const ends = rows(out).filter(({ update }) => update === "20");
  const starts = rows(next).filter(({ update }) => update === "20");
  assertEquals(
    starts.map((row) => row.train_squared_error),
    ends.map((row) => row.train_squared_error),
  );
  assertEquals(rows(next).map(({ update }) => update).at(-1), "35");
  const origins = [...readCells(next).values()].map(({ configuration }) => configuration.from);
  const cells = [...readCells(out).keys()].map((cell) => ({ cell, update: 20 }));
  assertEquals(
    new Set(origins.map((from) => JSON.stringify(from))),
    new Set(cells.map((from) => JSON.stringify(from))),
  );
  // It goes on as any run.
  await trained("--resume", next, "--updates", "50");
  const whole = `${folder.path}/whole`;
  const longer = flags.map((word) => word === "35" ? "50" : word);
  await trained(...longer, "--from", out, "--out", whole);
  const { curve, vectors } = await remains(next), reference = await remains(whole);
  assertEquals([curve, vectors], [reference.curve, reference.vectors]);
});

Deno.test("--from with the same settings is the run in one piece", async () => {
  using folder = scratch();
  const [out, next, whole] = ["out", "next", "whole"].map((name) => `${folder.path}/${name}`);
  const of = (updates: string) =>
    flagsOf(folder, { "--seed": "3", "--optimizer": "cm", "--updates": updates });
  await trained(...of("20"), "--out", out);
  await trained(...of("40"), "--from", out, "--out", next);
  await trained(...of("40"), "--out", whole);
  const { vectors } = await remains(next), reference = await remains(whole);
  assertEquals(vectors, reference.vectors);
});

Deno.test("--from --states anew begins at the networks without their velocities", async () => {
  using folder = scratch();
  const [out, ...others] = ["out", "kept", "anew", "sgd"].map((name) => `${folder.path}/${name}`);
  const of = (optimizer: string, updates: string) =>
    flagsOf(folder, { "--seed": "3", "--optimizer": optimizer, "--updates": updates });
  await trained(...of("cm", "20"), "--out", out);
  const errors: string[][] = [];
  for (const [i, words] of [["cm"], ["cm", "--states", "anew"], ["sgd"]].entries()) {
    const [optimizer, ...states] = words;
    await trained(...of(optimizer, "21"), "--from", out, ...states, "--out", others[i]);
    const rows = readTable(Deno.readTextFileSync(`${others[i]}/curve.csv`));
    errors.push(rows.map((row) => row.train_squared_error));
  }
  const [kept, anew, sgd] = errors;
  assertEquals(anew.length, 2);
  assertEquals([kept[0], sgd[0]], [anew[0], anew[0]]);
  // Its first step is that of plain descent.
  assertAlmostEquals(Number(anew[1]), Number(sgd[1]), 1e-5 * Number(sgd[1]));
  assert(Math.abs(Number(kept[1]) - Number(sgd[1])) > 1e-4 * Number(sgd[1]));
  const [{ configuration }] = readCells(others[1]).values();
  const [cell] = readCells(out).keys();
  assertEquals(configuration.from, { cell, update: 20, states: "anew" });
});

Deno.test("--from takes a run with a finish where that began", async () => {
  using folder = scratch();
  const [out, next] = [`${folder.path}/out`, `${folder.path}/next`];
  const flags = { "--optimizer": "nag", "--seed": "1", "--finish": "8" };
  await trained(...flagsOf(folder, flags), "--out", out);
  await trained(...flagsOf(folder, { ...flags, "--updates": "40" }), "--from", out, "--out", next);
  const [{ configuration }] = readCells(next).values();
  assertEquals(configuration.from, { cell: [...readCells(out).keys()][0], update: 12 });
  const [first] = readTable(Deno.readTextFileSync(`${next}/curve.csv`));
  assertEquals([first.update, first.momentum], ["12", ""]);
});

Deno.test("--from refuses what it cannot begin at, in one line", async () => {
  using folder = scratch();
  const out = `${folder.path}/out`, next = `${folder.path}/next`;
  await trained(...flagsOf(folder), "--out", out);
  const ids = [...readCells(out).keys()];
  const refuse = (says: string, from: string[], flags = {}) =>
    assertRefused(
      [...flagsOf(folder, { "--updates": "40", ...flags }), ...from, "--out", next],
      says,
      out,
    );
  await refuse("holds 2 networks of seed 1: name one with --cell", ["--from", out]);
  await refuse("holds no network of seed 7", ["--from", out], { "--seed": "7" });
  await refuse("holds no network zz", ["--from", out, "--cell", "zz"]);
  const [shared] = ids.map((id) => id.slice(0, 1));
  if (ids.filter((id) => id.startsWith(shared)).length > 1) {
    await refuse(`networks that begin with ${shared}`, ["--from", out, "--cell", shared]);
  }
  await refuse("--cell is for --from FOLDER", ["--cell", ids[0]]);
  await refuse("--states is for --from FOLDER", ["--states", "anew"]);
  await refuse("has done 20: give more", ["--from", out, "--cell", ids[0]], { "--updates": "20" });
  await refuse("holds no networks", ["--from", folder.path]);
  for (const name of stateNames(out)) Deno.removeSync(`${out}/${name}`);
  await refuse("keeps no state of the network", ["--from", out, "--cell", ids[0]]);
  assertEquals(folder.names(), ["cases.csv", "out"]);
});

Deno.test("--dry-run tells networks, rounds, memory and time, and leaves nothing", async () => {
  using folder = scratch();
  const out = `${folder.path}/out`, args = [...flagsOf(folder), "--out", out];
  const { stdout } = await trained(...args, "--dry-run", "yes", "--replicas", "3");
  assertMatch(
    stdout,
    /^networks +4\nrounds +2, of at most 2 side by side\nmemory +\d+ MiB on the GPU\ntime +about .*\n$/,
  );
  assertEquals(folder.names(), ["cases.csv"]);
  await trained(...args);
  const before = snapshot(out);
  const { stderr } = await trained("--resume", out, "--dry-run", "yes");
  assertStringIncludes(stderr, "nothing to do");
  assertMatch(
    (await trained("--resume", out, "--updates", "40", "--dry-run", "yes")).stdout,
    /^networks +4\n/,
  );
  assertEquals(snapshot(out), before);
});

Deno.test("--target stops networks that have reached it, and tells when; the run is finished then", async () => {
  using folder = scratch();
  const out = `${folder.path}/out`;
  const flags = flagsOf(folder, {
    "--updates": "2000",
    "--target": "1.6",
    "--checkpoint-every": "off",
  });
  await trained(...flags, "--out", out);
  const settings = readTable(Deno.readTextFileSync(`${out}/settings.csv`));
  assert(settings.every(({ reached_target }) => reached_target === "2"), JSON.stringify(settings));
  const cells = [...readCells(out).values()];
  assertEquals(new Set(cells.map(({ result }) => result.status)), new Set(["stopped"]));
  assert(cells.every(({ result }) => result.updates < 2000));
  for (const { optimizer, updates_to_target } of settings) {
    const reached = cells.filter(({ configuration }) => configuration.optimizer === optimizer)
      .map(({ result }) => result.curve.find(({ train }) => train.squaredError <= 1.6)!.update);
    assertEquals(Number(updates_to_target), (reached[0] + reached[1]) / 2);
  }
  const summary = readTable(Deno.readTextFileSync(`${out}/summary.csv`));
  assertEquals(new Set(summary.map(({ status }) => status)), new Set(["stopped"]));
  const before = snapshot(out);
  assertEquals(await adaptersAsked(() => trained(...flags, "--out", out)), 0);
  assertEquals(snapshot(out), before);
});

Deno.test("--stop-when-flat stops networks that get no better, and another one goes on", async () => {
  using folder = scratch();
  const out = `${folder.path}/out`;
  const flags = flagsOf(folder, { "--updates": "30", "--learning-rate": "1e-9" });
  await trained(...flags, "--stop-when-flat", "2", "--out", out);
  const updates = () => [...readCells(out).values()].map(({ result }) => result.updates);
  assertEquals(updates(), [10, 10, 10, 10]);
  assertEquals(await adaptersAsked(() => trained("--resume", out)), 0);
  await trained("--resume", out, "--stop-when-flat", "4");
  assertEquals(updates(), [20, 20, 20, 20]);
});

Deno.test("--keep says which networks are files", async () => {
  using folder = scratch();
  const kept = { all: 4, best: 0, none: 0 };
  for (const [keep, count] of Object.entries(kept)) {
    const out = `${folder.path}/${keep}`;
    await trained(...flagsOf(folder), "--keep", keep, "--out", out);
    const files = Object.keys(snapshot(out));
    assertEquals(files.filter((name) => name.startsWith("networks/")).length, count);
    assertEquals(files.includes("network.safetensors"), keep !== "none");
  }
  const best = (name: string) => snapshot(`${folder.path}/${name}`)["network.safetensors"];
  assertEquals(best("best"), best("all"));
});

Deno.test("--keep best has the best network also where an earlier session trained it", async () => {
  using folder = scratch();
  const [out, whole] = [`${folder.path}/out`, `${folder.path}/whole`];
  // One after the other; the first is the best.
  const flags = [
    ...flagsOf(folder, { "--seed": "1", "--learning-rate": "0.1,1e-9" }),
    "--replicas",
    "1",
  ];
  const keep = ["--keep", "best"];
  await trained(...flags, ...keep, "--out", whole);
  // As a process leaves it that was killed ahead of the end.
  await trained(...flags, ...keep, "--out", out);
  Deno.removeSync(`${out}/network.safetensors`);
  const text = Deno.readTextFileSync(`${out}/run.json`).replace('"finished"', '"running"');
  Deno.writeTextFileSync(`${out}/run.json`, text);
  await trained("--resume", out);
  assertEquals(snapshot(out)["network.safetensors"], snapshot(whole)["network.safetensors"]);
});

Deno.test("what a run lacks that failed at its end, or that has cells from elsewhere, is made", async () => {
  using folder = scratch();
  const [out, brought] = [`${folder.path}/out`, `${folder.path}/brought`];
  const flags = flagsOf(folder, { "--optimizer": "nag" });
  await trained(...flags, "--out", out);
  const untimed = ({ "run.json": _, "report.html": __, ...files }: ReturnType<typeof snapshot>) =>
    files;
  const whole = untimed(snapshot(out));
  Deno.mkdirSync(brought);
  Deno.renameSync(`${out}/cells`, `${brought}/cells`);
  await trained(...flags, "--out", brought);
  assertEquals(untimed(snapshot(brought)), whole);
  Deno.removeSync(`${brought}/networks`, { recursive: true });
  Deno.removeSync(`${brought}/network.safetensors`);
  const text = Deno.readTextFileSync(`${brought}/run.json`).replace('"finished"', '"failed"');
  Deno.writeTextFileSync(`${brought}/run.json`, text);
  await trained("--resume", brought);
  assertEquals(untimed(snapshot(brought)), whole);
});

Deno.test("a network whose file was damaged is taken from its state", async () => {
  using folder = scratch();
  const out = `${folder.path}/out`;
  await trained(...flagsOf(folder, { "--optimizer": "nag", "--seed": "1" }), "--out", out);
  const whole = snapshot(out)["network.safetensors"];
  const [{ cell }] = readTable(Deno.readTextFileSync(`${out}/summary.csv`));
  Deno.writeTextFileSync(`${out}/networks/${cell}.safetensors`, "damaged");
  Deno.removeSync(`${out}/network.safetensors`);
  // As a process leaves it that was killed ahead of the end.
  const text = Deno.readTextFileSync(`${out}/run.json`).replace('"finished"', '"running"');
  Deno.writeTextFileSync(`${out}/run.json`, text);
  await trained("--resume", out);
  assertEquals(snapshot(out)["network.safetensors"], whole);
});

Deno.test("networks that are the same run are trained once, and told", async () => {
  using folder = scratch();
  const out = `${folder.path}/out`;
  const flags = { "--optimizer": "nag", "--seed": "1", "--mu": "0.9,0.99,0.999" };
  const { stderr } = await trained(...flagsOf(folder, flags), "--out", out);
  assertMatch(
    stderr,
    /^note: nag: mu 0\.99, 0\.999 is not reached in 20 updates \(0\.5 is\): the same network as mu 0\.9, trained once$/m,
  );
  assertEquals(readCells(out).size, 1);
});

Deno.test("a flag that no optimizer of the run takes is refused", async () => {
  using folder = scratch();
  const args = [
    ...flagsOf(folder, { "--optimizer": "sgd", "--mu": "0.5" }),
    "--out",
    `${folder.path}/out`,
  ];
  await assertRefused(args, "--mu");
});

Deno.test("--momentum-in is an axis of the grid", async () => {
  using folder = scratch();
  const out = `${folder.path}/out`;
  const flags = { "--optimizer": "cm", "--seed": "1", "--momentum-in": "weights,biases,none" };
  const { status, stderr } = await train(...flagsOf(folder, flags), "--out", out);
  assertEquals(status, 0, stderr);
  const summary = readTable(Deno.readTextFileSync(`${out}/summary.csv`));
  assertEquals(summary.map((row) => row.momentum_in), ["weights", "biases", "none"]);
  const errors = new Set(summary.map(({ train_squared_error }) => train_squared_error));
  assertEquals(errors.size, 3);
});
