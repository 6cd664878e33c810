import { table5 } from "../../../experiments/studies/table5.ts";
import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { Gpu } from "../../../core/gpu/gpu.ts";
import { injectFaults } from "../../../experiments/files/disk.ts";
import { paperKinds } from "../../../experiments/tables/paper_kinds.ts";
import { paperFlags, paperSession } from "../../../experiments/tables/session.ts";
import { networksOf } from "../../../experiments/tables/stages.ts";
import { carryOut } from "../../../experiments/study/study.ts";
import { parseFlags } from "../../../experiments/terminal/flags.ts";
import { GPUMemoryError, InputError } from "../../../mod.ts";
import { systemError } from "../files/disk_faults.ts";
import { linesOnStderr } from "../processes.ts";
import { scratch } from "../scratch.ts";
import { snapshot } from "../study/small_runs.ts";
import {
  carryOutSmall,
  recordOf,
  remains,
  type SmallCommand,
  timesOf,
  whenWritten,
} from "./small_tables.ts";

/** Table 5 in a folder of its own, in one go. */
async function wholeTable() {
  using folder = scratch();
  await carryOutSmall({ command: "table5", out: folder.path });
  return remains(folder.path);
}

const whole = await wholeTable();

/** Table 5 in a folder. */
const table5In = (out: string, more: Partial<SmallCommand> = {}) =>
  carryOutSmall({ command: "table5", out, ...more });

/** A state of a network as far as it came. */
const anyState = /cells\/[0-9a-f]{16}\.safetensors$/;

Deno.test("runTables() goes on where it was interrupted, to the same cells and tables", async () => {
  assertEquals(whole.results.map(({ result }) => result.status), Array(4).fill("ok"));
  assertEquals(whole.tables.map(([name]) => name), [
    "claims.csv",
    "table5.csv",
    "table5_learning_rates.csv",
  ]);
  using folder = scratch();
  // In the first stage and in the second one: two networks are saved six times each in a stage.
  for (const count of [3, 11]) {
    const controller = new AbortController(), { signal } = controller;
    const stop = () => controller.abort(new DOMException("enough", "AbortError"));
    {
      using _ = whenWritten(anyState, stop, count);
      await table5In(folder.path, { interruption: signal });
    }
    assertEquals(recordOf(folder.path).status, "interrupted");
    const { results } = remains(folder.path);
    assert(
      results.some(({ result: { status, updates } }) => status === "unfinished" && updates < 20),
    );
  }
  await refusesOther(folder.path);
  const isFirst = ({ configuration }: typeof whole.results[number]) => configuration.seed === 1;
  const first = remains(folder.path).results.filter(isFirst), times = timesOf(folder.path);
  assertEquals(first, whole.results.filter(isFirst));
  await table5In(folder.path);
  assertEquals([remains(folder.path), recordOf(folder.path).status], [whole, "finished"]);
  // The first stage was there already.
  for (const { id } of first) {
    assertEquals(timesOf(folder.path)[`${id}.json`], times[`${id}.json`]);
  }
});

/** Another configuration is refused in one line, and nothing changes. */
async function refusesOther(out: string): Promise<void> {
  const before = snapshot(out);
  const { message } = await assertRejects(
    () => table5In(out, { args: ["--updates", "50"] }),
    InputError,
    `${out}/table5.json was laid with updates 20, not 50: repeat the command as it was`,
  );
  assertEquals([message.includes("\n"), snapshot(out)], [false, before]);
}

Deno.test("runTables() trains in shares, one after the other, and takes them together", async () => {
  using folder = scratch();
  const share = (index: number) => table5In(folder.path, { args: ["--shard", `${index}/2`] });
  // The second stage begins when both have trained the first one.
  assertMatch((await share(1)).join("\n"), /^note: the next stage depends on the cells of all/m);
  await share(2);
  await share(1);
  const times = timesOf(folder.path);
  const said = await table5In(folder.path);
  assertEquals([remains(folder.path), timesOf(folder.path)], [whole, times]);
  assertEquals(said.filter((line) => line.startsWith("adapter")), []);
});

Deno.test("runTables() trains nothing again, and for other tables what they lack", async () => {
  using folder = scratch();
  const out = folder.path;
  await carryOutSmall({ command: "table2", out });
  const second = timesOf(out);
  await carryOutSmall({ command: "table1", out });
  const both = timesOf(out);
  // SGD and CM besides, and two of Hessian-free.
  assertEquals(Object.keys(both).length, 5 * Object.keys(second).length);
  for (const [name, time] of Object.entries(second)) assertEquals(both[name], time);
  const tables = remains(out).tables;
  // Branches of a trunk of their own.
  await carryOutSmall({ command: "phases", out });
  const all = timesOf(out);
  for (const [name, time] of Object.entries(both)) assertEquals(all[name], time);
  assert(remains(out).results.length > 3);
  for (const command of ["table1", "table2", "phases"] as const) {
    const said = await carryOutSmall({ command, out });
    assertEquals(said.filter((line) => line.startsWith("adapter")), []);
  }
  assertEquals(timesOf(out), all);
  assertEquals(remains(out).tables.filter(([name]) => name !== "phases.csv"), tables);
});

Deno.test("runTables() tells what it would train with --dry-run, and leaves nothing", async () => {
  using folder = scratch();
  const out = `${folder.path}/results`;
  await table5In(out, { args: ["--dry-run", "yes"] });
  assertEquals(folder.names(), []);
});

Deno.test("runTables() ends cleanly with --max-time, and goes on", async () => {
  using folder = scratch();
  // The clock runs from the start of the process.
  const seconds = Math.ceil(performance.now() / 1000);
  await table5In(folder.path, { args: ["--max-time", `${seconds}s`] });
  const { status, reason } = recordOf(folder.path);
  assertEquals([status, reason], ["stopped", `--max-time ${reason.split(" ")[1]}`]);
  await table5In(folder.path);
  assertEquals(remains(folder.path), whole);
});

Deno.test("runTables() opens a GPU that was lost anew, and ends with the same networks", async () => {
  using folder = scratch();
  const { requestDevice } = GPUAdapter.prototype;
  let device: GPUDevice | undefined, opened = 0;
  GPUAdapter.prototype.requestDevice = async function (...parameters) {
    opened++;
    return device = await requestDevice.apply(this, parameters);
  };
  try {
    using _ = whenWritten(anyState, () => device!.destroy(), 3);
    const said = await table5In(folder.path);
    const warnings = said.filter((line) => line.startsWith("warning: "));
    assertEquals([opened, warnings.length], [2, 1]);
    assertMatch(warnings[0], /the device was lost .* opened anew \(1 of at most 3 times\)/);
  } finally {
    GPUAdapter.prototype.requestDevice = requestDevice;
  }
  assertEquals(remains(folder.path), whole);
  assertEquals(recordOf(folder.path).gpuFailures, 1);
});

Deno.test("runTables() halves its rounds where memory is short, or says how to go on", async () => {
  const { allocate } = Gpu.prototype;
  /** Allows a share of the networks that are first asked for. */
  const limited = async (out: string, share: number) => {
    let first: number | undefined;
    Gpu.prototype.allocate = function (label, size, usage) {
      if (label === "seeds") { // two words a network
        first ??= size;
        if (size > share * first) throw new GPUMemoryError("out of GPU memory");
      }
      return allocate.call(this, label, size, usage);
    };
    try {
      return await table5In(out);
    } finally {
      Gpu.prototype.allocate = allocate;
    }
  };
  using folder = scratch();
  const said = await limited(folder.path, 1 / 2);
  assert(said.some((line) => line.includes("with half as many networks side by side")));
  assertEquals(remains(folder.path), whole);
  using other = scratch();
  await assertRejects(
    () => limited(other.path, 0),
    GPUMemoryError,
    "it takes no network; repeat the command where more is free, or on another adapter",
  );
});

Deno.test("runTables() writes at its end what a full disk did not take", async () => {
  using folder = scratch();
  let refused = 0;
  {
    // From the first checkpoint to the last network.
    using _ = injectFaults((call, path) =>
      call === "rename" && path.includes("/cells/") && ++refused < 20
        ? systemError("ENOSPC")
        : undefined
    );
    const said = await table5In(folder.path);
    assertEquals(said.filter((line) => line.startsWith("warning: ")).length, 1);
    assertEquals(said.filter((line) => line.startsWith("error: ")), []);
  }
  assert(refused > 20);
  assertEquals([remains(folder.path), recordOf(folder.path).status], [whole, "finished"]);
  const times = timesOf(folder.path);
  await table5In(folder.path);
  assertEquals(timesOf(folder.path), times);
});

Deno.test("runTables() names what a full disk did not take, and goes on when it is repeated", async () => {
  using folder = scratch();
  const { exitCode } = Deno;
  {
    let written = 0;
    using _ = injectFaults((call, path) =>
      call === "rename" && path.includes("/cells/") && ++written > 6
        ? systemError("ENOSPC")
        : undefined
    );
    const said = await table5In(folder.path);
    const [error, ...others] = said.filter((line) => line.startsWith("error: "));
    assertStringIncludes(error, `error: not saved in ${folder.path}: cells/`);
    assertEquals([others, Deno.exitCode], [[], 1]);
    Deno.exitCode = exitCode;
  }
  assert(recordOf(folder.path).unsaved.length > 0);
  await table5In(folder.path);
  assertEquals(recordOf(folder.path).unsaved, undefined);
  assertEquals(remains(folder.path), whole);
});

Deno.test("runTables() makes a folder again that was moved away, with all its cells", async () => {
  using folder = scratch();
  const out = `${folder.path}/results`;
  // In the second stage: the first one's networks have their files.
  let isMoved = false;
  using _ = whenWritten(anyState, () => isMoved = true, 13);
  using _moves = movesAway(out, `${folder.path}/elsewhere`, () => isMoved);
  await table5In(out);
  assertEquals(folder.names(), ["elsewhere", "results"]);
  assertEquals([remains(out), recordOf(out).status], [whole, "finished"]);
});

/** Moves a folder away between two writes, once it is time to. */
function movesAway(from: string, to: string, isTime: () => boolean): Disposable {
  const timer = setInterval(() => {
    if (!isTime()) return;
    clearInterval(timer);
    Deno.renameSync(from, to);
  });
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

Deno.test("a table of the paper's budget says so once, before anything is trained, and goes on unattended", async () => {
  using folder = scratch();
  const { isTerminal } = Deno.stdin;
  Object.assign(Deno.stdin, { isTerminal: () => false });
  try {
    const args = ["--length", "10", "--hidden", "15"];
    const said = await table5In(folder.path, { isAsked: true, args });
    const notes = said.flatMap((line, i) =>
      line.startsWith("note: this is the paper's") ? [i] : []
    );
    // Two stages are estimated, and one question covers them.
    assertEquals([notes.length, said.filter((line) => /side by side, about/.test(line)).length], [
      1,
      2,
    ]);
    assert(notes[0] < said.findIndex((line) => line.includes("network updates")));
  } finally {
    Object.assign(Deno.stdin, { isTerminal });
  }
  assertEquals(remains(folder.path).results, whole.results);
});

Deno.test("carryOut() trains nothing where its user does not want it, and leaves nothing", async () => {
  using folder = scratch();
  const out = `${folder.path}/results`;
  const plan = table5.lay(["add"], {
    ...{ lengths: { add: 10, mul: 10, "mem-5": 3, "mem-20": 3 }, hidden: 15, updates: 3 },
    ...{ warmUpUpdates: 1, mu: [0.9], learningRates: [0.01], seeds: [1], batchSize: 5 },
  });
  const asked: number[] = [];
  await linesOnStderr(() =>
    assertRejects(
      () =>
        carryOut({
          wanted: (cells) => networksOf([plan], cells),
          ...paperKinds({ dataOn: undefined }),
          ...{ details: {}, isEstimated: true, isWhole: () => false },
          agree(seconds) {
            asked.push(seconds);
            return Promise.resolve(false);
          },
          report: () => ({
            restart() {},
            append() {},
            keep() {},
            conclude: () => Promise.resolve(),
          }),
        }, paperSession(parseFlags(paperFlags, ["--out", out]), new AbortController().signal)),
      InputError,
      "nothing is trained, as you wish",
    )
  );
  assertEquals([asked.length, folder.names()], [1, []]);
});
