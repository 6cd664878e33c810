import {
  type Gpu,
  InputError,
  markedSequence,
  markedTask,
  memorizationSequence,
  memorizationTask,
  Purpose,
  type SequenceTask,
} from "../../mod.ts";
import type { SequenceChartOptions } from "../charts/sequence_chart.ts";
import type { Configuration } from "../study/cell.ts";
import type { JsonObject } from "../study/json.ts";
import type { KindTables } from "../study/network_kind.ts";
import type { DataSource } from "./problem.ts";

/** The problems with long-term dependencies (paper, section 4). */
export const sequenceProblems = ["add", "mul", "mem-5", "mem-20", "memorization"] as const;

/** One of {@linkcode sequenceProblems}. */
export type SequenceProblemName = typeof sequenceProblems[number];

/** What a command line says of the problem. */
export interface SequenceProblemOptions {
  problem: SequenceProblemName;
  length: number | undefined;
  symbols: number | undefined;
  items: number | undefined;
  centre: boolean;
  cue: boolean;
}

/** A problem as it is trained on. */
export interface SequenceProblem {
  readonly length: number;
  readonly task: SequenceTask;
  /** The standard deviation of the input weights; for the paper's problems that of its Table 4. */
  readonly inputScale: number;
  /** What a configuration says of it. */
  readonly settings: Pick<Configuration, "network" | "problem">;
  /** What run.json says of it besides. */
  readonly told: JsonObject;
  /** What loss.svg shows. */
  readonly chart: { readonly figure: string; readonly figureTitle: string; readonly unit: string };
  /** A test sequence. */
  readonly example: Omit<SequenceChartOptions, "outputs">;
}

/** Sequences of files, in place of those that are made fresh. */
export interface LoadedSequences extends Omit<SequenceProblem, "task"> {
  readonly tables: KindTables;
  readonly source: DataSource;
  /** Lines about the files that are to be said. */
  readonly remark: string | undefined;
  /** Uploads them. */
  taskOn(gpu: Gpu): Promise<SequenceTask>;
}

/** The first sequence of the test stream. */
const exampleStream = { seed: 0, purpose: Purpose.testSequence, number: 0 };

/** The paper's lengths and numbers of symbols. */
const memorizations = {
  "mem-5": { symbols: 2, items: 5, length: 200 },
  "mem-20": { symbols: 5, items: 10, length: 80 },
  memorization: { symbols: undefined, items: undefined, length: 80 },
};

/** The problem of a command line. Throws InputError where its numbers make none. */
export function chooseSequences(options: SequenceProblemOptions): SequenceProblem {
  const { problem } = options;
  if (problem !== "memorization" && (options.symbols ?? options.items) !== undefined) {
    throw new InputError(`--symbols and --items are for memorization: ${problem} fixes both`);
  }
  const made = problem === "add" || problem === "mul"
    ? markedProblem(problem, options)
    : memorizationProblem(problem, options);
  const { length, task } = made, { symbols, items, centre, cue } = options;
  return {
    ...made,
    settings: { network: "recurrent", ...{ problem, length, symbols, items, centre, cue } },
    told: { biasesZeroOneLoss: task.biasesBaseline },
    chart: {
      figure: "test_loss",
      figureTitle: "test loss",
      unit: task.loss === "cross-entropy" ? "nats a sequence" : "squared error a sequence",
    },
    example: {
      title: `${problem}: a test sequence and the best network's output`,
      task,
      ...made.example,
    },
  };
}

/** What is one problem's own. */
type Made = Pick<SequenceProblem, "length" | "task" | "inputScale"> & {
  readonly example: Omit<SequenceProblem["example"], "title" | "task">;
};

function markedProblem(
  problem: "add" | "mul",
  { length = 80, centre, cue }: SequenceProblemOptions,
): Made {
  const settings = { problem, length, centre, cue };
  return {
    length,
    task: markedTask(settings),
    inputScale: 0.001,
    example: {
      ...markedSequence(settings, exampleStream),
      inputNames: ["value", "marker"],
      outputNames: [problem === "add" ? "mean" : "product"],
    },
  };
}

function memorizationProblem(
  problem: keyof typeof memorizations,
  options: SequenceProblemOptions,
): Made {
  const usual = memorizations[problem];
  const { length = usual.length, centre } = options;
  const [symbols, items] = [options.symbols ?? usual.symbols, options.items ?? usual.items];
  if (symbols === undefined || items === undefined) {
    throw new InputError("memorization needs --symbols and --items: mem-5 has 2 and 5");
  }
  if (options.cue) throw new InputError(`--cue yes is for add and mul: ${problem} has a trigger`);
  const settings = { symbols, items, length, centre };
  const names = Array.from({ length: symbols }, (_, i) => `symbol ${i + 1}`);
  return {
    length,
    task: memorizationTask(settings),
    inputScale: 0.1,
    example: {
      ...memorizationSequence(settings, exampleStream),
      inputNames: [...names, "blank", "trigger"],
      outputNames: [...names, "blank"],
    },
  };
}
