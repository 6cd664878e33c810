// Random settings of each optimizer, of which the first seed finds the best and other seeds confirm it:
// which networks are asked for, and what their errors say of equal tuning.

import { expectedBestChart, type TuningCourse } from "../charts/expected_best_chart.ts";
import { exists } from "../files/files.ts";
import { csvLine } from "../files/tables.ts";
import { worthOf } from "../report/cell_errors.ts";
import { expectedBest } from "../report/expected_best.ts";
import { formatFigure } from "../report/text_table.ts";
import type { Cell } from "./cell.ts";
import { plannedCell } from "./grid.ts";
import type { PlannedCell } from "./ledger.ts";
import type { KindTables } from "./network_kind.ts";
import { textOf } from "./views.ts";

type Found = ReadonlyMap<string, Cell>;

/** Of one optimizer, and one initialization where there are several. */
interface Contender {
  readonly name: string;
  readonly drawn: readonly PlannedCell[];
}

/** A search among random settings, by training errors alone. */
export class Tuning {
  readonly #contenders: readonly Contender[];
  readonly #seeds: readonly number[];
  readonly #figure: KindTables["figure"];

  /** @param seeds that confirm what those of the networks drawn have chosen */
  constructor(
    drawn: readonly PlannedCell[],
    { seeds, figure }: { seeds: readonly number[]; figure: KindTables["figure"] },
  ) {
    this.#contenders = contendersOf(drawn);
    this.#seeds = seeds;
    this.#figure = figure;
  }

  /** Those that are drawn and, as soon as all of them are there, the best of each with other seeds. */
  networks(found: Found): PlannedCell[] {
    const drawn = this.#contenders.flatMap(({ drawn }) => drawn);
    const areThere = drawn.every(({ id }) => {
      const { status = "unfinished" } = found.get(id)?.result ?? {};
      return status !== "unfinished";
    });
    return areThere ? [...drawn, ...this.#confirmations(found)] : drawn;
  }

  /** The best of each contender, with all seeds. */
  best(found: Found): PlannedCell[] {
    const first = this.#contenders.flatMap((contender) => this.#bestOf(contender, found) ?? []);
    return [...first, ...this.#confirmations(found)];
  }

  /** Whether a folder tells of it as its cells do. */
  isTold(folder: string, found: Found): boolean {
    return textOf(`${folder}/tuning.csv`) === this.table(found) && exists(`${folder}/tuning.svg`);
  }

  /** tuning.svg. */
  draw(found: Found, problem: string): Promise<string> {
    const { title, unit } = this.#figure;
    return expectedBestChart(this.courses(found), {
      ...{ problem, unit },
      figureTitle: `training ${title}`,
    });
  }

  /** tuning.csv: the least error that is expected of 1, 2, ... random settings. */
  table(found: Found): string {
    const columns = ["optimizer", "settings", `expected_train_${this.#figure.column}`];
    const rows = this.courses(found).flatMap(({ optimizer, expected }) =>
      expected.map((error, i) => [optimizer, i + 1, error])
    );
    return [columns, ...rows].map(csvLine).join("");
  }

  /** The same, by contender. */
  courses(found: Found): TuningCourse[] {
    return this.#contenders.map(({ name, drawn }) => ({
      optimizer: name,
      expected: expectedBest(drawn.flatMap(({ id }) => {
        const cell = found.get(id);
        return cell ? [worthOf(cell, (figures) => figures[this.#figure.name])] : [];
      })),
    })).filter(({ expected }) => expected.length > 0);
  }

  /** The best of each in a sentence, lowest first; undefined where there is none. */
  words(found: Found): string | undefined {
    const best = this.courses(found).map(({ optimizer, expected }) => (
      { optimizer, count: expected.length, error: expected[expected.length - 1] }
    )).toSorted((a, b) => a.error - b.error);
    if (best.length === 0) return undefined;
    const told = best.map(({ optimizer, error }) => `${optimizer} ${formatFigure(error) || "-"}`);
    return `the least training ${this.#figure.title} of ${best[0].count} random settings each: ` +
      told.join(", ");
  }

  #confirmations(found: Found): PlannedCell[] {
    return this.#contenders.flatMap((contender) => {
      const best = this.#bestOf(contender, found);
      return best ? this.#seeds.map((seed) => plannedCell({ ...best.configuration, seed })) : [];
    });
  }

  #bestOf({ drawn }: Contender, found: Found): PlannedCell | undefined {
    const errors = drawn.map(({ id }) => {
      const cell = found.get(id);
      return cell?.result.divergedAt === null ? this.#finalOf(cell) : Infinity;
    });
    const least = Math.min(...errors);
    return Number.isFinite(least) ? drawn[errors.indexOf(least)] : undefined;
  }

  #finalOf({ result: { final } }: Cell): number {
    return final?.train[this.#figure.name] ?? Infinity;
  }
}

function contendersOf(drawn: readonly PlannedCell[]): Contender[] {
  const settings = drawn.map(({ configuration: { optimizer, init, initScale } }) => (
    { optimizer, init, scale: `x ${initScale}` }
  ));
  const varied = (["init", "scale"] as const)
    .filter((name) => new Set(settings.map((setting) => setting[name])).size > 1);
  const nameOf = (i: number) =>
    [settings[i].optimizer, ...varied.map((name) => settings[i][name])].join(", ");
  return [...Map.groupBy(drawn.keys(), nameOf)]
    .map(([name, at]) => ({ name, drawn: at.map((i) => drawn[i]) }));
}
