import { InputError } from "../mod.ts";
import { tablesOf } from "./problems/kind_tables.ts";
import { compareRuns } from "./study/compare.ts";
import { chooseRunFolder } from "./study/run_folder.ts";
import { outFlag } from "./study/run_options.ts";
import { parseFlags } from "./terminal/flags.ts";
import { type CommandTable, runSubcommands, subcommand } from "./terminal/subcommands.ts";
import { print } from "./terminal/terminal.ts";
import type { Experiment } from "./tables/experiment.ts";
import { experiments } from "./tables/experiments.ts";
import { experimentFlags, joinFlag, requireFiles, runExperiment } from "./tables/run_experiment.ts";

const compareFlags = { out: outFlag("compare") };

/** A command for each experiment. */
const commands = Object.fromEntries(
  Object.entries(experiments).map(([name, experiment]) => [
    name,
    subcommand(
      {
        summary: sentence(experiment),
        flags: { ...experimentFlags, ...experiment.join && joinFlag },
      },
      (options, interruption) => runExperiment(experiment, options, interruption),
    ),
  ]),
);

/** What an experiment asks, as a sentence. */
function sentence({ heading: { title, question } }: Experiment): string {
  return `${title}: ${question}`;
}

/** The experiments, a command each. */
export const studies: CommandTable = {
  usage: "deno run -A experiments/studies.ts",
  summary: "Experiments beyond the paper, and what is made of several runs.",
  commands: {
    ...commands,
    all: subcommand({
      summary: "All of these experiments, one after the other, in one folder.",
      flags: experimentFlags,
    }, async (options, interruption) => {
      const all = Object.values(experiments);
      requireFiles(all, options);
      for (const experiment of all) {
        if (!await runExperiment(experiment, options, interruption)) return;
      }
    }),
    list: subcommand({ summary: "Says what there is, a line each.", flags: {} }, () => {
      const lines = Object.entries(experiments)
        .map(([name, { heading: { question } }]) => ({ name, question }));
      print(lines.map(({ name, question }) => `${name.padEnd(20)}  ${question}`).join("\n"));
      return Promise.resolve();
    }),
    compare: {
      summary: "Puts the networks of several runs into one table, one chart and one page.",
      examples: [{
        command: "deno run -A experiments/studies.ts compare results/a results/b",
        does: "shows both runs side by side; settings that differ are columns",
      }],
      flags: compareFlags,
      async run(args, interruption) {
        const at = args.findIndex((arg) => arg.startsWith("--"));
        const folders = at < 0 ? args : args.slice(0, at);
        if (folders.length === 0) {
          throw new InputError("compare needs the folders of runs: compare FOLDER FOLDER ...");
        }
        const { out } = parseFlags(compareFlags, args.slice(folders.length));
        await compareRuns({
          folders,
          out: chooseRunFolder("compare", out),
          isMadeUp: out === undefined,
          tablesOf,
          interruption,
        });
      },
    },
  },
};

if (import.meta.main) await runSubcommands(studies);
