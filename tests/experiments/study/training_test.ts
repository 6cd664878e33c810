import { assertEquals, assertLessOrEqual, assertMatch, assertRejects } from "@std/assert";
import { sha256 } from "../../../experiments/files/files.ts";
import { readTable } from "../../../experiments/files/tables.ts";
import {
  decodeCheckpoint,
  encodeCheckpoint,
  GPUFault,
  GPUMemoryError,
  InputError,
} from "../../../mod.ts";
import { linesOnStderr } from "../processes.ts";
import { scratch } from "../scratch.ts";
import { snapshot } from "./small_runs.ts";
import { grid, networkBytes, type SmallRun, trainSmall, vectorBytes } from "./small_grid.ts";

/** A run in a folder of its own, without what may differ between two of them. */
async function outcomeOf(options: Omit<SmallRun, "folder"> = {}) {
  using folder = scratch();
  const { outcomes, curve, summary } = await trainSmall({ folder: folder.path, ...options });
  return { thetas: outcomes.map(({ theta }) => theta), curve, summary };
}

/** The same with the rows of the curve in any order: that of rounds is not that of reports. */
function unordered<T extends { curve: string }>(outcome: T): T {
  return { ...outcome, curve: outcome.curve.split("\n").toSorted().join("\n") };
}

Deno.test("trainGrid() trains in rounds what does not fit at once, to the same bits", async () => {
  const all = unordered(await outcomeOf());
  assertEquals(readTable(all.summary).map(({ status }) => status), Array(5).fill("ok"));
  assertEquals(unordered(await outcomeOf({ memory: networkBytes })), all);
  assertEquals(unordered(await outcomeOf({ memory: 3 * networkBytes - 1 })), all);
});

Deno.test("trainGrid() halves its rounds where the GPU's memory turns out short", async () => {
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
  assertEquals(unordered(short), unordered(await outcomeOf()));
});

Deno.test("trainGrid() goes on in rounds that were halved for want of memory", async () => {
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
  const { outcomes, summary } = await trainSmall({ ...task, ...short, resume: true });
  const whole = await outcomeOf({ updates: 20, every: 4 });
  assertEquals([outcomes.map(({ theta }) => theta), summary], [whole.thetas, whole.summary]);
});

Deno.test("trainGrid() opens no GPU anew for want of memory", async () => {
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
    `no memory: it takes no round of 5 networks; go on with --resume ${folder.path} where`,
  );
  assertEquals(opened, 1);
});

Deno.test("trainGrid() counts its time once, however often it saves", async () => {
  using folder = scratch();
  const start = performance.now();
  const task = { folder: folder.path, checkpointEvery: { updates: 1 } };
  await trainSmall({ ...task, updates: 20, every: 4 });
  const { outcomes } = await trainSmall({ ...task, updates: 40, every: 4, resume: true });
  const seconds = (performance.now() - start) / 1000;
  for (const { updates, updatesPerSecond } of outcomes) {
    assertEquals(updates, 40);
    assertLessOrEqual(updates / updatesPerSecond, seconds);
  }
});

Deno.test("trainGrid() loses no round for another whose checkpoint is missing", async () => {
  using folder = scratch();
  const task = { folder: folder.path, memory: 2 * networkBytes, checkpointEvery: { updates: 3 } };
  await trainSmall(task);
  Deno.removeSync(`${folder.path}/checkpoint-2.safetensors`);
  const before = snapshot(folder.path);
  await assertRejects(
    () => trainSmall({ ...task, resume: true }),
    InputError,
    "holds checkpoint-3.safetensors, but not checkpoint-2.safetensors: put that back",
  );
  assertEquals(snapshot(folder.path), before);
});

Deno.test("trainGrid() refuses a network that does not fit alone", async () => {
  await assertRejects(
    () => outcomeOf({ memory: networkBytes - 1 }),
    InputError,
    "one network needs",
  );
});

Deno.test("trainGrid() goes on to the same files and bits wherever it was ended", async () => {
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
      first.outcomes.every(({ status, updates }) => status === (updates === 40 ? "ok" : "stopped")),
      true,
    );
    const { outcomes, curve, summary } = await trainSmall({
      folder: folder.path,
      ...task,
      checkpointEvery: { updates: 11 },
      resume: true,
    });
    const thetas = outcomes.map(({ theta }) => theta);
    assertEquals({ thetas, curve, summary }, whole, `ended at update ${stop}`);
  }
});

Deno.test("trainGrid() makes a curve.csv again that was touched, cut or removed, and says so", async () => {
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
    for (const [name, bytes] of Object.entries(files)) {
      Deno.writeFileSync(`${folder.path}/${name}`, bytes);
    }
    if (found === undefined) Deno.removeSync(path);
    else Deno.writeTextFileSync(path, found);
    let outcome: Awaited<ReturnType<typeof trainSmall>> | undefined;
    const said = await linesOnStderr(async () => {
      outcome = await trainSmall({ folder: folder.path, ...task, resume: true });
    });
    const notes = said.filter((line) => line.startsWith("note: "));
    assertEquals(notes.length, 1);
    assertMatch(notes[0], /curve\.csv is not as the run wrote it: .* are made again$/);
    const { outcomes, curve, summary } = outcome!;
    assertEquals({ thetas: outcomes.map(({ theta }) => theta), curve, summary }, whole);
  }
});

Deno.test("findRounds() refuses the checkpoint of an older version, and says what to do", async () => {
  using folder = scratch();
  const task = { folder: folder.path, updates: 6, every: 3, checkpointEvery: { updates: 6 } };
  await trainSmall(task);
  const path = `${folder.path}/checkpoint-1.safetensors`;
  const { state, metadata: { run } } = await decodeCheckpoint(Deno.readFileSync(path));
  Deno.writeFileSync(path, await encodeCheckpoint(state, { run }));
  const before = snapshot(folder.path);
  const { message } = await assertRejects(
    () => trainSmall({ ...task, resume: true }),
    InputError,
    `${path}: this is the checkpoint of an older version of Nagare`,
  );
  assertMatch(message, /go on with that version [^\n]*, or remove it/);
  assertEquals(snapshot(folder.path), before);
});

Deno.test("findRounds() reads a curve that is too long for a checkpoint, and only as it was", async () => {
  using folder = scratch();
  const task = { folder: folder.path, updates: 6, every: 3, checkpointEvery: { updates: 6 } };
  const { curve } = await trainSmall(task);
  const path = `${folder.path}/checkpoint-1.safetensors`;
  const { state, metadata: { run } } = await decodeCheckpoint(Deno.readFileSync(path));
  const told = JSON.stringify({
    length: curve.length,
    sha256: sha256(new TextEncoder().encode(curve)),
  });
  Deno.writeFileSync(path, await encodeCheckpoint(state, { run, curve: told }));
  Deno.writeTextFileSync(`${folder.path}/curve.csv`, `${curve}and more\n`);
  assertEquals((await trainSmall({ ...task, resume: true })).curve, curve);
  Deno.writeTextFileSync(`${folder.path}/curve.csv`, curve.slice(1));
  await assertRejects(
    () => trainSmall({ ...task, resume: true }),
    InputError,
    `${folder.path}/curve.csv is not as it was written, and too long for its checkpoint`,
  );
});

Deno.test("trainGrid() begins anew where there is no checkpoint", async () => {
  const task = { updates: 40, every: 6 };
  using folder = scratch();
  await trainSmall({
    folder: folder.path,
    ...task,
    onUpdate: (update, { ending }) => update >= 17 && ending.stop("enough"),
  });
  const { outcomes, curve, summary } = await trainSmall({
    folder: folder.path,
    ...task,
    resume: true,
  });
  const thetas = outcomes.map(({ theta }) => theta);
  assertEquals({ thetas, curve, summary }, await outcomeOf(task));
});

Deno.test("trainGrid() goes on with its rounds, those that are finished included", async () => {
  const task = { updates: 20, every: 4, memory: 2 * networkBytes };
  const whole = await outcomeOf(task);
  for (const round of [1, 2, 3]) {
    using folder = scratch();
    let begun = 0;
    const first = await trainSmall({
      folder: folder.path,
      ...task,
      checkpointEvery: { time_ms: 1e6 },
      grid: { ...grid, mu: [0.9, 0.5] },
      onGpu(gpu) {
        const allocate = gpu.allocate.bind(gpu);
        gpu.allocate = (label, size, usage) => {
          // Of the first round the trainer is opened before anything else.
          if (label === "parameters") begun++;
          return allocate(label, size, usage);
        };
      },
      onUpdate: (update, { ending }) => round === 1 && update > 9 && ending.stop("enough"),
    });
    assertEquals(begun, round === 1 ? 1 : 3);
    assertEquals(first.outcomes.length, round === 1 ? 2 : 5);
    // As if the process had been killed within the round.
    for (const name of folder.names().filter((name) => /^checkpoint-/.test(name))) {
      if (name > `checkpoint-${round}.safetensors`) Deno.removeSync(`${folder.path}/${name}`);
    }
    const { outcomes, curve, summary } = await trainSmall({
      folder: folder.path,
      ...task,
      memory: Infinity,
      checkpointEvery: { never: true },
      resume: true,
    });
    assertEquals(outcomes.map(({ theta }) => theta), whole.thetas);
    assertEquals(summary, whole.summary);
    assertEquals(unordered({ curve }), unordered({ curve: whole.curve }));
  }
});

Deno.test("trainGrid() makes a run longer, with the momentum of the longer one", async () => {
  using folder = scratch();
  const task = { folder: folder.path, every: 5, checkpointEvery: { updates: 10 } };
  const short = await trainSmall({ ...task, updates: 10, finish: 4 });
  const long = await trainSmall({ ...task, updates: 20, finish: 4, resume: true });
  assertEquals(long.curve.startsWith(short.curve), true);
  const rows = readTable(long.curve).filter(({ optimizer, mu }) =>
    optimizer === "nag" && mu === "0.9"
  );
  assertEquals(rows.map(({ update }) => update), ["5", "10", "15", "20"]);
  assertEquals(readTable(long.summary).map(({ updates }) => updates), Array(5).fill("20"));
  const best = readTable(long.summary).map((row) => Number(row.best_train_squared_error));
  readTable(short.summary).forEach((row, r) =>
    assertEquals(best[r] <= Number(row.best_train_squared_error), true)
  );
});

/** One network that diverges at its fifth update or so, beside one that does not. */
const oneDiverges = { ...grid, optimizer: ["sgd"], learningRate: [0.1, 1e38] } as const;

Deno.test("trainGrid() keeps the last finite report of a network that diverges", async () => {
  using folder = scratch();
  const { summary, curve, outcomes } = await trainSmall({
    folder: folder.path,
    grid: oneDiverges,
    every: 1,
    updates: 9,
  });
  const [healthy, diverged] = readTable(summary);
  assertEquals([healthy.status, healthy.last_finite_update], ["ok", "9"]);
  assertEquals(healthy.last_finite_squared_error, healthy.train_squared_error);
  assertEquals(diverged.status, "diverged");
  const finite = readTable(curve).filter((row) =>
    row.learning_rate === "1e+38" && Number(row.update) < outcomes[1].divergedAt! &&
    Number.isFinite(Number(row.train_squared_error))
  ).at(-1);
  assertEquals(diverged.last_finite_update, finite?.update ?? "");
  assertEquals(diverged.last_finite_squared_error, finite?.train_squared_error ?? "");
});

Deno.test("trainGrid() goes on after a divergence, and not once all have diverged", async () => {
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
      const { outcomes, curve, summary } = await trainSmall({
        folder: folder.path,
        ...task,
        resume: true,
      });
      assertEquals({ thetas: outcomes.map(({ theta }) => theta), curve, summary }, whole);
    }
  }
});

Deno.test("trainGrid() ends at the first report of a divergence where it is told to", async () => {
  using folder = scratch();
  const { stopped, outcomes } = await trainSmall({
    folder: folder.path,
    grid: oneDiverges,
    updates: 1000,
    every: 50,
    stopWhenDiverged: true,
  });
  assertEquals(stopped, "a network had diverged by update 50");
  assertEquals(outcomes.map(({ status, updates }) => [status, updates]), [
    ["stopped", 50],
    ["diverged", 50],
  ]);
});

Deno.test("trainGrid() tells figures where it is stopped while a checkpoint is written", async () => {
  let stop = () => {};
  using folder = scratch();
  const { outcomes, curve } = await trainSmall({
    folder: folder.path,
    grid: { ...grid, optimizer: ["nag"], mu: [0.9] },
    ...{ updates: 20, every: 5, checkpointEvery: { updates: 2 } },
    onUpdate: (_, { ending }) => stop = () => ending.stop("enough"),
    onGpu(gpu) {
      const read = gpu.read.bind(gpu);
      // The first to read so is the checkpoint of update 2.
      gpu.read = (...place) => {
        stop();
        return read(...place);
      };
    },
  });
  assertEquals(outcomes.map(({ updates, status }) => [updates, status]), [[2, "stopped"]]);
  assertEquals(outcomes.every(({ error }) => error > 0), true);
  assertEquals(curve.trim().split("\n").length, 1);
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

Deno.test("trainGrid() opens a GPU that was lost anew, and goes on to the same bits", async () => {
  const task = { updates: 40, every: 6 };
  const whole = await outcomeOf(task);
  for (const checkpointEvery of [{ never: true }, { updates: 5 }] as const) {
    assertEquals(await outcomeOf({ ...task, checkpointEvery, ...losingDevice(4, 20, 30) }), whole);
  }
});

Deno.test("trainGrid() gives a GPU up that is lost for the fourth time, in one line", async () => {
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
  const { outcomes } = await trainSmall({ folder: folder.path, updates: 40, resume: true });
  assertEquals(outcomes.map(({ theta }) => theta), (await outcomeOf({ updates: 40 })).thetas);
});
