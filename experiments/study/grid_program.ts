import { InputError, type Optimizer } from "../../mod.ts";
import {
  choice,
  type FlagTable,
  inSection,
  parseFlags,
  path,
  refuseIdle,
  type Values,
} from "../terminal/flags.ts";
import { type Example, helpText } from "../terminal/help.ts";
import { commonAnswer, runMain } from "../terminal/program.ts";
import { print } from "../terminal/terminal.ts";
import type { Cell, Configuration } from "./cell.ts";
import {
  furtherColumns,
  gridCells,
  type gridFlags,
  type GridPoint,
  nameOf,
  optimizerMaker,
  settingColumns,
} from "./grid.ts";
import { type GridReport, GridReporter, keeps } from "./grid_report.ts";
import type { JsonObject } from "./json.ts";
import { pagePort } from "../page/port_flag.ts";
import { requirePagePermission } from "../page/live.ts";
import { flagsOf, withAbsolutePaths, withConfig } from "./command_line.ts";
import { exists } from "../files/files.ts";
import { beginAt } from "./origins.ts";
import {
  inFlags,
  type OptimizerDefaults,
  type OptimizerFlags,
  optimizerFlags,
  optimizerNamesOf,
  withDefaults,
} from "./optimizer_flags.ts";
import { drawOptimizers } from "./draws.ts";
import { idleBeside, withChosenMomentum } from "./momentum_choice.ts";
import { RaceReporter } from "./race_report.ts";
import { hasRaceViews, raceTable, winnerOf } from "./race_views.ts";
import type { OptimizerChoice } from "./shipped_optimizers.ts";
import { loadOptimizers } from "./optimizer_file.ts";
import { scheduleFiles } from "./hf_schedules.ts";
import { expandOptimizers } from "./optimizers.ts";
import { recordedArguments, requireSameOptimizers, resumeRun } from "./resume.ts";
import type { Run } from "./run.ts";
import { machineFlags, outFlag } from "./run_options.ts";
import { carryOut } from "./study.ts";
import { Tuning } from "./tuning.ts";
import { areAsCellsSay, workPictures } from "./views.ts";

/** The flags that each grid has, besides its own. */
type CommonFlags =
  & OptimizerFlags
  & typeof gridFlags
  & typeof machineFlags
  & { out: ReturnType<typeof outFlag>; keep: typeof keepFlag; live: typeof liveFlag };

const keepFlag = choice(keeps, {
  default: "all",
  help: "Which networks are written as safetensors files: all in networks/, and the best one.",
});

const liveFlag = pagePort({
  help: "Serves a page on 127.0.0.1 that shows the run while it goes on, on a port or on any.",
});

const configFlag = path({
  help: "A run.json, or a JSON object of flags and values: what the command line leaves out.",
});

/** A program that trains a grid of networks: what it says of itself, and what its flags mean. */
export interface GridProgram<F extends FlagTable> {
  /** Of the program's file, and of its folder in results. */
  readonly name: string;
  readonly summary: string;
  /** The words of their commands follow the program. */
  readonly examples: readonly Example[];
  /** Its own flags, those of all grids among them; they stand before the machine's. */
  readonly flags: F;
  /** What optimizers do where nobody says. */
  readonly defaults: OptimizerDefaults;
  lay(options: Values<F> & Values<CommonFlags>, session: GridSession): Promise<GridLaid>;
}

/** What a grid is laid with. */
export interface GridSession {
  readonly earlier: JsonObject | undefined;
  readonly interruption: AbortSignal;
  optimizerOf(configuration: Configuration): Optimizer;
}

/** A grid that is laid. */
export interface GridLaid extends Pick<GridReport, "kind" | "chart" | "draw"> {
  /** What its networks differ in besides optimizers and seeds. */
  readonly init: readonly string[];
  readonly initScale: readonly number[];
  /** Flags that mean nothing here, with what they are for. */
  readonly idle: Readonly<Record<string, string | false>>;
  /** All that the network at a point of the grid depends on. */
  configure(point: GridPoint): Configuration;
  /** What run.json says of the data, and of the configuration besides the flags. */
  readonly details: { readonly configuration: JsonObject; readonly data?: JsonObject };
  readonly remark?: string | undefined;
  /** Writes what a run begins with. */
  begin?(run: Run): void;
}

/** What carries a command line out, until it is interrupted. */
export type Command = (args: readonly string[], interruption: AbortSignal) => Promise<void>;

/** A program that trains a grid of networks, by its command line. */
export function gridCommand<F extends FlagTable>(program: GridProgram<F>): Command {
  return async (given, interruption) => {
    const args = withAbsolutePaths(withConfig(given));
    const { name, summary, examples, defaults } = program;
    const known = [...recordedArguments(args), ...args];
    const choices = (await loadOptimizers(optimizerNamesOf(known, defaults.optimizer)))
      .map((choice) => withDefaults(choice, defaults));
    const flags = {
      ...inSection("Networks", program.flags),
      ...inSection(
        "Optimizers",
        optimizerFlags(choices, { defaults, taken: Object.keys(program.flags) }),
      ),
      ...inSection("Results", {
        out: outFlag(name),
        keep: keepFlag,
        config: configFlag,
        live: liveFlag,
      }),
      ...machineFlags,
    };
    const usage = `deno run -A experiments/${name}.ts`;
    const answer = commonAnswer(
      args,
      () => helpText({ usage, summary, examples: examplesOf(usage, examples), flags }),
    );
    if (answer !== undefined) return print(answer);
    const { options, earlier } = resumeRun(name, flags, parseFlags(flags, args), args);
    const asked = options as unknown as Values<F> & Values<CommonFlags>;
    const files = [
      ...choices.flatMap(({ name, file }) => file ? [{ name, ...file }] : []),
      ...scheduleFiles(asked.hfSchedule ?? []),
    ];
    requireSameOptimizers(earlier, files);
    refuseIdle(idleBeside(asked), args);
    const common = withChosenMomentum(asked);
    const { finish, updates, target, keep } = common;
    if (finish > updates) {
      throw new InputError(
        `--finish ${finish} is longer than the run: it may be 0 to --updates ${updates}`,
      );
    }
    if (common.live !== false) requirePagePermission(common.live);
    const { draws, seed: [firstSeed, ...otherSeeds] } = common;
    const optimizers = draws === undefined
      ? expandOptimizers(common, choices, defaults)
      : drawOptimizers({ ...common, draws }, choices, defaults);
    const session = { earlier, interruption, optimizerOf: optimizerMaker(choices) };
    const laid = await program.lay(common, session);
    refuseIdle(laid.idle, args);
    const { kind, chart, draw, remark, begin } = laid;
    const { curvatureEvery } = common;
    const measured = { ...curvatureEvery !== undefined && { curvatureEvery } };
    const seed = draws === undefined ? common.seed : [firstSeed];
    const grid = gridCells({ ...laid, optimizers, seed }, (place) => (
      { ...laid.configure(place), ...measured }
    ));
    const planned = beginAt(grid, common), isRace = common.race !== undefined;
    // The winner of a race is a network that tables tell of, as soon as it is known.
    const cells = isRace ? [] : [...planned];
    const tuning = draws === undefined
      ? undefined
      : new Tuning(planned, { seeds: otherSeeds, figure: kind.figure });
    const views = {
      ...{ kind, cells, target },
      settings: settingColumns,
      furtherSettings: furtherColumns(planned),
      ...isRace && { race: (found: ReadonlyMap<string, Cell>) => raceTable(planned, found) },
    };
    await carryOut({
      wanted(found) {
        if (tuning) cells.splice(0, Infinity, ...tuning.networks(found));
        if (!isRace) return cells;
        const winners = planned.flatMap((race) => winnerOf(race, found) ?? []);
        cells.splice(0, Infinity, ...winners);
        return [...planned, ...winners];
      },
      kindOf: () => kind,
      nameOf,
      details: {
        configuration: { ...options as unknown as JsonObject, ...laid.details.configuration },
        data: laid.details.data,
        ...files.length > 0 && { optimizers: files },
      },
      remark,
      isEstimated: false,
      isWhole: (folder, there) =>
        (!isRace || hasRaceViews(folder, planned, there)) &&
        (!tuning || tuning.isTold(folder, there)) &&
        areAsCellsSay(folder, views, there) &&
        ["loss.svg", ...workPictures(views)].every((name) => exists(`${folder}/${name}`)) &&
        (curvatureEvery === undefined || exists(`${folder}/curvature.svg`)),
      report(run) {
        begin?.(run);
        const command = [`${name}.ts`, ...flagsOf(known)].join(" ");
        const reporter = new GridReporter({
          ...views,
          run,
          title: `${name}: ${planned[0].configuration.problem}`,
          livePort: common.live,
          command,
          keep,
          chart,
          draw,
          tuning,
        });
        if (!isRace) return reporter;
        const words = flagsOf(known);
        return new RaceReporter(reporter, { run, kind, races: planned, program: usage, words });
      },
    }, { program: name, options: common, earlier, interruption, args })
      .catch((error) => {
        throw toldByFlags(error, choices);
      });
  };
}

/** An error of the library with the flags of the settings that it names. */
function toldByFlags(error: unknown, choices: readonly OptimizerChoice[]): unknown {
  return error instanceof InputError ? new InputError(inFlags(error.message, choices)) : error;
}

/** Runs the command line of this process. */
export function runCommand(command: Command): Promise<void> {
  return runMain((interruption) => command(Deno.args, interruption));
}

function examplesOf(usage: string, examples: readonly Example[]): Example[] {
  return examples.map(({ command, does }) => ({ command: `${usage} ${command}`, does }));
}
