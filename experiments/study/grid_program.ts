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
import { ofCurvature } from "./curvature.ts";
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
import type { PlannedCell } from "./ledger.ts";
import { pagePort } from "../live/port_flag.ts";
import { requirePagePermission } from "../live/local_server.ts";
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
import {
  type LoadingSession,
  recordedArguments,
  requireSameOptimizers,
  resumeRun,
} from "./resume.ts";
import type { Run } from "./run.ts";
import { machineFlags, outFlag } from "./run_options.ts";
import { carryOut } from "./study.ts";
import { Tuning } from "./tuning.ts";
import { areAsCellsSay, curvaturePictures, workPictures } from "./views.ts";

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
export interface GridSession extends LoadingSession {
  optimizerOf(configuration: Configuration): Optimizer;
}

/** What a command line asks for, before anything of it is trained. */
export interface AskedGrid<Options> {
  readonly options: Options;
  readonly laid: GridLaid;
  /** The seeds whose networks are planned: all, or the one that tries random settings. */
  readonly planned: readonly PlannedCell[];
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

/** A program as it is written: its flags say what its options are. */
export function gridProgram<const F extends FlagTable>(program: GridProgram<F>): GridProgram<F> {
  return program;
}

/** A program that trains a grid of networks, by its command line. */
export function gridCommand<F extends FlagTable>(program: GridProgram<F>): Command {
  return async (given, interruption) => {
    const args = withAbsolutePaths(withConfig(given));
    const { name, summary, examples } = program;
    const known = [...recordedArguments(args), ...args];
    const { choices, flags } = await readOptimizers(program, known);
    const usage = `deno run -A experiments/${name}.ts`;
    const answer = commonAnswer(
      args,
      () => helpText({ usage, summary, examples: examplesOf(usage, examples), flags }),
    );
    if (answer !== undefined) return print(answer);
    const { options, earlier, hasShares } = resumeRun(name, flags, parseFlags(flags, args), args);
    const asked = options as unknown as Values<F> & Values<CommonFlags>;
    const files = [
      ...choices.flatMap(({ name, file }) => file ? [{ name, ...file }] : []),
      ...scheduleFiles(asked.hfSchedule ?? []),
    ];
    requireSameOptimizers(earlier, files);
    const session = {
      ...{ earlier, interruption, optimizerOf: optimizerMaker(choices) },
      once: <T>(_: JsonObject, make: () => Promise<T>) => make(),
    };
    const { options: common, laid, planned } = await layGrid(program, {
      ...{ asked, args, choices, session },
    });
    const { target, keep, draws } = common;
    const { kind, chart, draw, remark, begin } = laid;
    const isRace = common.race !== undefined;
    // The winner of a race is a network that tables tell of, as soon as it is known.
    const cells = isRace ? [] : [...planned];
    const tuning = draws === undefined
      ? undefined
      : new Tuning(planned, { seeds: common.seed.slice(1), figure: kind.figure });
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
        ["loss.svg", ...workPictures(views), ...curvaturePictures(views)]
          .every((name) => exists(`${folder}/${name}`)),
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
    }, { program: name, options: common, earlier, hasShares, interruption, args })
      .catch((error) => {
        throw toldByFlags(error, choices);
      });
  };
}

/** The optimizers of a command line, and the flags that it may have. */
async function readOptimizers<F extends FlagTable>(
  { name, flags, defaults }: GridProgram<F>,
  args: readonly string[],
) {
  const choices = (await loadOptimizers(optimizerNamesOf(args, defaults.optimizer)))
    .map((choice) => withDefaults(choice, defaults));
  return {
    choices,
    flags: {
      ...inSection("Networks", flags),
      ...inSection("Optimizers", optimizerFlags(choices, { defaults, taken: Object.keys(flags) })),
      ...inSection("Results", {
        out: outFlag(name),
        keep: keepFlag,
        config: configFlag,
        live: liveFlag,
      }),
      ...machineFlags,
    },
  };
}

/**
 * The networks of a command line, which is not carried out. Throws InputError where it is none of the
 * program.
 *
 * @param known takes the optimizers that it names
 */
export async function askGrid<F extends FlagTable>(
  program: GridProgram<F>,
  args: readonly string[],
  { known, ...session }: Omit<GridSession, "earlier"> & { known: OptimizerChoice[] },
): Promise<AskedGrid<Values<typeof gridFlags>>> {
  const { choices, flags } = await readOptimizers(program, args);
  known.push(...choices);
  const asked = parseFlags(flags, args) as unknown as Values<F> & Values<CommonFlags>;
  return await layGrid(program, {
    ...{ asked, args, choices, session: { ...session, earlier: undefined } },
  });
}

/** The networks of flags that are read. */
async function layGrid<F extends FlagTable>(
  program: GridProgram<F>,
  { asked, args, choices, session }: {
    asked: Values<F> & Values<CommonFlags>;
    args: readonly string[];
    choices: readonly OptimizerChoice[];
    session: GridSession;
  },
) {
  refuseIdle(idleBeside(asked), args);
  const options = withChosenMomentum(asked), { finish, updates, draws } = options;
  if (finish > updates) {
    throw new InputError(
      `--finish ${finish} is longer than the run: it may be 0 to --updates ${updates}`,
    );
  }
  if (options.live !== false) requirePagePermission(options.live);
  const optimizers = draws === undefined
    ? expandOptimizers(options, choices, program.defaults)
    : drawOptimizers({ ...options, draws }, choices, program.defaults);
  const laid = await program.lay(options, session);
  refuseIdle(laid.idle, args);
  const measured = ofCurvature(options);
  const seed = draws === undefined ? options.seed : options.seed.slice(0, 1);
  const grid = gridCells({ ...laid, optimizers, seed }, (place) => (
    { ...laid.configure(place), ...measured }
  ));
  return { options, laid, planned: beginAt(grid, options) };
}

/** An error of the library with the flags of the settings that it names. */
function toldByFlags(error: unknown, choices: readonly OptimizerChoice[]): unknown {
  if (!(error instanceof InputError)) return error;
  const message = inFlags(error.message, choices);
  return message === error.message ? error : new InputError(message);
}

/** Runs the command line of this process. */
export function runCommand(command: Command): Promise<void> {
  return runMain((interruption) => command(Deno.args, interruption));
}

function examplesOf(usage: string, examples: readonly Example[]): Example[] {
  return examples.map(({ command, does }) => ({ command: `${usage} ${command}`, does }));
}
