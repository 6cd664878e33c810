import { assert, assertEquals, assertLessOrEqual, assertMatch } from "@std/assert";
import { InputError } from "../../../core/errors.ts";
import { diskCalls, injectFaults } from "../../../experiments/files/disk.ts";
import { parseFlags } from "../../../experiments/terminal/flags.ts";
import { resumeRun, runFlags } from "../../../experiments/study/resume.ts";
import { recordRun, type Run } from "../../../experiments/study/run.ts";
import { chooseRunFolder } from "../../../experiments/study/run_folder.ts";
import {
  type Cell,
  cellId,
  type CellResult,
  type Configuration,
  encodeCell,
} from "../../../experiments/study/cell.ts";
import { Ledger } from "../../../experiments/study/ledger.ts";
import { names } from "../study/small_runs.ts";
import { type CallFault, callFaults, systemError } from "./disk_faults.ts";
import { type Scratch, scratch } from "../scratch.ts";

const interruption = new AbortController().signal;

/** A network after so many updates. */
function cellAfter(updates: number): Cell {
  const configuration = { network: "test", finish: 0, updates: 3 } as Partial<Configuration>;
  const result: CellResult = {
    ...{ updates, status: updates < 3 ? "unfinished" : "ok", divergedAt: null },
    ...{ final: null, beforeFinish: null, curve: [] },
  };
  const training = { adapter: "", nagare: "", deno: "", saved: "", replicas: 1, seconds: 1 };
  const id = cellId(configuration as Configuration);
  return { id, configuration: configuration as Configuration, result, training };
}

/** What a run of three updates does to its folder; `began` is called when it has begun. */
function train(run: Run, began: () => void, keep?: string): void {
  const ledger = new Ledger(run.folder, run);
  began();
  const table = run.table("curve.csv", ["update"], keep);
  for (let update = 1; update <= 3; update++) {
    table.append({ update });
    ledger.put(cellAfter(update));
  }
  table.rewrite("update\n1\n2\n3\n");
  run.begin();
  run.note({ more: true });
  run.write("loss.svg", "<svg/>");
}

function begin(out: string, began: () => void): Promise<void> {
  const folder = chooseRunFolder("test", out);
  const recording = { program: "test", folder, details: {}, interruption };
  return recordRun(recording, (run) => Promise.resolve(train(run, began)));
}

function goOn(out: string, began: () => void): Promise<void> {
  const args = ["--resume", out];
  const { earlier } = resumeRun("test", runFlags, parseFlags(runFlags, args), args);
  const recording = { program: "test", folder: out, details: {}, interruption, earlier };
  return recordRun(recording, (run) => Promise.resolve(train(run, began, "update\n")));
}

/** How a run came out, and what it said. */
interface Came {
  readonly error: unknown;
  readonly hadBegun: boolean;
  readonly said: readonly string[];
}

async function follow(run: (began: () => void) => Promise<void>): Promise<Came> {
  let hadBegun = false, error: unknown;
  const said: string[] = [];
  const { error: print } = console;
  console.error = (line: string) => void said.push(line);
  try {
    await run(() => hadBegun = true);
  } catch (thrown) {
    error = thrown;
  } finally {
    console.error = print;
    Deno.exitCode = 0;
  }
  return { error, hadBegun, said };
}

/** Refused in a line before it begins, or carried through with a warning at most. */
function check({ error, hadBegun, said }: Came, out: string): "refused" | "carried through" {
  const about = `${error instanceof Error ? error.stack : error}\n${said.join("\n")}`;
  const isClear = (line: string) => assert(line.includes(out) && !line.includes("\n"), about);
  const warnings = said.filter((line) => line.startsWith("warning: "));
  const errors = said.filter((line) => line.startsWith("error: "));
  assertLessOrEqual(warnings.length, 1, about);
  assertLessOrEqual(errors.length, 1, about);
  assertEquals(warnings.length + errors.length, said.length, about);
  said.forEach(isClear);
  if (error === undefined) {
    assert(hadBegun, about);
    // What is missing was warned of.
    assertLessOrEqual(errors.length, warnings.length, about);
    return "carried through";
  }
  assert(error instanceof InputError && !hadBegun, about);
  isClear(error.message);
  assertMatch(error.message, /cannot be|at work|holds no run/);
  return "refused";
}

/** What a run leaves when nothing fails. */
const whole = {
  [`cells/${cellAfter(3).id}.json`]: encodeCell(cellAfter(3)),
  "curve.csv": "update\n1\n2\n3\n",
  "loss.svg": "<svg/>",
};

function assertWhole(folder: Scratch, out: string): void {
  const read = (name: string) => Deno.readTextFileSync(`${out}/${name}`);
  const kept = names(out).filter((name) => name !== "run.json").map((name) => [name, read(name)]);
  assertEquals(Object.fromEntries(kept), whole);
  const { status, unsaved } = JSON.parse(read("run.json"));
  assertEquals([status, unsaved], ["finished", undefined]);
  assertEquals(folder.names(), ["out"]);
}

/** When a call fails: at each call from the first or from the beginning of the run on, or once. */
type Moment = "always" | "once it runs" | number;

/** Has calls fail; `begin` says that the run has begun. */
function strike({ call, name }: CallFault, moment: Moment): Disposable & { begin(): void } {
  let hasBegun = false, count = 0;
  const faults = injectFaults((called) => {
    if (called !== call) return undefined;
    const fails = typeof moment === "number" ? count++ === moment : moment === "always" || hasBegun;
    return fails ? systemError(name) : undefined;
  });
  return { begin: () => void (hasBegun = true), [Symbol.dispose]: () => faults[Symbol.dispose]() };
}

/** How often each call is made. */
async function callsOf(run: () => Promise<unknown>): Promise<Record<string, number>> {
  const counts = Object.fromEntries(diskCalls.map((call) => [call, 0]));
  using _counting = injectFaults((call) => void counts[call]++);
  await run();
  return counts;
}

async function tryNew(fault: CallFault, moment: Moment): Promise<void> {
  using folder = scratch({ inMemory: true });
  const out = `${folder.path}/out`;
  {
    using struck = strike(fault, moment);
    const came = check(
      await follow((began) => begin(out, () => (began(), struck.begin()))),
      out,
    );
    // What cannot be removed stays.
    if (came === "refused" && fault.call !== "remove") assertEquals(folder.names(), []);
  }
  const hasRun = folder.names().includes("out") &&
    [...Deno.readDirSync(out)].some(({ name }) => name === "run.json");
  const after = await follow((began) => hasRun ? goOn(out, began) : begin(out, began));
  assertEquals([after.error, after.said], [undefined, []]);
  assertWhole(folder, out);
}

async function tryToGoOn(fault: CallFault, moment: Moment): Promise<void> {
  using folder = scratch({ inMemory: true });
  const out = `${folder.path}/out`;
  await begin(out, () => {});
  // As a process leaves it that was killed.
  Deno.writeTextFileSync(`${out}/.claim`, JSON.stringify({ token: "1", pid: 1, locked: true }));
  {
    using struck = strike(fault, moment);
    check(await follow((began) => goOn(out, () => (began(), struck.begin()))), out);
  }
  const after = await follow((began) => goOn(out, began));
  assertEquals([after.error, after.said], [undefined, []]);
  assertWhole(folder, out);
}

/** Tries all faults at all moments. */
async function tryAll(
  trial: (fault: CallFault, moment: Moment) => Promise<void>,
  calls: Record<string, number>,
): Promise<void> {
  const failures: string[] = [];
  for (const [f, fault] of callFaults.entries()) {
    // Every call comes to fail, with a few of the errors.
    const once = [...Array(calls[fault.call]).keys()].filter((i) => i % 6 === f % 6);
    const moments: Moment[] = ["always", "once it runs", ...once];
    for (const moment of moments) {
      try {
        await trial(fault, moment);
      } catch (error) {
        failures.push(`${fault.call} ${fault.name} ${moment}: ${error}`);
      }
    }
  }
  assertEquals(failures.slice(0, 20), [], `${failures.length} failures`);
}

Deno.test("a new run survives every error of every call, or is refused and leaves nothing", async () => {
  using folder = scratch({ inMemory: true });
  const calls = await callsOf(() => begin(`${folder.path}/out`, () => {}));
  assertEquals(Object.entries(calls).filter(([, count]) => count === 0), []);
  await tryAll(tryNew, calls);
});

Deno.test("a run that goes on survives every error of every call, or is refused as it was", async () => {
  using folder = scratch({ inMemory: true });
  await begin(`${folder.path}/out`, () => {});
  const calls = await callsOf(() => goOn(`${folder.path}/out`, () => {}));
  await tryAll(tryToGoOn, calls);
});
