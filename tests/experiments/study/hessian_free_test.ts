import { assertEquals, assertMatch } from "@std/assert";
import { readTable } from "../../../experiments/files/tables.ts";
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

Deno.test("Hessian-free goes on to the same bytes wherever it was ended", async () => {
  for (const optimizer of ["hf", "hf-dagger"]) {
    const own = { ...grid.own, cgSteps: [5] };
    const one = { ...task, grid: { optimizer: [optimizer], seed: [1], own } };
    const whole = await outcomeOf(one);
    for (const stop of [1, 3]) {
      using folder = scratch();
      const options = { folder: folder.path, ...one, checkpointEvery: { updates: 1 } };
      await trainSmall({
        ...options,
        onUpdate: (update, { ending }) => update >= stop && ending.stop("enough"),
      });
      const { states, curve, summary } = await trainSmall({ ...options, resume: true });
      assertEquals({ states, curve, summary }, whole, `${optimizer} from ${stop}`);
    }
  }
});
