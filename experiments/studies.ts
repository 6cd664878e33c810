import { InputError } from "../mod.ts";
import { tablesOf } from "./problems/kind_tables.ts";
import { compareRuns } from "./study/compare.ts";
import { chooseRunFolder } from "./study/run_folder.ts";
import { outFlag } from "./study/run_options.ts";
import { parseFlags } from "./terminal/flags.ts";
import { runSubcommands } from "./terminal/subcommands.ts";

const compareFlags = { out: outFlag("compare") };

await runSubcommands({
  usage: "deno run -A experiments/studies.ts",
  summary: "What is made of several runs.",
  commands: {
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
});
