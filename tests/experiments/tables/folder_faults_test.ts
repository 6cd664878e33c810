import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { injectFaults } from "../../../experiments/files/disk.ts";
import { layTable, readTables } from "../../../experiments/tables/records.ts";
import { paperFlags, paperSession } from "../../../experiments/tables/session.ts";
import { Ledger, readCells } from "../../../experiments/study/ledger.ts";
import { recordRun } from "../../../experiments/study/run.ts";
import { parseFlags } from "../../../experiments/terminal/flags.ts";
import { isSystemError } from "../../../experiments/terminal/program.ts";
import { InputError } from "../../../mod.ts";
import { type CallFault, callFaults, systemError } from "../files/disk_faults.ts";
import { linesOnStderr } from "../processes.ts";
import { results, smallTables } from "../report/results.ts";
import { scratch } from "../scratch.ts";

const { table2 } = smallTables;
const { cells } = results({ table2 }, () => ({ train: 2, test: 3 }));
const made = [...cells.values()].slice(0, 2);

/** What a command does to a folder of results, but for the training. */
async function train(folder: string): Promise<void> {
  const { earlier, interruption, isShared } = paperSession(
    parseFlags(paperFlags, ["--out", folder]),
    new AbortController().signal,
  );
  const { record } = layTable(folder, "table2", { preset: "small", configuration: table2 });
  await recordRun({
    ...{ program: "paper", folder, details: {}, interruption, earlier, isShared, args: [] },
  }, (run) => {
    const ledger = new Ledger(folder, run);
    run.begin();
    record(run.write.bind(run));
    for (const cell of made.filter(({ id }) => !ledger.cells.has(id))) ledger.put(cell);
    ledger.settle();
    return Promise.resolve();
  });
}

async function survives({ call, name }: CallFault, first: number): Promise<void> {
  using scratchFolder = scratch({ inMemory: true });
  const folder = `${scratchFolder.path}/out`;
  let error: unknown, count = 0;
  const said = await linesOnStderr(async () => {
    using _faults = injectFaults((called) =>
      called === call && count++ >= first ? systemError(name) : undefined
    );
    try {
      await train(folder);
    } catch (thrown) {
      error = thrown;
    }
  });
  Deno.exitCode = 0;
  // What the disk cannot do, what could not be written, and at the end what is missing.
  assertLessOrEqual(said.filter((line) => line.includes("could not be written")).length, 1);
  assertLessOrEqual(said.filter((line) => line.startsWith("error: not saved in ")).length, 1);
  assertLessOrEqual(said.length, 3);
  assert(said.every((line) => line.includes(folder)), said.join("\n"));
  if (error !== undefined) {
    assert(error instanceof InputError || isSystemError(error), String(error));
    const { message } = error as Error;
    assert(message.includes(folder) && !message.includes("\n"), message);
  }
  // The same command again ends well, with every network as it is.
  assertEquals(await linesOnStderr(() => train(folder)), []);
  assertEquals(readTables(folder).length, 1);
  assertEquals([...readCells(folder).values()].toSorted(byId), made.toSorted(byId));
}

function byId(a: { id: string }, b: { id: string }): number {
  return a.id < b.id ? -1 : 1;
}

Deno.test("a folder of results survives every error of every call, or tells its path", async () => {
  const failures: string[] = [];
  for (const fault of callFaults) {
    for (const first of [0, 1, 2, 5, 9, 14]) {
      try {
        await survives(fault, first);
      } catch (error) {
        failures.push(`${fault.call} ${fault.name} from ${first}: ${error}`);
      }
    }
  }
  assertEquals(failures.slice(0, 20), [], `${failures.length} failures`);
});
