import {
  assertEquals,
  AssertionError,
  assertLess,
  assertLessOrEqual,
  assertMatch,
  assertRejects,
  fail,
} from "@std/assert";
import { injectFaults } from "../../../experiments/files/disk.ts";
import { readTable } from "../../../experiments/files/tables.ts";
import { readState, statePath } from "../../../experiments/study/ledger.ts";
import { GPUFault, GPUMemoryError, InputError } from "../../../mod.ts";
import { systemError } from "../files/disk_faults.ts";
import { linesOnStderr } from "../processes.ts";
import { scratch } from "../scratch.ts";
import {
  networkBytes as measureNetwork,
  type SmallOutcome,
  type SmallRun,
  trainSmall,
  vectorBytes,
} from "./small_grid.ts";
import { restore, snapshot } from "./small_runs.ts";

const networkBytes = await measureNetwork();

/** What may not differ between two runs: the bits of the networks, and two tables. */
function remainsOf({ states, curve, summary }: SmallOutcome) {
  return { states, curve, summary };
}

/** All that comes of a run in a folder that is gone then. */
async function trainSmallIn(options: Omit<SmallRun, "folder">) {
  using folder = scratch();
  return await trainSmall({ folder: folder.path, ...options });
}

/** A run in a folder of its own. */
async function outcomeOf(options: Omit<SmallRun, "folder"> = {}) {
  using folder = scratch();
  return remainsOf(await trainSmall({ folder: `${folder.path}/run`, ...options }));
}

Deno.test("trainCells() trains in rounds what does not fit at once, to the same bits", async () => {
  const all = await outcomeOf();
  assertEquals(readTable(all.summary).map(({ status }) => status), Array(5).fill("ok"));
  assertEquals(await outcomeOf({ memory: networkBytes }), all);
  assertEquals(await outcomeOf({ memory: 3 * networkBytes - 1 }), all);
});

Deno.test("trainCells() halves its rounds where the GPU's memory turns out short", async () => {
  const sizes: number[] = [];
  const short = await outcomeOf({
    onGpu(gpu) {
      const allocate = gpu.allocate.bind(gpu);
      gpu.allocate = (label, size, usage) => {
        if (label === "parameters") sizes.push(size / vectorBytes);
        if (label === "parameters" && size > 2 * vectorBytes) throw new GPUMemoryError("no memory");
        return allocate(label, size, usage);
      };
    },
  });
  assertEquals(sizes, [5, 3, 2, 2, 1]);
  assertEquals(short, await outcomeOf());
});

Deno.test("trainCells() goes on in rounds that were halved for want of memory", async () => {
  using folder = scratch();
  const task = { folder: folder.path, updates: 20, every: 4, checkpointEvery: { updates: 5 } };
  const short: Pick<SmallRun, "onGpu"> = {
    onGpu(gpu) {
      const allocate = gpu.allocate.bind(gpu);
      gpu.allocate = (label, size, usage) => {
        if (label === "parameters" && size > 2 * vectorBytes) throw new GPUMemoryError("no memory");
        return allocate(label, size, usage);
      };
    },
  };
  await trainSmall({
    ...task,
    ...short,
    onUpdate: (update, { ending }) => update > 9 && ending.stop("enough"),
  });
  const halved = await trainSmall({ ...task, ...short, resume: true });
  assertEquals(remainsOf(halved), await outcomeOf({ updates: 20, every: 4 }));
});

Deno.test("trainCells() opens no GPU anew for want of memory", async () => {
  using folder = scratch();
  const task = { folder: folder.path, updates: 20, every: 4, checkpointEvery: { updates: 5 } };
  await trainSmall({
    ...task,
    onUpdate: (update, { ending }) => update > 9 && ending.stop("enough"),
  });
  let opened = 0;
  await assertRejects(
    () =>
      trainSmall({
        ...task,
        resume: true,
        onGpu(gpu) {
          opened++;
          const allocate = gpu.allocate.bind(gpu);
          gpu.allocate = (label, size, usage) => {
            if (label === "parameters") throw new GPUMemoryError("no memory");
            return allocate(label, size, usage);
          };
        },
      }),
    GPUMemoryError,
    `no memory: it takes no network; go on with --resume ${folder.path} where`,
  );
  assertEquals(opened, 1);
});

Deno.test("trainCells() counts its time once, however often it saves", async () => {
  using folder = scratch();
  const start = performance.now();
  const task = { folder: folder.path, checkpointEvery: { updates: 1 } };
  await trainSmall({ ...task, updates: 20, every: 4 });
  const { outcomes } = await trainSmall({ ...task, updates: 40, every: 4, resume: true });
  const seconds = (performance.now() - start) / 1000;
  for (const { cell } of outcomes) {
    assertEquals(cell.result.updates, 40);
    assertLessOrEqual(cell.training.seconds, seconds);
  }
});

Deno.test("trainCells() refuses a network that does not fit alone", async () => {
  await assertRejects(
    () => outcomeOf({ memory: networkBytes - 1 }),
    InputError,
    "one network needs",
  );
});

Deno.test("trainCells() goes on to the same files and bits wherever it was ended", async () => {
  const task = { updates: 40, every: 6, finish: 5 };
  const whole = await outcomeOf(task);
  for (const stop of [0, 1, 6, 17, 33, 39]) {
    using folder = scratch();
    const first = await trainSmall({
      folder: folder.path,
      ...task,
      checkpointEvery: { updates: 7 },
      onUpdate: (update, { ending }) => update >= stop && ending.stop("enough"),
    });
    assertEquals(first.stopped, "enough");
    assertEquals(
      first.outcomes.every(({ status, cell }) =>
        status === (cell.result.updates === 40 ? "ok" : "stopped")
      ),
      true,
    );
    const second = await trainSmall({
      folder: folder.path,
      ...task,
      checkpointEvery: { updates: 11 },
      resume: true,
    });
    assertEquals(remainsOf(second), whole, `ended at update ${stop}`);
  }
});

Deno.test("trainCells() makes a curve.csv again that was touched, cut or removed, and says so", async () => {
  const task = { updates: 20, every: 4, checkpointEvery: { updates: 5 } };
  const whole = await outcomeOf(task);
  using folder = scratch();
  const path = `${folder.path}/curve.csv`;
  await trainSmall({
    folder: folder.path,
    ...task,
    onUpdate: (update, { ending }) => update > 12 && ending.stop("enough"),
  });
  const files = snapshot(folder.path), text = Deno.readTextFileSync(path);
  const touched = [text.replaceAll("\n", "\r\n"), text.replaceAll(",", ";"), text.slice(0, 99), ""];
  for (const found of [...touched, undefined]) {
    restore(folder.path, files);
    if (found === undefined) Deno.removeSync(path);
    else Deno.writeTextFileSync(path, found);
    let outcome: Awaited<ReturnType<typeof trainSmall>> | undefined;
    const said = await linesOnStderr(async () => {
      outcome = await trainSmall({ folder: folder.path, ...task, resume: true });
    });
    const notes = said.filter((line) => line.startsWith("note: "));
    assertEquals(notes.length, 1);
    assertMatch(notes[0], /curve\.csv is not as the run wrote it: it is made again$/);
    assertEquals(remainsOf(outcome!), whole);
  }
});

Deno.test("trainCells() begins anew where no state is kept", async () => {
  const task = { updates: 40, every: 6 };
  using folder = scratch();
  await trainSmall({
    folder: folder.path,
    ...task,
    checkpointEvery: { never: true },
    onUpdate: (update, { ending }) => update >= 17 && ending.stop("enough"),
  });
  const whole = await trainSmall({ folder: folder.path, ...task, resume: true });
  assertEquals(remainsOf(whole), await outcomeOf(task));
});

Deno.test("trainCells() goes on with cells in whatever rounds, and trains none again", async () => {
  const task = { updates: 20, every: 4 };
  const whole = await outcomeOf(task);
  for (const stop of [9, 29, 49]) {
    using folder = scratch();
    let updates = 0;
    await trainSmall({
      folder: folder.path,
      ...task,
      memory: 2 * networkBytes,
      checkpointEvery: { updates: 5 },
      onUpdate: (_, { ending }) => ++updates > stop && ending.stop("enough"),
    });
    // A state that is lost costs its network what was trained, and no other.
    const [lost] = Object.keys(snapshot(folder.path)).filter((name) =>
      name.endsWith(".safetensors")
    );
    Deno.removeSync(`${folder.path}/${lost}`);
    const again = await trainSmall({ folder: folder.path, ...task, resume: true });
    assertEquals([again.curve, again.summary], [whole.curve, whole.summary]);
  }
});

Deno.test("trainCells() makes a run longer, to the bits of one in one piece", async () => {
  using folder = scratch();
  const task = { folder: folder.path, every: 5 };
  const short = await trainSmall({ ...task, updates: 10 });
  const long = await trainSmall({ ...task, updates: 20, resume: true });
  assertEquals(long.curve.startsWith(short.curve), true);
  assertEquals(remainsOf(long), await outcomeOf({ every: 5, updates: 20 }));
});

Deno.test("trainCells() refuses to make a run longer that kept no state", async () => {
  using folder = scratch();
  const task = { folder: folder.path, every: 5, checkpointEvery: { never: true } } as const;
  await trainSmall({ ...task, updates: 10 });
  await assertRejects(
    () => trainSmall({ ...task, updates: 20, resume: true }),
    InputError,
    "keeps no state of a network that is finished after 10 updates",
  );
});

Deno.test("trainCells() keeps the state where a finish begins, and takes it for the longer run's", async () => {
  using folder = scratch();
  const { cells } = await trainSmall({ folder: folder.path, updates: 12, finish: 4 });
  const begun = cells.filter(({ configuration }) => configuration.schedule !== "none");
  for (const { id, result } of begun) {
    const { update } = await readState(statePath(folder.path, id, 8), id);
    assertEquals([update, result.beforeFinish === null], [8, false]);
  }
});

Deno.test("trainCells() stops networks that have reached a target, or are flat", async () => {
  const whole = await trainSmallIn({ updates: 40, every: 2 });
  const errors = whole.cells.map(({ result }) =>
    result.curve.map(({ train }) => train.squaredError)
  );
  const target = Math.max(...errors.map((reports) => reports[10]));
  const reached = await trainSmallIn({ updates: 40, every: 2, target });
  const last = Math.max(...errors.map((reports) => reports.findIndex((error) => error <= target)));
  assertEquals(reached.outcomes.map(({ status }) => status), Array(5).fill("stopped"));
  assertEquals(reached.cells.map(({ result }) => result.updates), Array(5).fill(2 * last));
  const flat = await trainSmallIn({ updates: 4000, every: 2, flat: 3 });
  assertLess(flat.cells[0].result.updates, 4000);
});

/** One network that diverges at its fifth update or so, beside one that does not. */
const oneDiverges = { optimizer: ["sgd"], learningRate: [0.1, 1e38], seed: [1] };

Deno.test("trainCells() keeps the last finite report of a network that diverges", async () => {
  using folder = scratch();
  const { summary, curve, outcomes } = await trainSmall({
    folder: folder.path,
    grid: oneDiverges,
    every: 1,
    updates: 9,
  });
  const [healthy, diverged] = readTable(summary);
  assertEquals([healthy.status, healthy.last_finite_update], ["ok", "9"]);
  assertEquals(diverged.status, "diverged");
  const { divergedAt } = outcomes[1].cell.result;
  const finite = readTable(curve).filter((row) =>
    row.learning_rate === "1e+38" && Number(row.update) < divergedAt! &&
    Number.isFinite(Number(row.train_squared_error))
  ).at(-1);
  assertEquals(diverged.last_finite_update, finite?.update ?? "");
  assertEquals(diverged.last_finite_squared_error, finite?.train_squared_error ?? "");
});

Deno.test("trainCells() goes on after a divergence, and not once all have diverged", async () => {
  for (const learningRate of [[0.1, 1e38], [1e38, 1e37]]) {
    const task = { grid: { ...oneDiverges, learningRate }, updates: 30, every: 4 };
    const whole = await outcomeOf(task);
    for (const stop of [2, 5, 20]) {
      using folder = scratch();
      await trainSmall({
        folder: folder.path,
        ...task,
        checkpointEvery: { updates: 1 },
        onUpdate: (update, { ending }) => update >= stop && ending.stop("enough"),
      });
      const second = await trainSmall({ folder: folder.path, ...task, resume: true });
      assertEquals(remainsOf(second), whole);
    }
  }
});

Deno.test("trainCells() ends at the first report of a divergence where it is told to", async () => {
  using folder = scratch();
  const { stopped, outcomes } = await trainSmall({
    folder: folder.path,
    grid: oneDiverges,
    updates: 1000,
    every: 50,
    stopWhenDiverged: true,
  });
  assertEquals(stopped, "a network had diverged by update 50");
  assertEquals(outcomes.map(({ status, cell }) => [status, cell.result.updates]), [
    ["stopped", 50],
    ["diverged", 50],
  ]);
});

/** Destroys the device at these updates, once each. */
function losingDevice(...updates: number[]): Pick<SmallRun, "onUpdate"> {
  const left = [...updates];
  return {
    onUpdate(update, { gpu }) {
      if (update >= left[0]) {
        left.shift();
        gpu.device.destroy();
      }
    },
  };
}

Deno.test("trainCells() opens a GPU that was lost anew, and goes on to the same bits", async () => {
  const task = { updates: 40, every: 6 };
  const whole = await outcomeOf(task);
  for (const checkpointEvery of [{ updates: 1000 }, { updates: 5 }]) {
    assertEquals(await outcomeOf({ ...task, checkpointEvery, ...losingDevice(4, 20, 30) }), whole);
  }
});

Deno.test("trainCells() tells of a network again that was killed before its file was written", async () => {
  using folder = scratch();
  const task = { folder: folder.path, checkpointEvery: { updates: 2 } };
  await assertRejects(
    () => trainSmall({ ...task, onEnd: () => fail("killed") }),
    AssertionError,
    "killed",
  );
  const told: string[] = [];
  const { cells } = await trainSmall({ ...task, resume: true, onEnd: (ids) => told.push(...ids) });
  assertEquals(told.toSorted(), cells.map(({ id }) => id).toSorted());
  assertEquals(told.length, 5);
});

Deno.test("a finished run has its page, whether its pictures can be read or not", async () => {
  for (const call of ["stat", "read"]) {
    using folder = scratch();
    let failed = 0;
    using _faults = injectFaults((called, path) => {
      if (called !== call || !path.endsWith("loss.svg")) return undefined;
      if (!folder.names().includes("loss.svg")) return undefined;
      failed++;
      return systemError("EIO");
    });
    const { outcomes } = await trainSmall({ folder: folder.path });
    assertEquals(outcomes.map(({ status }) => status), Array(5).fill("ok"));
    assertLess(0, failed);
    assertMatch(Deno.readTextFileSync(`${folder.path}/report.html`), /<h1>test<\/h1>/);
  }
});

Deno.test("trainCells() gives a GPU up that is lost for the fourth time, in one line", async () => {
  using folder = scratch();
  const { message } = await assertRejects(
    () =>
      trainSmall({
        folder: folder.path,
        updates: 40,
        checkpointEvery: { updates: 5 },
        ...losingDevice(4, 8, 20, 30),
      }),
    GPUFault,
    "the device was lost",
  );
  assertMatch(message, /opened anew 3 times before: go on with --resume .* once the GPU works$/);
  const again = await trainSmall({ folder: folder.path, updates: 40, resume: true });
  assertEquals(remainsOf(again), await outcomeOf({ updates: 40 }));
});
