import type { Split } from "../../mod.ts";
import { type Estimate, estimate } from "../report/estimate.ts";
import type { Configuration } from "./cell.ts";
import type { Column, KindFigure } from "./network_kind.ts";
import type { Outcome } from "./outcomes.ts";

/** Several networks that differ in the seed alone. */
export interface SettingOutcome {
  readonly configuration: Configuration;
  readonly outcomes: readonly Outcome[];
}

/** The outcomes by setting, in the order of the networks. */
export function settingsOf(
  { settings, furtherSettings }: {
    settings: readonly Column<Configuration>[];
    furtherSettings: readonly Column<Configuration>[];
  },
  outcomes: readonly Outcome[],
): SettingOutcome[] {
  const key = ({ cell: { configuration } }: Outcome) =>
    JSON.stringify([...settings, ...furtherSettings].map(({ cell }) => cell(configuration)));
  return [...Map.groupBy(outcomes, key).values()]
    .map((outcomes) => ({ configuration: outcomes[0].cell.configuration, outcomes }));
}

/** The final error of a setting over its seeds: infinite where one diverged. */
export function settingError(
  { outcomes }: SettingOutcome,
  split: Split,
  { name }: KindFigure,
): Estimate | undefined {
  const values = outcomes.map(({ status, figures }) =>
    status === "diverged" ? Infinity : figures[split][name]
  );
  return estimate(values.filter((value) => value !== undefined));
}
