import { formatDuration } from "../terminal/progress.ts";
import type { Cell } from "../study/cell.ts";
import type { RecurrentBudget } from "../tables/budget.ts";
import { tellData } from "../tables/data.ts";
import { isExperiment } from "../tables/table_record.ts";
import { isRecurrent } from "./differences.ts";
import { numberOf } from "./headings.ts";
import type { TableSummary } from "./summary.ts";
import type { TextTable } from "./text_table.ts";

/** What was run, of a table: a setting and what it was. */
type Setting = readonly [name: string, value: string];

/** What is said of the search of learning rates. */
type Search = Pick<RecurrentBudget, "learningRates" | "widen" | "seeds">;

/** What was run: a row a setting, a column a table. */
export function runsTable(summaries: readonly TableSummary[]): TextTable {
  const settings = summaries.map((summary) => new Map([...budgetOf(summary), ...workOf(summary)]));
  const names = [...new Set(settings.flatMap((of) => [...of.keys()]))];
  return {
    name: "runs",
    title: "What was run",
    columns: [
      { key: "setting", title: "" },
      ...summaries.map((summary) => ({
        key: summary.name,
        title: numberOf(summary),
      })),
    ],
    rows: names.map((name) => [name, ...settings.map((of) => of.get(name) ?? "")]),
  };
}

/** Seconds of training: those that networks trained side by side took together count once. */
export function trainingSeconds(cells: readonly Cell[]): number {
  return cells.reduce((sum, { training }) => sum + training.seconds / training.replicas, 0);
}

/** Cells of several tables, each once. */
export function cellsOf(summaries: readonly TableSummary[]): Cell[] {
  const cells = summaries.flatMap(({ cells }) => cells);
  return [...new Map(cells.map((cell) => [cell.id, cell])).values()];
}

function budgetOf({ record: { configuration } }: TableSummary): Setting[] {
  if (isExperiment(configuration)) {
    return [["all networks", configuration.shared], ["seeds", tellSeeds(configuration.entries[0])]];
  }
  const { budget } = configuration;
  const shared: Setting[] = [
    ["updates", budget.updates.toLocaleString("en-US")],
    ["minibatch", `${budget.batchSize} cases`],
    ["learning rates", tellRates(budget)],
    ["seeds", tellSeeds(budget)],
  ];
  if (isRecurrent(configuration)) {
    const { problems, budget: { lengths, hidden, warmUpUpdates, mu } } = configuration;
    return [
      ["problem", problems.map((problem) => `${problem} (T = ${lengths[problem]})`).join(", ")],
      ["network", `${hidden} tanh units`],
      ["momentum", mu.join(", ")],
      ["warm-up", `${warmUpUpdates} updates`],
      ...shared,
    ];
  }
  const { problem, data, layers, budget: { mu, schedulePeriod, finish } } = configuration;
  const { hfUpdates = 0, hfDaggerUpdates = 0 } = configuration.budget;
  return [
    ["problem", problem],
    ["data", tellData({ problem, data })],
    ["network", `${layers.join("-")} and its mirror image`],
    ["momentum", `up to ${mu.join(", ")}`],
    ["momentum rises", `every ${schedulePeriod} updates`],
    ["finish", `${finish} updates`],
    ...hfUpdates + hfDaggerUpdates > 0
      ? [["Hessian-free", `HF* ${hfUpdates}, HF† ${hfDaggerUpdates} updates`] as const]
      : [],
    ...shared,
  ];
}

function workOf({ record, planned, cells }: TableSummary): Setting[] {
  const told = (tell: (cell: Cell) => string | number) =>
    [...new Set(cells.map(tell))].join("; ") || "-";
  const program = isExperiment(record.configuration) ? "studies" : "paper";
  const days = cells.map(({ training }) => training.saved).toSorted();
  return [
    ["networks", `${cells.length} of ${planned}`],
    ["side by side", told(({ training }) => training.replicas)],
    ["training time", formatDuration(trainingSeconds(cells))],
    ["finished", days.length === 0 ? "-" : spanOf(days[0], days[days.length - 1])],
    ["adapter", told(({ training }) => training.adapter)],
    ["versions", told(({ training }) => `Nagare ${training.nagare}, Deno ${training.deno}`)],
    ["revision", shortRevision(record.revision ?? "")],
    ["command", `${program}.ts ${record.arguments.join(" ")}`],
  ];
}

function tellRates({ learningRates, widen = true }: Search): string {
  const beyond = widen ? ", and beyond where the best is at their edge" : "";
  return `${learningRates.join(", ")}${beyond}`;
}

function tellSeeds({ seeds: [first, ...others] }: Pick<Search, "seeds">): string {
  return `${first} chooses the learning rates, ${others.join(", ") || "none"} to confirm them`;
}

/** Twelve digits name a revision well enough; -dirty stays. */
function shortRevision(revision: string): string {
  return revision.replace(/^([0-9a-f]{12})[0-9a-f]+/, "$1");
}

/** Two times as ISO 8601 has them: 2026-11-22 19:26 to 20:31 UTC. */
function spanOf(first: string, last: string): string {
  const [from, to] = [first, last].map((time) => time.slice(0, 16).replace("T", " "));
  if (from === to) return `${from} UTC`;
  return `${from} to ${from.slice(0, 10) === to.slice(0, 10) ? to.slice(11) : to} UTC`;
}
