import type { Profile } from "../../mod.ts";
import { alignTable } from "../files/tables.ts";
import { print } from "../terminal/terminal.ts";
import type { Configuration } from "./cell.ts";
import { type Column, figureOf, type NetworkKind } from "./network_kind.ts";
import { compareFigures, type Outcome } from "./outcomes.ts";
import { errorOf, settingsOf } from "./setting_outcomes.ts";

/** What is printed of a grid. */
export interface Printed {
  readonly kind: Pick<NetworkKind, "figure" | "baseline">;
  readonly settings: readonly Column<Configuration>[];
  readonly furtherSettings: readonly Column<Configuration>[];
}

/**
 * Prints how networks came out on stdout, the best first: a row a network or, where there are several
 * seeds, a row a setting.
 */
export function printOutcomes(outcomes: readonly Outcome[], all: Printed): void {
  const seeds = new Set(outcomes.map(({ cell }) => cell.configuration.seed));
  const varied = {
    ...all,
    settings: [...all.settings, ...differing(all.furtherSettings, outcomes)],
  };
  const { figure, baseline } = all.kind;
  const errors = ["train", "test"].map((split) => `${split} ${figure.title}`);
  const rows = seeds.size > 1 ? settingRows(outcomes, varied) : networkRows(outcomes, varied);
  const names = varied.settings.map(({ name }) => name.replaceAll("_", " "));
  const spread = seeds.size > 1
    ? ["seeds", errors[0], "\u00b1 95 %", errors[1], "diverged"]
    : ["seed", ...errors, ...baseline ? [baseline.title] : [], "status"];
  const settings = all.settings.length;
  // Where the terminal is narrow, the last of these go first.
  const [main, other] = figure.split === "train" ? errors : errors.toReversed();
  const important = ["optimizer", main, "mu", "learning rate", ...names.slice(settings), other];
  print(alignTable([[...names, ...spread], ...rows], { whole: "summary.csv", important }));
}

/** Columns in which networks to which they mean something differ. */
function differing(
  columns: readonly Column<Configuration>[],
  outcomes: readonly Outcome[],
): Column<Configuration>[] {
  return columns.filter(({ cell }) => {
    const cells = new Set(outcomes.map((outcome) => cell(outcome.cell.configuration)));
    cells.delete(undefined);
    return cells.size > 1;
  });
}

function networkRows(
  outcomes: readonly Outcome[],
  { kind: { figure, baseline }, settings }: Printed,
): (string | number)[][] {
  const rank = ({ figures }: Outcome) => figureOf(figure, figures) ?? Infinity;
  return outcomes.toSorted((a, b) => compareFigures(rank(a), rank(b))).map((outcome) => {
    const { cell: { configuration, result }, figures, status } = outcome;
    return [
      ...cellsOf(settings, configuration),
      configuration.seed,
      figures.train[figure.name]?.toFixed(4) ?? "-",
      figures.test[figure.name]?.toFixed(4) ?? "-",
      ...baseline ? [baseline.of(configuration)?.toFixed(4) ?? "-"] : [],
      result.divergedAt === null ? status : `${status} at ${result.divergedAt}`,
    ];
  });
}

function settingRows(
  outcomes: readonly Outcome[],
  { kind: { figure }, settings, furtherSettings }: Printed,
): (string | number)[][] {
  const summaries = settingsOf({ settings, furtherSettings }, outcomes).map((of) => ({
    ...of,
    train: errorOf(of, "train", figure),
    test: errorOf(of, "test", figure),
    rank: errorOf(of, figure.split, figure)?.mean ?? Infinity,
  }));
  return summaries.toSorted((a, b) => compareFigures(a.rank, b.rank)).map((of) => [
    ...cellsOf(settings, of.configuration),
    of.outcomes.length,
    of.train?.mean.toFixed(4) ?? "-",
    of.train?.halfWidth?.toFixed(4) ?? "-",
    of.test?.mean.toFixed(4) ?? "-",
    of.outcomes.filter(({ status }) => status === "diverged").length,
  ]);
}

function cellsOf(
  settings: readonly Column<Configuration>[],
  configuration: Configuration,
): string[] {
  return settings.map(({ cell }) => String(cell(configuration) ?? "-"));
}

/** Says on stdout where the results lie, what is missing there, and how a run that ended early goes on. */
export function printEnd(folder: string, outcomes: readonly Outcome[]): void {
  print(`\nresults in ${folder}; open ${folder}/report.html`);
  if (outcomes.every(({ status }) => status === "diverged")) {
    print("no network stayed finite: none is saved or shown");
  }
  if (outcomes.some(({ cell }) => cell.result.status === "unfinished")) {
    print(`it goes on with --resume ${folder}`);
  }
}

/** Prints GPU time by kernel on stdout, the slowest first. */
export function printProfile({ totals }: Profile): void {
  const all = totals.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  print(
    "\n" + alignTable([
      ["kernel", "calls", "GPU ms", "share"],
      ...totals.map(({ kernel, calls, milliseconds }) => [
        kernel,
        calls,
        milliseconds.toFixed(1),
        `${(100 * milliseconds / all).toFixed(1)} %`,
      ]),
    ]),
  );
}
