import type { RecurrentBudget } from "../tables/budget.ts";
import { paperProblems } from "../../mod.ts";
import type { PaperSequences } from "../tables/configurations.ts";
import { notMNIST, unchecked } from "../problems/problem.ts";
import { tellData } from "../tables/data.ts";
import {
  isExperiment,
  type PaperConfiguration,
  type TableConfiguration,
} from "../tables/table_record.ts";
import type { AutoencoderGrid } from "../tables/grid.ts";
import { numberOf } from "./headings.ts";
import type { TableSummary } from "./summary.ts";
import { layTable, type TextTable } from "./text_table.ts";

/** What a table's networks do not share with the paper's. */
interface Difference {
  readonly setting: string;
  readonly paper: string;
  readonly here: string;
  readonly why: string;
}

/** How a setting is told, and why it may differ. */
type Aspect<T> = readonly [setting: string, tell: (of: T) => string, why: string];

const cheaper =
  "a smaller budget: errors end higher than the paper's, and their order is the result";
const choice = "the grid of this run";

const autoencoderAspects: readonly Aspect<AutoencoderGrid>[] = [
  ["encoder", ({ layers }) => layers.join("-"), "a smaller network trains in less time"],
  ["updates", ({ budget }) => count(budget.updates), cheaper],
  [
    "updates between rises of the momentum",
    ({ budget }) => count(budget.schedulePeriod),
    "the schedule is compressed, so that a shorter run reaches high momentum",
  ],
  ["updates of the finish", ({ budget }) => count(budget.finish), "in proportion to the run"],
  ["minibatch", ({ budget }) => count(budget.batchSize), choice],
  ["momentum caps", ({ budget }) => list(budget.mu), choice],
  ["learning rates", ({ budget }) => list(budget.learningRates), "those that suit the budget"],
];

const recurrentAspects = (
  problems: readonly PaperSequences[],
): readonly Aspect<RecurrentBudget>[] => [
  [
    "T",
    ({ lengths }) => problems.map((name) => `${name} ${lengths[name]}`).join(", "),
    "shorter sequences are learnt in fewer updates, and are easier",
  ],
  ["hidden units", ({ hidden }) => count(hidden), "a smaller network trains in less time"],
  ["updates", ({ updates }) => count(updates), cheaper],
  ["updates of the warm-up", ({ warmUpUpdates: w }) => count(w), "in proportion to the run"],
  ["minibatch", ({ batchSize }) => count(batchSize), "a smaller budget"],
  ["momenta", ({ mu }) => list(mu), choice],
  ["learning rates", ({ learningRates }) => list(learningRates), "those that suit the budget"],
];

/** Why data are not known to be the paper's, by how they are told. */
const otherData: readonly (readonly [told: string, why: string])[] = [
  [
    unchecked,
    "a file of the original's name and shape: no sum of the authors' is known to tell if it is theirs",
  ],
  [
    notMNIST,
    "other images under the names of MNIST's files: the paper's errors are not of these data",
  ],
];

/** What the data are that stand in for the paper's. */
const standIns: Readonly<Record<string, string>> = {
  curves: "the original file was not read: generated curves match its published total variance " +
    "(16) and error of 18 principal components (5.9; 6.0 here)",
  faces: "the original file was not read: rotations and scales of the 400 Olivetti images, no " +
    "person in both splits",
};

/** What differs from the paper, and why: a row a setting. */
export function differencesTable(summaries: readonly TableSummary[]): TextTable {
  const found = summaries.flatMap((summary) =>
    differencesOf(summary).map((difference) => ({ difference, table: numberOf(summary) }))
  );
  // Tables laid by one command mostly differ in the same way.
  const alike = Map.groupBy(found, ({ difference }) => JSON.stringify(difference)).values();
  return layTable({ name: "differences", title: "What differs from the paper" }, [...alike], [
    {
      key: "tables",
      title: "of",
      tell: (group) => group.map(({ table }) => table).join(", "),
    },
    { key: "setting", title: "setting", tell: ([{ difference }]) => difference.setting },
    { key: "paper", title: "paper", tell: ([{ difference }]) => difference.paper },
    { key: "here", title: "here", tell: ([{ difference }]) => difference.here },
    { key: "why", title: "why, and what follows", tell: ([{ difference }]) => difference.why },
  ]);
}

function differencesOf({ paper, record: { configuration } }: TableSummary): Difference[] {
  if (isExperiment(configuration)) return []; // the paper has none
  if (isRecurrent(configuration)) {
    return [
      ...compare(
        recurrentAspects(configuration.problems),
        paper as RecurrentBudget,
        configuration.budget,
      ),
      seedsOf(configuration, "4 networks an entry"),
    ];
  }
  const { problem } = configuration, data = tellData(configuration);
  const { layers } = paperProblems[problem];
  const budget = paper as AutoencoderGrid["budget"]; // as its networks are autoencoders
  return [
    ...data.startsWith("original") ? [] : [{
      setting: "data",
      paper: "the authors'",
      here: data,
      why: otherData.find(([told]) => data.startsWith(told))?.[1] ?? standIns[problem] ??
        "other data",
    }],
    ...compare(autoencoderAspects, { problem, data, layers, budget }, configuration),
    seedsOf(configuration, "not stated"),
  ];
}

function seedsOf({ budget: { seeds } }: PaperConfiguration, paper: string): Difference {
  return {
    ...{ setting: "seeds", paper },
    here: `1 chooses the learning rate, ${seeds.length - 1} others confirm it`,
    why: "what one seed favours by chance is no result; the spread over the others is shown",
  };
}

function compare<T>(aspects: readonly Aspect<T>[], paper: T, here: T): Difference[] {
  return aspects.filter(([, tell]) => tell(paper) !== tell(here)).map(([setting, tell, why]) => ({
    ...{ setting, why },
    ...{ paper: tell(paper), here: tell(here) },
  }));
}

/** Whether a table is one of recurrent networks. */
export function isRecurrent(
  configuration: TableConfiguration,
): configuration is Extract<TableConfiguration, { problems: unknown }> {
  return "problems" in configuration;
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}

function list(values: readonly number[]): string {
  return values.join(", ");
}
