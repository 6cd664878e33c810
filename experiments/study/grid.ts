import type { Optimizer } from "../../mod.ts";
import {
  choices,
  type FlagTable,
  integer,
  integers,
  numbers,
  type Values,
} from "../terminal/flags.ts";
import { say } from "../terminal/terminal.ts";
import { cellId, type Configuration, finishOf, isFixedLength } from "./cell.ts";
import { curvatureFlags } from "./curvature.ts";
import { drawsFlag } from "./draws.ts";
import type { Json } from "./json.ts";
import type { PlannedCell } from "./ledger.ts";
import { learningRateOf, momentumOf, reachedMomentum, schedules } from "./momentum.ts";
import { momentumChoiceFlags, ofChoice } from "./momentum_choice.ts";
import { raceIn, type RacePart } from "./race_cell.ts";
import type { Column } from "./network_kind.ts";
import type { OptimizerChoice } from "./shipped_optimizers.ts";
import { columnsOf, makeOptimizer, type OptimizerSetting } from "./optimizers.ts";

/** The flags of all grids, besides those of optimizers. */
export const gridFlags = {
  schedule: choices(schedules, {
    default: ["paper"],
    help: "How the momentum grows: 1 - 1/(2(floor(t/period) + 1)) up to the cap, Nesterov's of " +
      "1983 up to the cap, or the cap from the start.",
  }),
  "schedule-period": integer({
    default: 250,
    atLeast: 1,
    help: "Between two rises of the paper's schedule; fewer compress it into a shorter run.",
    unit: "updates",
  }),
  finish: integer({
    default: 0,
    atLeast: 0,
    help: "Length of the low-momentum end, at the smaller of 0.9 and the schedule.",
    unit: "updates",
  }),
  draws: drawsFlag,
  ...momentumChoiceFlags,
  seed: integers({
    default: [1],
    atLeast: 0,
    help: "Fixes the initial weights and the minibatches, the same for every optimizer and rate.",
  }),
  updates: integer({ default: 5000, atLeast: 1, help: "How long to train.", unit: "updates" }),
  "batch-size": integer({ default: 200, atLeast: 1, help: "Cases of a minibatch.", unit: "cases" }),
  every: integer({
    atLeast: 1,
    shown: "a hundredth of the run, or as seldom as keeps evaluation to a tenth of the time",
    help: "How often to evaluate and to write a row of curve.csv.",
    unit: "updates",
  }),
  ...curvatureFlags,
} satisfies FlagTable;

/** The scale of the initial weights. */
export const initScale = numbers({
  default: [1],
  above: 0,
  help: "Multiplies the initial weights.",
});

/** A hundred reports, or fewer where evaluating would take more than about a tenth of the time. */
export function reportInterval(
  { updates, evalCases, batchSize }: { updates: number; evalCases: number; batchSize: number },
): number {
  // Cases of both splits; a forward pass is about a third of an update.
  return Math.max(Math.ceil(updates / 100), Math.ceil(20 * evalCases / (3 * batchSize)));
}

/** The columns that name a network in every table, but for its seed. */
export const settingColumns: readonly Column<Configuration>[] = [
  { name: "problem", cell: ({ problem }) => problem },
  { name: "optimizer", cell: ({ optimizer }) => optimizer },
  { name: "mu", cell: ({ mu }) => mu },
  { name: "schedule", cell: ({ schedule }) => schedule },
  { name: "learning_rate", cell: ({ learningRate }) => learningRate },
  { name: "init", cell: ({ init }) => init },
  { name: "init_scale", cell: ({ initScale }) => initScale },
];

/** What the networks of a grid differ in. */
export interface Axes {
  readonly optimizers: readonly OptimizerSetting[];
  readonly init: readonly string[];
  readonly initScale: readonly number[];
  readonly seed: readonly number[];
}

/** What networks of a grid are at one point of its axes. */
export type GridPoint = Pick<Configuration, "init" | "initScale" | "seed"> & OptimizerSetting;

/** What a configuration has of the flags of all grids, at a point of one. */
export function ofGrid(
  point: GridPoint,
  { updates, finish, batchSize, schedulePeriod, evalCases, reportEvery, switches, race }:
    & Pick<
      Values<typeof gridFlags>,
      "updates" | "finish" | "batchSize" | "schedulePeriod" | "switches"
    >
    & { readonly evalCases: number; readonly reportEvery: number; readonly race?: RacePart },
):
  & GridPoint
  & Pick<Configuration, "updates" | "finish" | "batchSize" | "reportEvery" | "reportCases"> {
  return {
    ...point,
    ...point.schedule === "paper" && { schedulePeriod },
    ...ofChoice(point, { updates, switches, race }),
    ...{ updates, finish, batchSize, reportEvery, reportCases: evalCases },
  };
}

/**
 * The cells of a grid: every combination of the axes, each once. Caps that the momentum schedule does
 * not reach within the run make the same network, which is trained for the lowest of them; that is
 * said.
 */
export function gridCells(
  { optimizers, init, initScale, seed }: Axes,
  configure: (point: GridPoint) => Configuration,
): PlannedCell[] {
  const cells = optimizers.flatMap((setting) =>
    init.flatMap((init) =>
      initScale.flatMap((initScale) =>
        seed.map((seed) => configure({ ...setting, init, initScale, seed }))
      )
    )
  );
  return withoutUnreached(cells).map(plannedCell);
}

/** A cell of a configuration; where a finish begins its state is kept, for others to begin there. */
export function plannedCell(configuration: Configuration): PlannedCell {
  const finish = finishOf(configuration) ?? 0;
  return {
    id: cellId(configuration),
    configuration,
    ...isFixedLength(configuration) && finish > 0 && !raceIn(configuration) && { keep: [finish] },
  };
}

function withoutUnreached(cells: readonly Configuration[]): Configuration[] {
  const alike = Map.groupBy(cells, (configuration) => {
    const { mu, ...rest } = configuration, reached = reachedMomentum(configuration);
    return JSON.stringify({ ...rest, mu: reached < mu ? "not reached" : mu });
  });
  const dropped = new Map<string, string>();
  const kept = [...alike.values()].map((same) => {
    const [least, ...others] = same.toSorted((a, b) => a.mu - b.mu);
    const caps = [...new Set(others.map(({ mu }) => mu))].filter((mu) => mu !== least.mu);
    if (caps.length > 0) {
      const reached = Number(reachedMomentum(least).toPrecision(4));
      dropped.set(
        `${least.optimizer} ${caps}`,
        `${least.optimizer}: mu ${caps.join(", ")} is not reached in ${least.updates} updates ` +
          `(${reached} is): the same network as mu ${least.mu}, trained once`,
      );
    }
    return least;
  });
  for (const line of dropped.values()) say(`note: ${line}`);
  return kept;
}

/** The columns of what networks differ in besides {@linkcode settingColumns}. */
export function furtherColumns(cells: readonly PlannedCell[]): Column<Configuration>[] {
  const settings = cells.map(({ configuration }) => optimizerSetting(configuration));
  return columnsOf(settings).map(({ name, cell }) => ({
    name,
    cell: (configuration) => cell(optimizerSetting(configuration)),
  }));
}

/** The optimizer of a configuration. */
export function optimizerMaker(
  choices: readonly OptimizerChoice[],
): (configuration: Configuration) => Optimizer {
  return (configuration) =>
    makeOptimizer(
      optimizerSetting(configuration),
      choices,
      momentumOf(configuration),
      learningRateOf(configuration),
    );
}

/** What a cell is called on the terminal: nag 0.9, 0.05. */
export function nameOf({ configuration }: PlannedCell): string {
  const { optimizer, mu, schedule, learningRate } = configuration;
  if (schedule === "race") return `a race of ${optimizer}`;
  const momentum = schedule === "none" ? "" : ` ${mu}`;
  return `${optimizer}${momentum}${learningRate === 0 ? "" : `, ${learningRate}`}`;
}

function optimizerSetting(configuration: Configuration): OptimizerSetting {
  const { own = {} } = configuration as { own?: Json };
  return { ...configuration, own } as unknown as OptimizerSetting;
}
