// Whatever may go wrong with files and runs, again and again: deno task soak. The tests do the same
// in short.

import { InputError } from "../../core/errors.ts";
import { writeWhole } from "../../experiments/files/files.ts";
import { choices, integer, path } from "../../experiments/terminal/flags.ts";
import { runProgram } from "../../experiments/terminal/program.ts";
import { Ledger } from "./ledger.ts";
import { type SectionName, sections } from "./sections.ts";

const names = Object.keys(sections) as SectionName[];

const flags = {
  only: choices(names, { default: names, help: "The parts of it." }),
  seed: integer({
    atLeast: 0,
    atMost: 2 ** 31 - 1,
    shown: "another one each time; it is printed",
    help: "Fixes the cases, and the moments of kills and faults.",
  }),
  cases: integer({
    default: 120_000,
    atLeast: 1,
    unit: "cases",
    help: "Files and inputs, damaged or not, given to everything that reads.",
  }),
  kills: integer({
    default: 200,
    atLeast: 0,
    unit: "signals",
    help: "SIGKILL, SIGTERM, SIGINT and SIGHUP at random moments of small runs.",
  }),
  faults: integer({
    default: 20,
    atLeast: 0,
    unit: "of each kind",
    help:
      "Lost GPUs, full disks, lost folders, damaged states and cells, failing output, requests to save.",
  }),
  errors: integer({
    default: 400,
    atLeast: 0,
    unit: "runs",
    help: "Small runs during which a call on a file or folder fails.",
  }),
  steps: integer({
    default: 20_000,
    atLeast: 10,
    unit: "updates",
    help: "A multiple of 10, over which the memory of a trainer is watched.",
  }),
  trainers: integer({
    default: 500,
    atLeast: 50,
    unit: "trainers",
    help: "A multiple of 10, opened and closed while memory is watched.",
  }),
  out: path({ default: "results/soak", help: "The folder for the tables." }),
};

await runProgram({
  usage: "deno task soak",
  summary: "Tries what may go wrong with files and runs, again and again, and counts what is " +
    "survived. It takes about an hour.",
  flags,
}, async ({ only, seed = randomSeed(), out, ...amounts }, interruption) => {
  for (const name of ["steps", "trainers"] as const) {
    if (amounts[name] % 10 === 0) continue;
    throw new InputError(`--${name} must be a multiple of 10, not ${amounts[name]}`);
  }
  const ledger = new Ledger();
  console.log(`seed ${seed}`);
  for (const name of only) {
    console.error(name);
    await sections[name]({ ...amounts, seed, ledger, interruption });
  }
  Deno.mkdirSync(out, { recursive: true });
  writeWhole(`${out}/faults.csv`, ledger.toCSV());
  writeWhole(`${out}/faults.md`, `${ledger.toMarkdown()}\n(${provenance(seed)})\n`);
  console.log(`\n${ledger.toText()}\n\ntables in ${out}`);
  for (const failure of ledger.failures) console.error(`\n${failure}`);
  if (ledger.failures.length > 0) Deno.exitCode = 1;
});

function randomSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0] >>> 1;
}

function provenance(seed: number): string {
  const date = new Date().toISOString().slice(0, 10);
  return `\`deno task soak --seed ${seed}\`, Deno ${Deno.version.deno}, ${date}`;
}
