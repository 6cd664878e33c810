import { formatFigure } from "../report/text_table.ts";
import { print, say } from "../terminal/terminal.ts";
import type { Cell, CellRow } from "./cell.ts";
import type { GridReporter } from "./grid_report.ts";
import type { PlannedCell } from "./ledger.ts";
import { showLegs } from "./momentum_choice.ts";
import type { KindTables } from "./network_kind.ts";
import { raceIn } from "./race_cell.ts";
import { drawRaces, raceTable, winnerOf } from "./race_views.ts";
import type { Run } from "./run.ts";
import type { End, Reporter, Trained } from "./study.ts";
import type { RunProgress } from "../live/live.ts";

/** What is told of races. */
export interface ReportedRaces {
  readonly run: Run;
  readonly kind: KindTables;
  readonly races: readonly PlannedCell[];
  /** How the program is called, and the flags that it was given. */
  readonly program: string;
  readonly words: readonly string[];
}

/** Tells of races; of the networks that they found tells the reporter of a grid. */
export class RaceReporter implements Reporter {
  readonly #winners: GridReporter;
  readonly #report: ReportedRaces;
  #found: ReadonlyMap<string, Cell> = new Map();

  constructor(winners: GridReporter, report: ReportedRaces) {
    this.#winners = winners;
    this.#report = report;
  }

  restart(cells: ReadonlyMap<string, Cell>): void {
    this.#found = cells;
    this.#winners.restart(cells);
  }

  append(planned: readonly PlannedCell[], rows: readonly CellRow[]): void {
    if (raceIn(planned[0].configuration)) this.#writeTable();
    else this.#winners.append(planned, rows);
  }

  progress(progress: RunProgress): void {
    this.#winners.progress(progress);
  }

  keep(trained: Trained): void {
    this.#winners.keep(trained);
  }

  async conclude(end: End): Promise<void> {
    const { run, races } = this.#report, { cells } = end;
    this.#found = cells;
    this.#writeTable();
    if (races.some(({ id }) => (cells.get(id)?.result.race?.tree.length ?? 0) > 0)) {
      run.write("race.svg", await drawRaces(races, cells));
    }
    const winners = races.flatMap((race) => winnerOf(race, cells) ?? []);
    const isThere = winners.some(({ id }) => cells.has(id));
    if (isThere) await this.#winners.conclude(end);
    else print(`\nresults in ${run.folder}`);
    const isOver = races.every(({ id }) => {
      const { status = "unfinished" } = cells.get(id)?.result ?? {};
      return status !== "unfinished";
    });
    if (!isThere && (!isOver || winners.length > 0)) {
      print(`it goes on with --resume ${run.folder}`);
    }
    for (const race of races) this.#printWinner(race);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#winners[Symbol.asyncDispose]();
  }

  #writeTable(): void {
    const { run, races } = this.#report;
    run.write("race.csv", raceTable(races, this.#found));
  }

  /** Says which setting has won, and the command that trains it plainly. */
  #printWinner(race: PlannedCell): void {
    const cell = this.#found.get(race.id), result = cell?.result.race;
    if (!cell || cell.result.status === "unfinished" || !result) return;
    const { optimizer, seed, updates } = race.configuration;
    const { winner } = result;
    if (!winner) {
      return print(`no network of the race of ${optimizer}, seed ${seed}, stayed finite`);
    }
    const [last] = winner.legs.toReversed();
    const plain = this.#found.get(winnerOf(race, this.#found)?.id ?? "")?.result;
    const { kind: { figure } } = this.#report;
    const error = plain?.final?.[figure.split][figure.name];
    const told = error === undefined
      ? ""
      : `, a ${figure.split === "train" ? "training" : "test"} ${figure.title} of ${
        formatFigure(error)
      }`;
    print(
      `\nthe race of ${optimizer}, seed ${seed}, was won from place ${winner.place}: rate ` +
        `${last.learningRate}, mu up to ${last.cap}, period ${last.period} at the end, after ` +
        `${winner.legs.length - 1} switches${told}; without the race:\n  ` +
        this.#commandOf(race, showLegs(winner.legs)),
    );
    const row = plain?.curve.find(({ update }) => update === updates);
    const isSame = row && Object.values(row.train).includes(winner.score);
    if (row && !isSame) {
      say(
        "warning: the winner, trained plainly, has another error than in the race: the adapter or " +
          "its driver has changed since",
      );
    }
  }

  #commandOf({ configuration }: PlannedCell, switches: string): string {
    const { optimizer, seed, init, initScale, finish } = configuration;
    const { words, program } = this.#report;
    const replaced: Record<string, string | number | undefined> = {
      ...{ "--tune-momentum": undefined, "--learning-rate": undefined },
      ...{ "--places": undefined, "--refill": undefined },
      ...{ "--init": init, "--init-scale": initScale, "--optimizer": optimizer, "--seed": seed },
    };
    const kept: (string | number)[] = [];
    for (let i = 0; i < words.length; i += 2) {
      const value = Object.hasOwn(replaced, words[i]) ? replaced[words[i]] : words[i + 1];
      if (value !== undefined) kept.push(words[i], value);
    }
    const added = [["--optimizer", optimizer], ["--seed", seed]]
      .filter(([name]) => !words.includes(String(name))).flat();
    return [program, ...kept, ...added, "--switches", switches, "--finish", finish].join(" ");
  }
}
