import type { Profile } from "../../mod.ts";
import { alignTable } from "../files/tables.ts";
import { print } from "../terminal/terminal.ts";
import type { Configuration } from "./cell.ts";
import { type Column, figureOf, type NetworkKind } from "./network_kind.ts";
import { compareFigures, type Outcome } from "./outcomes.ts";

/** Prints a row for each network on stdout, the best first. */
export function printOutcomes(
  outcomes: readonly Outcome[],
  { kind: { figure, baseline }, settings }: {
    kind: Pick<NetworkKind, "figure" | "baseline">;
    settings: readonly Column<Configuration>[];
  },
): void {
  const rank = ({ figures }: Outcome) => figureOf(figure, figures) ?? Infinity;
  const rows = outcomes.toSorted((a, b) => compareFigures(rank(a), rank(b))).map((outcome) => {
    const { cell: { configuration, result }, figures, status } = outcome;
    return [
      ...settings.map(({ cell }) => String(cell(configuration) ?? "-")),
      configuration.seed,
      figures.train[figure.name]?.toFixed(4) ?? "-",
      figures.test[figure.name]?.toFixed(4) ?? "-",
      ...baseline ? [baseline.of(configuration)?.toFixed(4) ?? "-"] : [],
      result.divergedAt === null ? status : `${status} at ${result.divergedAt}`,
    ];
  });
  const heading = [...settings.map(({ name }) => name.replaceAll("_", " ")), "seed"];
  const errors = ["train", "test"].map((split) => `${split} ${figure.title}`);
  if (baseline) errors.push(baseline.title);
  const important = ["optimizer", ...errors, "mu", "learning rate"];
  print(
    alignTable([[...heading, ...errors, "status"], ...rows], { whole: "summary.csv", important }),
  );
}

/** Says on stdout where the results lie, what is missing there, and how a run that ended early goes on. */
export function printEnd(folder: string, outcomes: readonly Outcome[]): void {
  print(`\nresults in ${folder}`);
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
