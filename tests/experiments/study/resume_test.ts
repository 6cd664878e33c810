import { fileURLToPath } from "node:url";
import { assert, assertEquals, assertLess, assertMatch, assertStringIncludes } from "@std/assert";
import { decodeCheckpoint } from "../../../core/train/checkpoint.ts";
import { type Ended, pause, runDeno, spawnDeno } from "../processes.ts";
import { type Scratch, scratch } from "../scratch.ts";
import { remains, smallAutoencoders, smallRecurrentNetworks, snapshot } from "./small_runs.ts";

const autoencoder = fileURLToPath(new URL("../../../experiments/autoencoder.ts", import.meta.url));
const recurrent = fileURLToPath(new URL("../../../experiments/rnn.ts", import.meta.url));

function task(folder: Scratch): readonly string[] {
  return smallAutoencoders(folder).flags;
}

function run(program: string, ...args: string[]): Promise<Ended> {
  return runDeno(["run", "-A", program, ...args]);
}

/** Runs to the end. */
async function finish(program: string, ...args: string[]): Promise<Ended> {
  const ended = await run(program, ...args);
  assertEquals(ended.status, 0, ended.stderr);
  return ended;
}

/** Starts a run and does something to it once there is a checkpoint. */
async function disturb(
  args: readonly string[],
  out: string,
  act: (child: Deno.ChildProcess) => void | Promise<void>,
): Promise<Ended> {
  const child = spawnDeno(["run", "-A", ...args]);
  const output = child.output();
  while (!readOrNothing(`${out}/checkpoint-1.safetensors`)) await pause(5);
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

Deno.test("--resume goes on after Ctrl-C, SIGTERM and kill -9 to the same files and bits", async () => {
  using folder = scratch();
  const words = task(folder);
  const whole = `${folder.path}/whole`;
  await finish(autoencoder, ...words, "--checkpoint-every", "1000", "--out", whole);
  const wanted = await remains(whole);
  assertEquals(wanted.update, 300);
  const signals = [["SIGINT", 130], ["SIGTERM", 143], ["SIGKILL", 137]] as const;
  for (const [signal, status] of signals) {
    const out = `${folder.path}/${signal}`;
    const begun = [autoencoder, ...words, "--checkpoint-every", "20", "--out", out];
    const ended = await disturb(begun, out, (child) => child.kill(signal));
    assertEquals(ended.status, status, ended.stderr);
    if (signal !== "SIGKILL") {
      assertMatch(ended.stdout, /interrupted\n[^]*results in/);
      assertStringIncludes(ended.stdout, `it goes on with --resume ${out}\n`);
      const { status, reason } = record(out);
      assertEquals([status, reason], ["interrupted", `ended by ${signal}`]);
    }
    const { state } = await decodeCheckpoint(Deno.readFileSync(`${out}/checkpoint-1.safetensors`));
    assertLess(state.update, 300);
    const { stderr } = await finish(autoencoder, "--resume", out);
    assertEquals(/note:/.test(stderr), false);
    assertEquals(await remains(out), wanted);
    assertEquals([record(out).status, record(out).resumed.length], ["finished", 1]);
  }
});

Deno.test("--resume goes on with recurrent networks, after a signal and after the clock", async () => {
  using folder = scratch();
  const words = [...smallRecurrentNetworks.flags, "--checkpoint-every"];
  const [whole, out] = [`${folder.path}/whole`, `${folder.path}/out`];
  await finish(recurrent, ...words, "1000", "--out", whole);
  await disturb([recurrent, ...words, "0.02s", "--out", out], out, (child) => child.kill("SIGINT"));
  // A time that is over before the first update.
  const { stdout } = await finish(recurrent, "--resume", out, "--max-time", "0.01s");
  assertMatch(stdout, /stopped\n/);
  const { status, reason } = record(out);
  assertEquals([status, reason], ["stopped", "--max-time 0.01s"]);
  await finish(recurrent, "--resume", out);
  assertEquals(await remains(out), await remains(whole));
});

Deno.test("--resume makes a run longer", async () => {
  using folder = scratch();
  const words = task(folder);
  const out = `${folder.path}/out`;
  await finish(autoencoder, ...words, "--checkpoint-every", "1000", "--out", out);
  const { curve } = await remains(out);
  await finish(autoencoder, "--resume", out, "--updates", "330");
  const { curve: longer, update } = await remains(out);
  assertEquals([update, longer.startsWith(curve)], [330, true]);
  assertMatch(longer.slice(curve.length), /^([^\n]*,320,[^\n]*\n){4}([^\n]*,330,[^\n]*\n){4}$/);
  assertEquals(record(out).configuration.updates, 330);
  // And from there without saying so again: nothing is left to do.
  const before = await remains(out);
  await finish(autoencoder, "--resume", out);
  assertEquals(await remains(out), before);
});

Deno.test("--resume refuses what contradicts the run, in one line, and changes nothing", async () => {
  using folder = scratch();
  const words = task(folder);
  const out = `${folder.path}/out`;
  await finish(autoencoder, ...words, "--checkpoint-every", "100", "--out", out);
  const before = snapshot(out);
  const refused = async (says: RegExp, program: string, ...args: string[]) => {
    const { status, stderr } = await run(program, "--resume", out, ...args);
    assertEquals(status, 2, stderr);
    const [line, ...others] = stderr.split("\n").filter((line) => !line.startsWith("adapter: "));
    assertMatch(line, /^error: /);
    assertMatch(line, says);
    assertEquals(others, [""]);
  };
  await refused(
    /--batch-size 20 is not that of the run in .*, 10: /,
    autoencoder,
    "--batch-size",
    "20",
  );
  await refused(/--seed 1,3 is not .*, 1,2: /, autoencoder, "--seed=1,3");
  await refused(/--every 5 is not .*, 32: /, autoencoder, "--every", "5");
  await refused(/--activation tanh is not .*, sigmoid: /, autoencoder, "--activation", "tanh");
  await refused(/--updates 299 is less than the 300/, autoencoder, "--updates", "299");
  await refused(/no flag --updats/, autoencoder, "--updats", "400");
  await refused(/is a run of autoencoder, not of rnn/, recurrent);
  const other = folder.write(
    "other.csv",
    new TextEncoder().encode(`${"0.5,".repeat(16)}1\n`.repeat(40)),
  );
  await refused(/the data are not those that the run began with/, autoencoder, "--data", other);
  const { status, stderr } = await run(autoencoder, "--resume", folder.path);
  assertEquals(status, 2);
  assertMatch(stderr, /^error: .* holds no run, as it has no run\.json: name another folder\n$/);
  assertEquals(snapshot(out), before);
});

Deno.test("--resume refuses a checkpoint that is not as it was written, and changes nothing", async () => {
  using folder = scratch();
  const words = task(folder);
  const [out, other] = [`${folder.path}/out`, `${folder.path}/other`];
  await finish(autoencoder, ...words, "--checkpoint-every", "100", "--out", out);
  await finish(autoencoder, ...words.map((word) => word === "17,9,3" ? "17,8,3" : word), ...[
    ...["--checkpoint-every", "100", "--out", other],
  ]);
  const name = "checkpoint-1.safetensors";
  const [good, foreign] = [out, other].map((folder) => Deno.readFileSync(`${folder}/${name}`));
  const flipped = (at: number) => good.map((byte, i) => i === at ? byte ^ 16 : byte);
  const bad: [bytes: Uint8Array, says: RegExp][] = [
    [good.slice(0, good.length / 2), /cut short/],
    [good.slice(0, 0), /at least 8 bytes/],
    [flipped(3), /not a safetensors file|cut short/],
    [flipped(40), /damaged|header|no checkpoint/],
    [flipped(good.length - 5), /SHA-256/],
    [foreign, /"weights 1" of 17 x 8 where this network has "weights 1" of 17 x 9/],
    [Deno.readFileSync(`${out}/network.safetensors`), /is no checkpoint/],
  ];
  for (const [bytes, says] of bad) {
    Deno.writeFileSync(`${out}/${name}`, bytes);
    const before = snapshot(out);
    const { status, stderr } = await run(autoencoder, "--resume", out);
    assertEquals(status, 2, stderr);
    assertMatch(stderr, /^error: [^\n]*checkpoint-1\.safetensors: [^\n]*\n$/);
    assertMatch(stderr, says);
    assertEquals(snapshot(out), before);
  }
});

Deno.test("--resume says what is not as it was, on stderr and in run.json", async () => {
  using folder = scratch();
  const out = `${folder.path}/out`;
  await finish(autoencoder, ...task(folder), "--checkpoint-every", "100", "--out", out);
  const earlier = record(out);
  earlier.adapter.description = "another GPU";
  Deno.writeTextFileSync(`${out}/run.json`, JSON.stringify(earlier));
  const { stderr } = await finish(autoencoder, "--resume", out);
  assertMatch(stderr, /^note: the run began on another adapter or driver \(another GPU\)/m);
  assertMatch(record(out).resumed[0].note, /another GPU/);
});

Deno.test("a second run in a folder is refused in one line, and the first goes on", async () => {
  using folder = scratch();
  const out = `${folder.path}/out`;
  const words = [...task(folder), "--checkpoint-every", "20", "--out", out];
  const { status, stderr } = await disturb([autoencoder, ...words], out, async () => {
    for (const args of [["--resume", out], words]) {
      const second = await run(autoencoder, ...args);
      assertEquals(second.status, 2);
      assertMatch(second.stderr, /^(adapter: [^\n]*\n)?error: [^\n]*\n$/);
      assertMatch(second.stderr, /another run is at work in|already holds a run/);
    }
  });
  assertEquals(status, 0, stderr);
  assertEquals(record(out).status, "finished");
});

Deno.test("a disk that is full leaves the last good checkpoint, and the run says so", async () => {
  using folder = scratch();
  const words = task(folder);
  const [whole, out] = [`${folder.path}/whole`, `${folder.path}/out`];
  await finish(autoencoder, ...words, "--checkpoint-every", "1000", "--out", whole);
  const begun = [autoencoder, ...words, "--checkpoint-every", "20", "--out", out];
  await disturb(begun, out, (child) => child.kill("SIGKILL"));
  const path = `${out}/checkpoint-1.safetensors`;
  const last = Deno.readFileSync(path);
  // A checkpoint is longer than the limit, and the record and the tables are shorter.
  const limit_blocks = 32;
  assert(
    last.length > 512 * limit_blocks && Deno.statSync(`${whole}/curve.csv`).size < last.length,
  );
  const command = [Deno.execPath(), "run", "-A", autoencoder, "--resume", out];
  const { code, stderr } = await new Deno.Command("sh", {
    args: ["-c", `trap '' XFSZ; ulimit -f ${limit_blocks}; exec "$@"`, "sh", ...command],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  const said = new TextDecoder().decode(stderr);
  assertEquals(code, 1, said);
  assertEquals(said.match(/^warning: .*could not be written \(File too large/gm)?.length, 1, said);
  assertMatch(said, /^error: not saved in .*: .*checkpoint-1\.safetensors/m);
  assertEquals(Deno.readFileSync(path), last);
  assertEquals([record(out).status, record(out).unsaved.includes("checkpoint-1.safetensors")], [
    "finished",
    true,
  ]);
  await finish(autoencoder, "--resume", out);
  assertEquals(await remains(out), await remains(whole));
});

Deno.test("a folder that is gone in mid-run is made again with all that the run has", async () => {
  using folder = scratch();
  const words = task(folder);
  const [whole, out] = [`${folder.path}/whole`, `${folder.path}/out`];
  await finish(autoencoder, ...words, "--checkpoint-every", "1000", "--out", whole);
  const begun = [autoencoder, ...words, "--checkpoint-every", "20", "--out", out];
  const { status, stderr } = await disturb(begun, out, () => {
    // A checkpoint may be coming into being in it at this moment.
    while (readOrNothing(`${out}/run.json`)) Deno.renameSync(out, `${folder.path}/elsewhere`);
  });
  assertEquals(status, 0, stderr);
  assertEquals(await remains(out), await remains(whole));
});
