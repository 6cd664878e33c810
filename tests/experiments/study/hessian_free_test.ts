import { assertAlmostEquals, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { readHFSchedule, scheduledAt } from "../../../experiments/study/hf_schedules.ts";
import { expandOptimizers } from "../../../experiments/study/optimizers.ts";
import { shippedOptimizers } from "../../../experiments/study/shipped_optimizers.ts";
import { InputError } from "../../../mod.ts";
import { readTable, shortestFloat32 } from "../../../experiments/files/tables.ts";
import { scratch } from "../scratch.ts";
import { type SmallRun, trainSmall } from "./small_grid.ts";

const told = [
  ...["lambda", "rho", "step", "step_norm", "guard", "cg_steps", "cg_steps_total"],
  "gradient_equivalents",
];
// nag comes first: small_grid.ts watches the first network's updates, and its family with them.
const grid = {
  optimizer: ["nag", "hf", "hf-dagger"],
  ...{ mu: [0.9], learningRate: [0.1], seed: [1, 2] },
  own: { cgSteps: [3, 5], lambda: [1], gradientCases: [12], curvatureCases: [6] },
};
const task = { updates: 6, every: 2, grid };

async function outcomeOf(options: Omit<SmallRun, "folder">) {
  using folder = scratch();
  const { states, curve, summary } = await trainSmall({ folder: folder.path, ...options });
  return { states, curve, summary };
}

Deno.test("Hessian-free stands in one grid with other optimizers, and tells of its updates", async () => {
  const { curve } = await outcomeOf(task);
  const rows = readTable(curve);
  assertEquals(Object.keys(rows[0]).slice(-told.length), told);
  const last = rows.filter(({ update }) => update === "6");
  assertEquals(last.map(({ optimizer, cg_steps_set }) => `${optimizer} ${cg_steps_set}`), [
    ...["nag ", "nag ", "hf 3", "hf 3", "hf 5", "hf 5"],
    ...["hf-dagger 3", "hf-dagger 3", "hf-dagger 5", "hf-dagger 5"],
  ]);
  for (const row of last) {
    if (row.optimizer === "nag") {
      // 6 updates of 7 cases, in gradients of 200.
      assertEquals(told.map((name) => row[name]), [...Array(7).fill(""), "0.21"]);
      continue;
    }
    for (const name of told) assertMatch(row[name], /^-?[\d.e-]+$/, `${name} of ${row.optimizer}`);
    // The guard may leave a start, the stop rule no step.
    assertEquals(row.cg_steps_total, String(6 * Number(row.cg_steps_set)));
  }
});

Deno.test("curve.csv tells what a rule that measures counts, and nothing that stays within it", async () => {
  const { curve } = await outcomeOf({
    updates: 2,
    every: 2,
    grid: { optimizer: ["restart", "nag"], seed: [1] },
  });
  const [first, , restarts, nag] = readTable(curve);
  assertEquals(Object.keys(first).at(-1), "restarts");
  assertEquals("next_momentum" in first, false);
  assertEquals([first, nag].map((row) => row.restarts), ["", ""]);
  assertEquals([restarts.optimizer, restarts.restarts], ["restart", "0"]);
});

Deno.test("what methods took is drawn where Hessian-free is among them", async () => {
  const picturesOf = async (optimizer: string[], own: Record<string, number[]>) => {
    using folder = scratch();
    await trainSmall({ folder: folder.path, updates: 2, grid: { optimizer, seed: [1], own } });
    return ["work.svg", "seconds.svg"].filter((name) => folder.names().includes(name))
      .map((name) => Deno.readTextFileSync(`${folder.path}/${name}`));
  };
  // It tells of its updates too, but not of work.
  assertEquals(await picturesOf(["restart"], {}), []);
  const [work, seconds] = await picturesOf(["nag", "hf-dagger"], { gradientCases: [6] });
  assertMatch(work, />gradients of 200 cases</);
  assertMatch(seconds, />seconds of training, with the networks side by side</);
});

Deno.test("rounds hold networks of like steps where memory parts them", async () => {
  using folder = scratch();
  const rounds: (readonly string[])[] = [];
  const { cells } = await trainSmall({
    ...{ folder: folder.path, updates: 1, memory: 80_000 },
    onEnd: (ids) => rounds.push(ids),
    grid: {
      ...grid,
      optimizer: ["nag", "hf"],
      seed: [1],
      own: { ...grid.own, cgSteps: [9, 1, 8, 2] },
    },
  });
  const steps = new Map(
    cells.map(({ id, configuration: { own } }) => [id, (own as { cgSteps: number }).cgSteps]),
  );
  assertEquals(rounds.map((ids) => ids.map((id) => steps.get(id))), [[undefined], [1, 2], [8, 9]]);
});

Deno.test("Hessian-free has the bits that it has alone in a grid", async () => {
  const { states } = await outcomeOf(task);
  const alone = await outcomeOf({
    ...task,
    grid: {
      ...grid,
      optimizer: ["nag", "hf-dagger"],
      seed: [2],
      own: { ...grid.own, cgSteps: [5] },
    },
  });
  assertEquals(alone.states.at(-1), states.at(-1));
});

/** Phases that begin at updates 2, 3 and 4: others than those at which a run is ended. */
const courses = {
  cgSteps: [{ from: 0, value: 2 }, { from: 2, value: 4 }],
  stepSize: [{ from: 0, value: 1 }, { from: 3, value: { over: 2, since: 1 } }],
  gradientCases: [{ from: 0, value: 6 }, { from: 4, value: 12 }],
  curvatureCases: [{ from: 0, value: 3 }, { from: 4, value: 6 }],
};

function scheduleIn(folder: string, content: unknown = courses): string {
  const path = `${folder}/mine.json`;
  Deno.writeTextFileSync(path, JSON.stringify(content));
  return path;
}

Deno.test("Hessian-free follows the phases of a schedule", async () => {
  using folder = scratch();
  const hfSchedule = [scheduleIn(folder.path)];
  const scheduled = { optimizer: ["hf-dagger"], seed: [1], hfSchedule, own: { lambda: [1] } };
  const { curve } = await outcomeOf({ updates: 6, every: 1, grid: scheduled });
  const rows = readTable(curve).slice(1);
  assertEquals(rows.map(({ cg_steps }) => Number(cg_steps)), [2, 2, 4, 4, 4, 4]);
  assertEquals(rows.map(({ step }) => Number(step)), [1, 1, 1, 1, 2 / 3, 0.5].map(shortestFloat32));
  assertEquals(new Set(rows.map(({ hf_schedule }) => hf_schedule)), new Set(["mine.json"]));
  // By section 10: a forward pass 1, backward 2, a product 4; one more product than steps.
  const work = (cases: number, steps: number) => (3 * cases + cases / 2 * (6 + 4 * steps)) / 600;
  const done = 2 * work(6, 2) + 2 * work(6, 4) + 2 * work(12, 4);
  assertAlmostEquals(Number(rows[5].gradient_equivalents), done, 6 * 2 ** -24);
});

Deno.test("--hf-schedule is refused in one line where it is none", () => {
  using folder = scratch();
  const expand = (hfSchedule: string, more: object = {}, optimizer = "hf-dagger") =>
    expandOptimizers(
      { schedule: [], hfSchedule: [hfSchedule], ...more },
      [shippedOptimizers[optimizer]],
      { learningRate: [0.1], mu: [0.9] },
    );
  const refused = (content: unknown, line: string) => {
    const path = scheduleIn(folder.path, content);
    const { message } = assertThrows(() => expand(path), InputError, line);
    assertEquals(message.includes("\n"), false);
  };
  refused({ momentum: 1 }, 'there is no setting "momentum" in it, only cgSteps, stepSize');
  refused({}, "it must be an object of cgSteps");
  refused([], "it must be an object of cgSteps");
  refused({ decay: "high" }, "decay must be a number or phases such as");
  refused({ decay: [{ from: 0, value: 0.9, to: 1 }] }, "decay must be a number or phases");
  refused(
    { cgSteps: 0 },
    "mine.json: cgSteps must be an integer of at least 1 and of at most 10000, not 0 at",
  );
  refused(
    { cgSteps: [{ from: 0, value: 5 }, { from: 9, value: 2 }, { from: 4, value: 3 }] },
    "mine.json: phases must begin at update 0 and go on in order, not at 0, 9, 4",
  );
  refused(
    { stepSize: [{ from: 0, value: 1 }, { from: 4, value: { over: 1, since: 4 } }] },
    "mine.json: stepSize must be a number above 0 and of at most 1, not Infinity at update 4",
  );
  assertThrows(() => expand("paper-curve"), InputError, 'not "paper-curve"; did you mean paper-c');
  const path = scheduleIn(folder.path);
  assertThrows(
    () => expand(path, { cgSteps: [3] }),
    InputError,
    "--hf-schedule mine.json says what --cg-steps says: give one of the two",
  );
  assertThrows(() => expand(path, {}, "nag"), InputError, "--hf-schedule");
});

Deno.test("the paper's schedules of hf-dagger are those of its appendix", () => {
  const at = (name: string, update: number) =>
    Object.values(scheduledAt(readHFSchedule(name), update));
  // CG steps, step size, decay, cases of gradient and curvature, L2.
  const curves = {
    0: [50, 1, 0.95, 1250, 1250, 2e-5],
    4999: [50, 1, 0.95, 1250, 1250, 2e-5],
    5000: [50, 0.5, 0.999, 1250, 1250, 2e-5],
    9000: [50, 0.1, 0.999, 1250, 1250, 2e-5],
    10_000: [200, 1, 0.995, 20_000, 20_000, 2e-5],
    10_500: [200, 1, 0.995, 20_000, 20_000, 0],
  };
  for (const [t, values] of Object.entries(curves)) assertEquals(at("paper-curves", +t), values);
  const mnist = {
    499: [50, 1, 0.95, 3000, 3000, 1e-5],
    500: [50, 0.5, 0.995, 3000, 3000, 1e-5],
    5000: [50, 1, 0.995, 60_000, 3000, 1e-5],
  };
  for (const [t, values] of Object.entries(mnist)) assertEquals(at("paper-mnist", +t), values);
});

Deno.test("Hessian-free goes on to the same bytes wherever it was ended", async () => {
  using schedules = scratch();
  const hfSchedule = [scheduleIn(schedules.path)];
  const own = { ...grid.own, cgSteps: [5] };
  const ways = [
    { optimizer: ["hf"], own },
    { optimizer: ["hf-dagger"], own },
    { optimizer: ["hf"], own: { lambda: [1] }, hfSchedule },
  ];
  for (const way of ways) {
    const one = { ...task, grid: { ...way, seed: [1] } };
    const whole = await outcomeOf(one);
    for (const stop of [1, 3]) {
      using folder = scratch();
      const options = { folder: folder.path, ...one, checkpointEvery: { updates: 1 } };
      await trainSmall({
        ...options,
        onUpdate: (update, { ending }) => update >= stop && ending.stop("enough"),
      });
      const { states, curve, summary } = await trainSmall({ ...options, resume: true });
      assertEquals({ states, curve, summary }, whole, `${JSON.stringify(way)} from ${stop}`);
    }
  }
});
