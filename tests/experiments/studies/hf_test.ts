import { assertAlmostEquals, assertEquals, assertMatch } from "@std/assert";
import { readTable } from "../../../experiments/files/tables.ts";
import { summarize } from "../../../experiments/report/summary.ts";
import { hf } from "../../../experiments/studies/hf.ts";
import type { Configuration } from "../../../experiments/study/cell.ts";
import { claimsOfTable, figuresOfTable, type Outcomes, results } from "../report/results.ts";
import { scratch } from "../scratch.ts";
import { carryOutSmall, remains } from "../tables/small_tables.ts";

const { layers, ...budget } = hf.budgets.small;
const grid = { problem: "curves" as const, layers: layers!, data: "stand-in, seed 1", budget };

interface Dial {
  readonly cgSteps: number;
  readonly decay: number;
  readonly gradientCases: number;
}
const dialOf = ({ own }: Configuration) => own as unknown as Dial | undefined;

Deno.test("hf.lay() gives all settings as many gradients as NAG has", () => {
  const entries = hf.lay(grid).entries.flatMap(({ configuration }) => {
    const dial = dialOf(configuration);
    return dial ? [{ ...dial, updates: configuration.updates }] : [];
  });
  assertEquals(entries.length, 6 * 5);
  for (const { cgSteps, gradientCases, updates } of entries) {
    const an = gradientCases * (5 + 4 * (cgSteps + 1)) / 600;
    assertAlmostEquals(updates * an, budget.updates, an / 2, `${cgSteps} steps`);
  }
});

/** An error of each setting, the least at 10 steps, with some spread. */
const outcomes = (hot: number, cold: number, { nag = 4, sgd = 8 } = {}): Outcomes => (cell) => {
  const dial = dialOf(cell), spread = 1 + 0.001 * cell.seed;
  const train = dial
    ? (dial.decay > 0 ? hot : cold) * (1 + Math.abs(Math.log10(dial.cgSteps / 10)))
    : cell.optimizer === "sgd"
    ? sgd
    : nag * (cell.learningRate === 0.02 ? 1 : 2);
  return { train: spread * train, test: spread * train };
};

function summaryOf(outcomes: Outcomes) {
  const configuration = { ...grid, layers: [...grid.layers] };
  const { tables, cells } = results({ hf: configuration }, outcomes);
  return summarize(tables[0], cells);
}

Deno.test("the claims of Hessian-free as momentum are decided by the cells", () => {
  const verdicts = (of: Outcomes) => claimsOfTable(summaryOf(of)).map(({ verdict }) => verdict);
  assertEquals(verdicts(outcomes(5, 10)), ["holds", "holds", "holds"]);
  // Momentum divides by 4, the hot start by 2.
  assertEquals(verdicts(outcomes(5, 10, { nag: 2 })), ["holds", "does not hold", "holds"]);
  assertEquals(verdicts(outcomes(10, 5)), ["does not hold", "does not hold", "holds"]);
  const more: Outcomes = (cell) => {
    const { cgSteps = 1 } = dialOf(cell) ?? {},
      { train } = outcomes(5, 10)(cell) as { train: number };
    return { train: train / cgSteps, test: train };
  };
  assertEquals(verdicts(more)[2], "does not hold");
});

Deno.test("the figure of Hessian-free as momentum has a line a decay, SGD and NAG", async () => {
  const [{ name, svg }] = await figuresOfTable(summaryOf(outcomes(5, 10)));
  assertEquals(name, "hf_cg_steps");
  for (const decay of budget.decay ?? []) assertMatch(svg, new RegExp(`>HF†, decay ${decay}<`));
  assertMatch(svg, />SGD</);
  assertMatch(svg, />NAG 0.9</);
});

Deno.test("paper.ts hf trains its dial at equal work, and reports it", async () => {
  using folder = scratch();
  await carryOutSmall({
    command: "hf",
    out: folder.path,
    args: ["--updates", "6", "--finish", "0"],
  });
  const { tables } = remains(folder.path);
  const rows = readTable(new Map(tables as [string, string][]).get("hf.csv")!);
  assertEquals(rows.map(({ column }) => column).slice(2), [
    ...["1 CG step, decay 0", "3 CG steps, decay 0"],
    ...["1 CG step, decay 0.5", "3 CG steps, decay 0.5"],
  ]);
  // 6 updates of 20 cases are 0.6 gradients, an update 2.2 and 3.5.
  assertEquals(rows.map(({ gradient_equivalents }) => gradient_equivalents), [
    ...["1", "1", "2", "4", "2", "4"],
  ]);
  assertMatch(Deno.readTextFileSync(`${folder.path}/report.html`), /Hessian-free as momentum/);
});
