import { assert, assertEquals, assertLess, assertMatch, assertStringIncludes } from "@std/assert";
import { trainAutoencoders } from "../../../experiments/autoencoder.ts";
import type { Command } from "../../../experiments/study/grid_program.ts";
import { trainRecurrentNetworks } from "../../../experiments/rnn.ts";
import { savedUpdates } from "../../soak/session.ts";
import { runHere } from "../commands.ts";
import { type Ended, pause, spawnDeno } from "../processes.ts";
import { type Scratch, scratch } from "../scratch.ts";
import {
  remains,
  smallAutoencoders,
  smallRecurrentNetworks,
  snapshot,
  stateNames,
} from "./small_runs.ts";

function task(folder: Scratch): readonly string[] {
  return smallAutoencoders(folder).flags;
}

/** Carries the command out to its end. */
async function finish(command: Command, ...args: string[]): Promise<Ended> {
  const ended = await runHere(command, args);
  assertEquals(ended.status, 0, ended.stderr);
  return ended;
}

/** Starts a run and does something to it once there is a state of each network. */
async function disturb(
  args: readonly string[],
  out: string,
  act: (child: Deno.ChildProcess) => void | Promise<void>,
): Promise<Ended> {
  const child = spawnDeno(["run", "-A", ...args]);
  const output = child.output();
  while (!readOrNothing(`${out}/run.json`) || stateNames(out).length < 2) await pause(5);
  await act(child);
  const { code, stdout, stderr } = await output;
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { status: code, stdout: text(stdout), stderr: text(stderr) };
}

function readOrNothing(path: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Deno.readFileSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function record(out: string) {
  return JSON.parse(Deno.readTextFileSync(`${out}/run.json`));
}

const common = scratch();
const { program, flags: words } = smallAutoencoders(common);
let left: ReturnType<typeof remains> | undefined;

Deno.test.afterAll(() => common[Symbol.dispose]());

/** What a run leaves that nothing disturbs. */
function undisturbed(): ReturnType<typeof remains> {
  const out = `${common.path}/whole`;
  return left ??= finish(trainAutoencoders, ...words, "--checkpoint-every", "1000", "--out", out)
    .then(() => remains(out));
}

Deno.test("--resume goes on after Ctrl-C, SIGTERM and kill -9 to the same files and bits", async () => {
  using folder = scratch();
  const wanted = await undisturbed();
  // A finish keeps the state where it began, of those that have momentum.
  assertEquals(wanted.updates.toSorted(), [250, 250, 300, 300, 300, 300]);
  const signals = [["SIGINT", 130], ["SIGTERM", 143], ["SIGKILL", 137]] as const;
  for (const [signal, status] of signals) {
    const out = `${folder.path}/${signal}`;
    const begun = [program, ...words, "--checkpoint-every", "20", "--out", out];
    const ended = await disturb(begun, out, (child) => child.kill(signal));
    assertEquals(ended.status, status, ended.stderr);
    if (signal !== "SIGKILL") {
      assertMatch(ended.stdout, /interrupted\n[^]*results in/);
      assertStringIncludes(ended.stdout, `it goes on with --resume ${out}\n`);
      const { status, reason } = record(out);
      assertEquals([status, reason], ["interrupted", `ended by ${signal}`]);
    }
    assertLess(Math.min(...(await savedUpdates(out)).values()), 300);
    const { stderr } = await finish(trainAutoencoders, "--resume", out);
    assertEquals(/note:/.test(stderr), false);
    assertEquals(await remains(out), wanted);
    assertEquals([record(out).status, record(out).resumed.length], ["finished", 1]);
  }
});

Deno.test("--resume goes on with recurrent networks, after a signal and after the clock", async () => {
  using folder = scratch();
  const { program, flags } = smallRecurrentNetworks;
  const words = [...flags, "--checkpoint-every"];
  const [whole, out] = [`${folder.path}/whole`, `${folder.path}/out`];
  await finish(trainRecurrentNetworks, ...words, "1000", "--out", whole);
  await disturb([program, ...words, "0.02s", "--out", out], out, (child) => child.kill("SIGINT"));
  // A time that is over before the first update: the clock runs from the start of the process.
  const { stdout } = await finish(trainRecurrentNetworks, "--resume", out, "--max-time", "0.01s");
  assertMatch(stdout, /stopped\n/);
  const { status, reason } = record(out);
  assertEquals([status, reason], ["stopped", "--max-time 0.01s"]);
  await finish(trainRecurrentNetworks, "--resume", out);
  assertEquals(await remains(out), await remains(whole));
});

/** The flags of a run without a finish, which can be made longer. */
function lasting(folder: Scratch, updates: number): string[] {
  const flags = task(folder).filter((word, i, words) => ![word, words[i - 1]].includes("--finish"));
  return flags.map((word, i) => flags[i - 1] === "--updates" ? String(updates) : word);
}

Deno.test("--updates makes a run longer, to the bytes of one in one piece", async () => {
  using folder = scratch();
  const [out, whole] = [`${folder.path}/out`, `${folder.path}/whole`];
  await finish(trainAutoencoders, ...lasting(folder, 60), "--out", out);
  const { curve } = await remains(out);
  await finish(trainAutoencoders, "--resume", out, "--updates", "90");
  assertEquals(record(out).configuration.updates, 90);
  // The same command with more updates goes on as well.
  await finish(trainAutoencoders, ...lasting(folder, 150), "--out", out);
  await finish(trainAutoencoders, ...lasting(folder, 150), "--out", whole);
  const { curve: longer, ...others } = await remains(out);
  const { curve: expected, ...reference } = await remains(whole);
  assertEquals(others, reference);
  assertEquals(longer, expected);
  assertEquals(longer.startsWith(curve.split("\n").slice(0, 9).join("\n")), true);
});

Deno.test("--updates is refused where a finish ends the run, and names --from", async () => {
  using folder = scratch();
  const out = `${folder.path}/out`, flags = task(folder).join(" ").replace("300", "60").split(" ");
  await finish(trainAutoencoders, ...flags, "--out", out);
  const before = snapshot(out);
  const longer = flags.map((word) => word === "60" ? "70" : word);
  for (const args of [["--resume", out, "--updates", "70"], [...longer, "--out", out]]) {
    const { status, stderr } = await runHere(trainAutoencoders, args);
    assertEquals([status, stderr], [
      2,
      "error: --updates 70 cannot make a run longer whose --finish 50 ends it: begin another one " +
      `where its finish began, with --from ${out}\n`,
    ]);
  }
  assertEquals(snapshot(out), before);
});

Deno.test("--resume refuses what contradicts the run, in one line, and changes nothing", async () => {
  using folder = scratch();
  const words = task(folder);
  const out = `${folder.path}/out`;
  await finish(trainAutoencoders, ...words, "--checkpoint-every", "100", "--out", out);
  const before = snapshot(out);
  const refused = async (says: RegExp, program: Command, ...args: string[]) => {
    const { status, stderr } = await runHere(program, ["--resume", out, ...args]);
    assertEquals(status, 2, stderr);
    const [line, ...others] = stderr.split("\n");
    assertMatch(line, /^error: /);
    assertMatch(line, says);
    assertEquals(others, [""]);
  };
  await refused(
    /--batch-size 20 is not that of the run in .*, 10: /,
    trainAutoencoders,
    "--batch-size",
    "20",
  );
  await refused(/--seed 1,3 is not .*, 1,2: /, trainAutoencoders, "--seed=1,3");
  await refused(/--every 5 is not .*, 32: /, trainAutoencoders, "--every", "5");
  await refused(
    /--activation tanh is not .*, sigmoid: /,
    trainAutoencoders,
    "--activation",
    "tanh",
  );
  await refused(/--updates 299 is less than the 300/, trainAutoencoders, "--updates", "299");
  await refused(/no flag --updats/, trainAutoencoders, "--updats", "400");
  await refused(/is a run of autoencoder, not of rnn/, trainRecurrentNetworks);
  const other = folder.write(
    "other.csv",
    new TextEncoder().encode(`${"0.5,".repeat(16)}1\n`.repeat(40)),
  );
  await refused(
    /the data are not those that the run began with/,
    trainAutoencoders,
    "--data",
    other,
  );
  const { status, stderr } = await runHere(trainAutoencoders, ["--resume", folder.path]);
  assertEquals(status, 2);
  assertMatch(stderr, /^error: .* holds no run, as it has no run\.json: name another folder\n$/);
  assertEquals(snapshot(out), before);
});

Deno.test("--resume refuses a state or a cell that is not as it was written, and changes nothing", async () => {
  using folder = scratch();
  const [out, other] = [`${folder.path}/out`, `${folder.path}/other`];
  await finish(trainAutoencoders, ...lasting(folder, 20), "--out", out);
  const others = lasting(folder, 20).map((word) => word === "17,9,3" ? "17,8,3" : word);
  await finish(trainAutoencoders, ...others, "--out", other);
  const [name] = stateNames(out), [foreign] = stateNames(other);
  const good = Deno.readFileSync(`${out}/${name}`), cell = name.replace(".safetensors", ".json");
  const flipped = (at: number) => good.map((byte, i) => i === at ? byte ^ 16 : byte);
  const cellText = Deno.readTextFileSync(`${out}/${cell}`);
  const text = (words: string) => new TextEncoder().encode(words);
  const bad: [name: string, bytes: Uint8Array, says: RegExp][] = [
    [name, good.slice(0, good.length / 2), /cut short/],
    [name, good.slice(0, 0), /at least 8 bytes/],
    [name, flipped(3), /not a safetensors file|cut short/],
    [name, flipped(40), /damaged|header|no checkpoint/],
    [name, flipped(good.length - 5), /SHA-256/],
    [name, Deno.readFileSync(`${other}/${foreign}`), /this is the state of another network/],
    [name, Deno.readFileSync(`${out}/network.safetensors`), /is no checkpoint/],
    [cell, text(cellText.slice(0, 99)), /it is not JSON; delete it, and it is trained again/],
    [cell, text(cellText.replace('"updates": 20', '"updates": 21')), /does not fit its check sum/],
  ];
  for (const [name, bytes, says] of bad) {
    const whole = Deno.readFileSync(`${out}/${name}`);
    Deno.writeFileSync(`${out}/${name}`, bytes);
    const before = snapshot(out);
    const args = ["--resume", out, "--updates", "30"];
    const { status, stderr } = await runHere(trainAutoencoders, args);
    assertEquals(status, 2, stderr);
    assertMatch(stderr, new RegExp(`^error: [^\\n]*${name}[^\\n]*\\n$`));
    assertMatch(stderr, says);
    assertEquals(snapshot(out), before);
    Deno.writeFileSync(`${out}/${name}`, whole);
  }
});

Deno.test("--resume says what is not as it was, on stderr and in run.json", async () => {
  using folder = scratch();
  const out = `${folder.path}/out`;
  await finish(trainAutoencoders, ...lasting(folder, 20), "--out", out);
  const earlier = record(out);
  earlier.adapter.description = "another GPU";
  Deno.writeTextFileSync(`${out}/run.json`, JSON.stringify(earlier));
  const { stderr } = await finish(trainAutoencoders, "--resume", out, "--updates", "30");
  assertMatch(stderr, /^note: the run began on another adapter or driver \(another GPU\)/m);
  assertMatch(record(out).resumed[0].note, /another GPU/);
});

Deno.test("a second run in a folder is refused in one line, and the first goes on", async () => {
  using folder = scratch();
  const out = `${folder.path}/out`;
  const own = [...words, "--checkpoint-every", "20", "--out", out];
  const { status, stderr } = await disturb([program, ...own], out, async (child) => {
    // It waits meanwhile.
    child.kill("SIGSTOP");
    for (const args of [["--resume", out], own]) {
      const second = await runHere(trainAutoencoders, args);
      assertEquals(second.status, 2);
      assertMatch(second.stderr, /^(adapter: [^\n]*\n)?error: another run is at work in [^\n]*\n$/);
    }
    child.kill("SIGCONT");
  });
  assertEquals(status, 0, stderr);
  assertEquals(record(out).status, "finished");
});

Deno.test("a disk that is full leaves the last good checkpoint, and the run says so", async () => {
  using folder = scratch();
  const out = `${folder.path}/out`, wanted = await undisturbed();
  const begun = [program, ...words, "--checkpoint-every", "20", "--out", out];
  await disturb(begun, out, (child) => child.kill("SIGKILL"));
  const paths = stateNames(out).map((name) => `${out}/${name}`);
  const last = paths.map((path) => Deno.readFileSync(path));
  // A state of NAG is longer than the limit, and the record and the tables are shorter.
  const [largest] = last.map(({ length }) => length).toSorted((a, b) => b - a);
  const limit_blocks = Math.floor(largest / 512);
  assert(wanted.curve.length < 512 * limit_blocks);
  const command = [Deno.execPath(), "run", "-A", program, "--resume", out];
  const { code, stderr } = await new Deno.Command("sh", {
    args: ["-c", `trap '' XFSZ; ulimit -f ${limit_blocks}; exec "$@"`, "sh", ...command],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  const said = new TextDecoder().decode(stderr);
  assertEquals(code, 1, said);
  assertEquals(said.match(/^warning: .*could not be written \(File too large/gm)?.length, 1, said);
  assertMatch(said, /^error: not saved in .*: .*cells\/[0-9a-f]+\.safetensors/m);
  paths.forEach((path, i) => {
    if (last[i].length > 512 * limit_blocks) assertEquals(Deno.readFileSync(path), last[i]);
  });
  assertEquals(record(out).status, "finished");
  await finish(trainAutoencoders, "--resume", out);
  assertEquals(await remains(out), wanted);
});

Deno.test("a folder that is gone in mid-run is made again with all that the run has", async () => {
  using folder = scratch();
  const out = `${folder.path}/out`, wanted = await undisturbed();
  const begun = [program, ...words, "--checkpoint-every", "20", "--out", out];
  const { status, stderr } = await disturb(begun, out, () => {
    // A checkpoint may be coming into being in it at this moment.
    while (readOrNothing(`${out}/run.json`)) Deno.renameSync(out, `${folder.path}/elsewhere`);
  });
  assertEquals(status, 0, stderr);
  assertEquals(await remains(out), wanted);
});
