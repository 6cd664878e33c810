// Commands of paper.ts in this process, on networks of a second or two.

import { paperFlags } from "../../../experiments/tables/session.ts";
import { runPhases } from "../../../experiments/studies/phases.ts";
import {
  autoencoderFlags,
  autoencoderRequest,
  capFlags,
  dialFlags,
  hessianFreeFlags,
  phasesFlags,
  phasesRequest,
  recurrentFlags,
  recurrentRequest,
} from "../../../experiments/tables/options.ts";
import { runTables } from "../../../experiments/tables/tables.ts";
import { injectFaults } from "../../../experiments/files/disk.ts";
import { readCells } from "../../../experiments/study/ledger.ts";
import { parseFlags } from "../../../experiments/terminal/flags.ts";
import { linesOnStderr } from "../processes.ts";
import { scratch } from "../scratch.ts";
import { smallImages } from "../small_images.ts";
import { names } from "../study/small_runs.ts";

/** CM and NAG of one recurrent network, each with two seeds: two stages. */
const recurrent = [
  ...["--preset", "small", "--problem", "add", "--length", "10", "--hidden", "15", "--mu", "0.9"],
  ...["--updates", "20", "--warm-up-updates", "5", "--learning-rate", "0.01", "--seed", "1,2"],
  ...["--batch-size", "200", "--widen", "no", "--checkpoint-every", "4"],
];

const folderOfImages = scratch();
Deno.test.afterAll(() => folderOfImages[Symbol.dispose]());
const images = smallImages(folderOfImages);

/** An autoencoder of each optimizer. */
const autoencoders = [
  ...["--preset", "small", ...images, "--layers", "784,9,3", "--updates", "20", "--finish", "5"],
  ...["--schedule-period", "2", "--learning-rate", "0.05", "--seed", "1", "--mu", "0.9"],
  ...["--batch-size", "20", "--widen", "no"],
];

/** Hessian-free beside them, in table 1. */
const secondOrder = ["--hf-updates", "1", "--hf-dagger-updates", "2"];

/** Two of its dial beside SGD and NAG. */
const dial = ["--cg-steps", "1,3", "--decay", "0,0.5", "--gradient-cases", "100"];

/** A trunk and two branches at each of two moments. */
const trunkAndBranches = [
  ...["--preset", "small", ...images, "--layers", "784,9,3", "--schedule-period", "2"],
  ...["--mu", "0.5,0.9", "--learning-rate", "0.05", "--seed", "1", "--batch-size", "20"],
  ...["--branch-at", "10,20", "--branch-updates", "10"],
];

/** A command of paper.ts; `args` take the place of its own flags of the same names. */
export interface SmallCommand {
  readonly command: "table1" | "table2" | "table5" | "hf" | "phases";
  readonly out: string;
  readonly args?: readonly string[];
  /** Without a budget by name, it is asked whether so much is meant. */
  readonly isAsked?: boolean;
  readonly interruption?: AbortSignal;
}

/** Carries one out, and gives what it says on stderr. Throws what it throws. */
export async function carryOutSmall(command: SmallCommand): Promise<string[]> {
  // What is printed is the report's, which has tests of its own.
  const { log } = console;
  console.log = () => {};
  try {
    return await linesOnStderr(() => start(command));
  } finally {
    console.log = log;
  }
}

function start(
  { command, out, args = [], isAsked, interruption = new AbortController().signal }: SmallCommand,
): Promise<boolean> {
  const networks = { table5: recurrent, phases: trunkAndBranches }[command as string] ??
    autoencoders;
  const own = networks.filter((_, i) => !args.includes(networks[i - i % 2]));
  const words = [...isAsked ? own.slice(2) : own, "--out", out, ...args];
  if (command === "phases") {
    const options = parseFlags(phasesFlags, words);
    return runPhases(phasesRequest(options), options, interruption);
  }
  if (command === "table5") {
    const options = parseFlags(recurrentFlags, words);
    return runTables([recurrentRequest(options)], options, interruption);
  }
  const flags = { ...autoencoderFlags, ...capFlags, ...paperFlags };
  if (command === "table1") {
    const options = parseFlags({ ...flags, ...hessianFreeFlags }, [...secondOrder, ...words]);
    return runTables([autoencoderRequest(command, options)], options, interruption);
  }
  if (command === "hf") {
    const options = parseFlags({ ...flags, ...dialFlags }, [...dial, ...words]);
    return runTables([autoencoderRequest(command, options)], options, interruption);
  }
  const options = parseFlags(flags, words);
  return runTables([autoencoderRequest(command, options)], options, interruption);
}

/** Acts once, when a file is renamed into place whose path has this form for the `count`th time. */
export function whenWritten(form: RegExp, act: () => void, count = 1): Disposable {
  let left = count;
  return injectFaults((call, path) => {
    if (call === "rename" && form.test(path) && --left === 0) act();
    return undefined;
  });
}

/** What any way to the same networks leaves: their figures, and tables without times. */
export function remains(out: string) {
  const results = [...readCells(out)].map(([id, { configuration, result }]) => ({
    id,
    configuration,
    // How long it had been trained at each report is another matter.
    result: { ...result, curve: result.curve.map((row) => ({ ...row, seconds: 0 })) },
  })).toSorted((a, b) => a.id < b.id ? -1 : 1);
  const tables = names(out).filter((name) => /^[^/]+\.csv$/.test(name) && name !== "cells.csv");
  return { results, tables: tables.map((name) => [name, Deno.readTextFileSync(`${out}/${name}`)]) };
}

/** When the files of cells were written last. */
export function timesOf(out: string): Record<string, number> {
  return Object.fromEntries(
    names(`${out}/cells`).map((
      name,
    ) => [name, Deno.statSync(`${out}/cells/${name}`).mtime!.getTime()]),
  );
}

/** What the folder's run.json says. */
export function recordOf(out: string) {
  return JSON.parse(Deno.readTextFileSync(`${out}/run.json`));
}
