import type { Profile } from "../../mod.ts";
import { nameSettings } from "../charts/setting_names.ts";
import { alignTable } from "../terminal/aligned_table.ts";
import { formatFigure } from "../report/text_table.ts";
import { print } from "../terminal/terminal.ts";
import type { Cell, Configuration } from "./cell.ts";
import { type Column, figureOf, type KindTables } from "./network_kind.ts";
import { compareFigures, type Outcome } from "./outcomes.ts";
import { settingError, type SettingOutcome, settingsOf } from "./setting_outcomes.ts";

/** What is printed of a grid. */
export interface Printed {
  readonly kind: Pick<KindTables, "figure" | "baseline">;
  readonly settings: readonly Column<Configuration>[];
  readonly furtherSettings: readonly Column<Configuration>[];
}

/**
 * Prints how networks came out on stdout, the best first: a row a network or, where there are several
 * seeds, a row a setting. Below them stands what was shown, in a sentence.
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
    ? ["seeds", errors[0], "\u00b1 95 %", errors[1], "status"]
    : ["seed", ...errors, ...baseline ? [baseline.title] : [], "status"];
  const settings = all.settings.length;
  // Where the terminal is narrow, the last of these go first.
  const [main, other] = figure.split === "train" ? errors : errors.toReversed();
  const important = ["optimizer", main, "mu", "learning rate", ...names.slice(settings), other];
  print(alignTable([[...names, ...spread], ...rows], { whole: "summary.csv", important }));
  const shown = comparisonWords(outcomes, all);
  if (shown !== undefined) print(`\n${shown}`);
}

/**
 * The best setting beside the worst that stayed finite, with the names that loss.svg gives them: "after
 * 2000 updates NAG 0.9 has a training squared error of 4.265, SGD of 11.42". Undefined where fewer than
 * two settings stayed finite, where a network has no error after its last update, or where the networks
 * of a setting were trained for different lengths.
 */
export function comparisonWords(
  outcomes: readonly Outcome[],
  { kind: { figure }, settings, furtherSettings }: Printed,
): string | undefined {
  const finite = settingsOf({ settings, furtherSettings }, outcomes)
    .map((setting) => ({
      ...setting,
      error: settingError(setting, figure.split, figure)?.mean ?? NaN,
    }))
    .filter(({ error }) => Number.isFinite(error))
    .toSorted((a, b) => a.error - b.error);
  const cells = finite.flatMap(({ outcomes }) => outcomes.map(({ cell }) => cell));
  if (finite.length < 2 || cells.some(({ result }) => result.final === null)) return undefined;
  const lengthsOf = (cells: readonly Cell[]) => new Set(cells.map(({ result }) => result.updates));
  const areMixed = finite.some(({ outcomes }) =>
    lengthsOf(outcomes.map(({ cell }) => cell)).size > 1
  );
  if (areMixed) return undefined;
  const names = namesOf(finite, [...settings, ...furtherSettings]);
  const after = lengthsOf(cells).size === 1 ? `after ${cells[0].result.updates} updates ` : "";
  const isMean = finite.some(({ outcomes }) => outcomes.length > 1);
  const split = figure.split === "train" ? "training" : "test";
  const title = `a ${isMean ? "mean " : ""}${split} ${figure.title}`;
  const [best, worst] = [0, finite.length - 1].map((i) => formatFigure(finite[i].error));
  return `${after}${names[0]} has ${title} of ${best}, ${names[finite.length - 1]} of ${worst}`;
}

function namesOf(
  settings: readonly SettingOutcome[],
  columns: readonly Column<Configuration>[],
): string[] {
  const rows = settings.map(({ configuration }) =>
    Object.fromEntries(columns.map(({ name, cell }) => [name, String(cell(configuration) ?? "")]))
  );
  return nameSettings(rows, columns.map(({ name }) => name)).names;
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
    train: settingError(of, "train", figure),
    test: settingError(of, "test", figure),
    rank: settingError(of, figure.split, figure)?.mean ?? Infinity,
  }));
  return summaries.toSorted((a, b) => compareFigures(a.rank, b.rank)).map((of) => [
    ...cellsOf(settings, of.configuration),
    of.outcomes.length,
    of.train?.mean.toFixed(4) ?? "-",
    of.train?.halfWidth?.toFixed(4) ?? "-",
    of.test?.mean.toFixed(4) ?? "-",
    statusWords(of.outcomes),
  ]);
}

/** "ok", or how many came out how: "2 ok, 1 diverged". */
function statusWords(outcomes: readonly Outcome[]): string {
  const groups = [...Map.groupBy(outcomes, ({ status }) => status)];
  if (groups.length === 1) return groups[0][0];
  return groups.map(([status, { length }]) => `${length} ${status}`).join(", ");
}

function cellsOf(
  settings: readonly Column<Configuration>[],
  configuration: Configuration,
): string[] {
  return settings.map(({ cell }) => String(cell(configuration) ?? "-"));
}

/** Says on stdout where the results lie, what is missing there, and how a run that ended early goes on. */
export function printEnd(folder: string, outcomes: readonly Outcome[]): void {
  print(`\nresults in ${folder}\nopen ${folder}/report.html`);
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
