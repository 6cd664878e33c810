// Commands of paper.ts in this process, on networks of a second or two.

import { runPhases } from "../../../experiments/studies/phases.ts";
import {
  autoencoderFlags,
  autoencoderRequest,
  capFlags,
  paperFlags,
  phasesFlags,
  phasesRequest,
  recurrentFlags,
  recurrentRequest,
} from "../../../experiments/studies/options.ts";
import { runTables } from "../../../experiments/studies/tables.ts";
import { parseFlags } from "../../../experiments/terminal/flags.ts";

/** Two recurrent networks of one problem. */
const recurrent = [
  ...["--preset", "small", "--problem", "add", "--length", "10", "--hidden", "15", "--mu", "0.9"],
  ...["--updates", "40", "--warm-up-updates", "5", "--learning-rate", "0.01", "--batch-size", "5"],
  ...["--seed", "1", "--widen", "no"],
];

/** An autoencoder of each optimizer. */
const autoencoder = [
  ...["--preset", "small", "--layers", "784,9,3", "--updates", "20", "--finish", "5"],
  ...["--schedule-period", "2", "--learning-rate", "0.05", "--seed", "1", "--mu", "0.9"],
  ...["--batch-size", "20", "--widen", "no"],
];

/** A trunk and two branches at each of two moments. */
const phases = [
  ...["--preset", "small", "--layers", "784,9,3", "--schedule-period", "2", "--mu", "0.5,0.9"],
  ...["--learning-rate", "0.05", "--seed", "1", "--branch-at", "10,20", "--branch-updates", "10"],
  ...["--batch-size", "20"],
];

const autoencoderTable = { ...autoencoderFlags, ...capFlags, ...paperFlags };

/** The commands by name: each takes a folder, and flags besides those of its networks. */
export const small = {
  table1: (out: string, ...args: string[]) => carryOutTable("table1", out, args),
  table2: (out: string, ...args: string[]) => carryOutTable("table2", out, args),
  table5(out: string, ...args: string[]) {
    const options = parseFlags(recurrentFlags, [...recurrent, "--out", out, ...args]);
    return runTables([recurrentRequest(options)], options, interruption());
  },
  phases(out: string, ...args: string[]) {
    const options = parseFlags(phasesFlags, [...phases, "--out", out, ...args]);
    return runPhases(phasesRequest(options), options, interruption());
  },
};

/** A command of {@linkcode small}. */
export type Command = typeof small.table1;

function carryOutTable(name: "table1" | "table2", out: string, args: readonly string[]) {
  const options = parseFlags(autoencoderTable, [...autoencoder, "--out", out, ...args]);
  return runTables([autoencoderRequest(name, options)], options, interruption());
}

function interruption(): AbortSignal {
  return new AbortController().signal;
}
