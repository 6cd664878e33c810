import { Purpose, RandomStream } from "../../core/random.ts";
import { exists } from "../../experiments/files/files.ts";
import { showProgress } from "../../experiments/terminal/progress.ts";
import { type Scratch, scratch } from "../experiments/scratch.ts";
import { smallAutoencoders, smallRecurrentNetworks } from "../experiments/study/small_runs.ts";
import { properties } from "../properties/all.ts";
import { Checker, type Tally } from "../properties/checker.ts";
import { faults } from "./faults.ts";
import { killAgainAndAgain, type KillSignal } from "./kills.ts";
import { assertNoLeak, leakKinds, operandKinds } from "./leaks.ts";
import type { Ledger } from "./ledger.ts";
import { type Reference, referenceOf } from "./session.ts";
import { befallBySystemError, undisturbedRun } from "./system_errors.ts";

/** How much a section tries, and where it enters what came of it. */
export interface Soak {
  /** Fixes all that is drawn at random. */
  readonly seed: number;
  /** Cases of properties. */
  readonly cases: number;
  /** Signals to runs. */
  readonly kills: number;
  /** Faults of each other kind. */
  readonly faults: number;
  /** Runs during which a call of the system fails. */
  readonly errors: number;
  /** Updates, and trainers, over which memory is watched. */
  readonly steps: number;
  readonly trainers: number;
  readonly ledger: Ledger;
  /** Aborted where the user wants no more of it. */
  readonly interruption: AbortSignal;
}

/** The parts of the soak, by name. Each resolves also where something was not survived. */
export const sections = {
  properties: tryProperties,
  kills: tryKills,
  faults: tryFaults,
  errors: trySystemErrors,
  leaks: tryLeaks,
};

/** The name of a section. */
export type SectionName = keyof typeof sections;

const input = {
  section: "properties",
  fault: "damaged, foreign or hostile file, table or command line",
  survival: "a value or an error of one line, in bounded time and memory",
};
const roundTrip = {
  section: "properties",
  fault: "array, table, state or setting of any content, written and read",
  survival: "the same bits",
};

async function tryProperties({ seed, cases, ledger, interruption }: Soak): Promise<void> {
  const shares = properties.reduce((sum, { share }) => sum + share, 0);
  using checker = await Checker.open();
  using progress = showProgress({ total: cases, unit: "cases" });
  let done = 0;
  for (const { name } of properties) {
    if (interruption.aborted) return;
    const onProgress = (tally: Tally) => progress.update(done + sum(tally), { property: name });
    try {
      const trial = { name, cases: Math.ceil(cases / shares), seed, onProgress };
      const tally = await checker.check(trial);
      ledger.survived({ ...input, count: tally.read + tally.refused });
      ledger.survived({ ...roundTrip, count: tally.kept });
      done += sum(tally);
    } catch (error) {
      ledger.failed(input, error);
    }
  }
}

function sum(tally: Tally): number {
  return Object.values(tally).reduce((sum, count) => sum + count);
}

async function tryKills({ seed, kills, ledger, interruption }: Soak): Promise<void> {
  using folder = scratch();
  const random = new RandomStream(seed, Purpose.probe);
  const references = await referencesIn(folder);
  using progress = showProgress({ total: kills, unit: "kills" });
  const entry = (signal: string) => ({
    section: "kills",
    fault: `${signal} at any moment of a run`,
    survival: "what was saved is whole; --resume ends with the same files and bits",
  });
  let done = 0;
  const onKill = (signal: KillSignal) => {
    ledger.survived(entry(signal));
    progress.update(++done);
  };
  for (let run = 0; done < kills && !interruption.aborted; run++) {
    const reference = references[run % references.length], out = `${folder.path}/${run}`;
    try {
      await killAgainAndAgain({ reference, out, random, most: kills - done, onKill });
    } catch (error) {
      if (interruption.aborted) return;
      ledger.failed(entry("any signal"), error);
      done++;
    }
  }
}

/** So many trials are made of a fault for each time that it is to come about, at most. */
const MISSES = 6;

async function tryFaults({ seed, faults: count, ledger, interruption }: Soak): Promise<void> {
  using folder = scratch();
  const random = new RandomStream(seed, Purpose.probe);
  const references = await referencesIn(folder);
  using progress = showProgress({ total: faults.length * count, unit: "faults" });
  for (const [kind, { name, survival, befall }] of faults.entries()) {
    const entry = { section: "faults", fault: name, survival };
    // What is drawn may lie behind the end of a run, and never come about.
    const most = MISSES * count;
    for (
      let tried = 0, trial = 0;
      tried < count && trial < most && !interruption.aborted;
      trial++
    ) {
      const reference = references[trial % references.length];
      const out = `${folder.path}/${kind}-${trial}`;
      try {
        const survived = await befall({ reference, out, random });
        ledger.survived({ ...entry, count: survived });
        tried += survived;
      } catch (error) {
        if (interruption.aborted) return;
        ledger.failed(entry, error);
        tried++;
      }
      progress.update(kind * count + Math.min(tried, count), { fault: name });
    }
  }
}

async function trySystemErrors({ seed, errors, ledger, interruption }: Soak): Promise<void> {
  using folder = scratch({ inMemory: true });
  const random = new RandomStream(seed, Purpose.probe);
  const entry = {
    section: "errors",
    fault: "call on a file or folder refused by the system, by any of its errors",
    survival:
      "one warning of each consequence, or a refusal; --resume ends with the same files and bits",
  };
  const undisturbed = await undisturbedRun(`${folder.path}/whole`);
  using progress = showProgress({ total: errors, unit: "runs" });
  for (
    let tried = 0, trial = 0;
    tried < errors && trial < MISSES * errors && !interruption.aborted;
    trial++
  ) {
    const out = `${folder.path}/${trial}`;
    try {
      const count = await befallBySystemError({ folder: out, random, undisturbed });
      ledger.survived({ ...entry, count });
      tried += count;
    } catch (error) {
      ledger.failed(entry, error);
      tried++;
    }
    if (exists(out)) Deno.removeSync(out, { recursive: true });
    progress.update(tried);
  }
}

/** Both programs, undisturbed. */
async function referencesIn(folder: Scratch): Promise<Reference[]> {
  const references: Reference[] = [];
  for (const run of [smallAutoencoders(folder), smallRecurrentNetworks]) {
    references.push(await referenceOf(run, `${folder.path}/whole-${references.length}`));
  }
  return references;
}

async function tryLeaks({ steps, trainers, ledger, interruption }: Soak): Promise<void> {
  const trials = { steps, trainers };
  const words = { steps: "update of one trainer", trainers: "trainer opened and closed" };
  using progress = showProgress({ total: 4, unit: "watches of memory" });
  let done = 0;
  for (const kind of leakKinds) {
    for (const operands of operandKinds) {
      if (interruption.aborted) return;
      const entry = { section: "leaks", fault: words[kind], survival: "memory is flat" };
      try {
        await assertNoLeak({ kind, count: trials[kind], operands });
        ledger.survived({ ...entry, count: trials[kind] });
      } catch (error) {
        ledger.failed(entry, error);
      }
      progress.update(++done);
    }
  }
}
