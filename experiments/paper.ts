import {
  allFlags,
  autoencoderFlags,
  autoencoderRequest,
  capFlags,
  dialFlags,
  hessianFreeFlags,
  initializationFlags,
  phasesFlags,
  phasesRequest,
  recurrentFlags,
  recurrentRequest,
  requestsOfAll,
  theoryFlags,
} from "./tables/options.ts";
import { paperFlags } from "./tables/session.ts";
import { runPhases } from "./studies/phases.ts";
import { paperExperimentFlags, runPaperExperiment } from "./tables/run_experiment.ts";
import { table4 } from "./studies/table4.ts";
import { runTables } from "./tables/tables.ts";
import { runTheory } from "./theory/theory_section.ts";
import { type CommandTable, runSubcommands, subcommand } from "./terminal/subcommands.ts";

const momentumTableFlags = { ...autoencoderFlags, ...capFlags, ...paperFlags };

/** The paper's tables, a command each. */
export const paper: CommandTable = {
  usage: "deno run -A experiments/paper.ts",
  summary:
    "Reproduces the tables, figures and statements of Sutskever, Martens, Dahl and Hinton (2013).",
  commands: {
    table1: subcommand({
      summary: "SGD, CM and NAG at each momentum, over the learning rates; Hessian-free.",
      flags: { ...momentumTableFlags, ...hessianFreeFlags },
    }, (options, signal) => runTables([autoencoderRequest("table1", options)], options, signal)),
    table2: subcommand({
      summary: "NAG before and after the low-momentum finish.",
      flags: momentumTableFlags,
    }, (options, signal) => runTables([autoencoderRequest("table2", options)], options, signal)),
    table3: subcommand({
      summary: "The scale of sparse initialization, and other initializations.",
      flags: initializationFlags,
    }, (options, signal) => runTables([autoencoderRequest("table3", options)], options, signal)),
    table4: subcommand(
      {
        summary: "The initialization of recurrent networks, a factor at a time.",
        flags: paperExperimentFlags,
      },
      (options, signal) => runPaperExperiment(table4, options, signal),
    ),
    table5: subcommand({
      summary: "Recurrent networks on problems with long-term dependencies.",
      flags: recurrentFlags,
    }, (options, signal) => runTables([recurrentRequest(options)], options, signal)),
    hf: subcommand({
      summary: "Hessian-free by its CG steps and its hot start, beside NAG at equal work.",
      flags: { ...momentumTableFlags, ...dialFlags },
    }, (options, signal) => runTables([autoencoderRequest("hf", options)], options, signal)),
    theory: subcommand({
      summary: "What the paper states of momentum, measured in float64 and on the GPU.",
      flags: theoryFlags,
    }, runTheory),
    phases: subcommand({
      summary: "Where momentum helps: branches into low and high momentum at several moments.",
      flags: phasesFlags,
    }, (options, signal) => runPhases(phasesRequest(options), options, signal)),
    all: subcommand({
      summary: "All of these but table4, of which the paper has no results, in one folder.",
      flags: allFlags,
    }, async (options, signal) => {
      const { tables, phases } = requestsOfAll(options);
      const isTrained = await runTables(tables, options, signal) &&
        await runPhases(phases, options, signal);
      // What cannot be shared among machines falls to the first.
      const isFirst = options.shard === undefined || options.shard.index === 1;
      if (isTrained && isFirst && !options.dryRun) await runTheory(options, signal);
    }),
  },
};

if (import.meta.main) await runSubcommands(paper);
