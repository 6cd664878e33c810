import { assert, assertEquals, assertLess } from "@std/assert";
import { injectFaults } from "../../../experiments/files/disk.ts";
import type { Cell } from "../../../experiments/study/cell.ts";
import { listenForInterruption } from "../../../experiments/terminal/signals.ts";
import { scratch } from "../scratch.ts";
import { type SmallRun, trainSmall } from "./small_grid.ts";

/** What comes of a round of networks in a folder that is gone then. */
async function trained(options: Omit<SmallRun, "folder">): Promise<readonly Cell[]> {
  using folder = scratch();
  return (await trainSmall({ folder: folder.path, ...options })).cells;
}

/** What cells say of networks, but for the time. */
function results(cells: readonly Cell[]) {
  return cells.map(({ id, result }) => ({
    id,
    result: { ...result, curve: result.curve.map((row) => ({ ...row, seconds: 0 })) },
  }));
}

Deno.test("trainRound() reports at intervals, where the finish begins and at the end", async () => {
  const cells = await trained({ updates: 17, every: 4, finish: 3 });
  assertEquals(cells.length, 5);
  for (const { result, configuration } of cells) {
    const { status, curve, final, beforeFinish } = result;
    assertEquals(status, "ok");
    assertEquals(curve.map(({ update }) => update), [0, 4, 8, 12, 14, 16, 17]);
    // The same cases are reported on all along, and all of them at the end.
    for (const { train } of [final!, beforeFinish!, ...curve]) assert(train.squaredError > 0);
    assertLess(final!.train.squaredError, beforeFinish!.train.squaredError);
    const momenta = curve.map(({ momentum }) => momentum);
    assertEquals(momenta[0], null);
    if (configuration.optimizer === "sgd") assertEquals(momenta.slice(1), Array(6).fill(0));
    else assert(momenta.slice(1).every((momentum) => momentum! > 0 && momentum! <= 0.9));
  }
});

Deno.test("trainRound() saves at a signal that asks for it, and goes on", async () => {
  const task = { updates: 40, every: 4, checkpointEvery: { updates: 1000 } };
  const whole = results(await trained(task));
  for (const signal of ["SIGUSR1", "SIGUSR2"] as const) {
    using folder = scratch();
    using interruption = listenForInterruption();
    let update = 0, saved: number | undefined;
    using _ = injectFaults((call, path) => {
      if (call === "rename" && path.endsWith(".safetensors")) saved ??= update;
      return undefined;
    });
    const { cells } = await trainSmall({
      folder: folder.path,
      ...task,
      onUpdate(at) {
        if (at === 5 && update < 5) Deno.kill(Deno.pid, signal);
        update = at;
      },
    });
    assert(saved! < 39, `saved after ${saved} updates`);
    assertEquals([results(cells), interruption.status], [whole, undefined]);
  }
});

Deno.test("trainRound() trains networks beside one that diverges as it would alone", async () => {
  const grid = { optimizer: ["sgd"], seed: [1] };
  const task = { updates: 30, every: 4 };
  const [healthy, diverged] = await trained({
    ...task,
    grid: { ...grid, learningRate: [0.1, 1e38] },
  });
  assertEquals([healthy.result.status, diverged.result.status], ["ok", "diverged"]);
  assert(diverged.result.divergedAt! < 30);
  assertEquals(Number.isFinite(diverged.result.final!.train.squaredError), false);
  const alone = await trained({ ...task, grid: { ...grid, learningRate: [0.1] } });
  assertEquals(results([healthy]), results(alone));
});
