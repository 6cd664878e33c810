import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { InputError } from "../../../core/errors.ts";
import { readCells, writeCell } from "../../../experiments/study/cell.ts";
import { checkFolder, layTable, readTables } from "../../../experiments/studies/records.ts";
import { injectFaults } from "../../../experiments/files/disk.ts";
import { lockFolder } from "../../../experiments/files/lock.ts";
import { isSystemError } from "../../../experiments/terminal/program.ts";
import { type CallFault, callFaults, systemError } from "../files/disk_faults.ts";
import { linesOnStderr } from "../processes.ts";
import { scratch } from "../scratch.ts";
import { results, smallTables } from "../report/results.ts";

const { table2 } = smallTables;
const { cells } = results({ table2 }, () => ({ train: 2, test: 3 }));
const made = [...cells.values()].slice(0, 2);

/** What a command does to a folder of results, but for the training. */
function train(folder: string): void {
  checkFolder(folder);
  const { record } = layTable(folder, "table2", { preset: "small", configuration: table2 });
  record();
  using _lock = lockFolder(folder, { shared: true });
  for (const cell of made) writeCell(folder, cell);
  readCells(folder);
  readTables(folder);
}

async function survives({ call, name }: CallFault, first: number): Promise<void> {
  using scratchFolder = scratch({ inMemory: true });
  const folder = `${scratchFolder.path}/out`;
  let error: unknown, count = 0;
  const said = await linesOnStderr(() => {
    using _faults = injectFaults((called) =>
      called === call && count++ >= first ? systemError(name) : undefined
    );
    try {
      train(folder);
    } catch (thrown) {
      error = thrown;
    }
  });
  assertLessOrEqual(said.length, 1);
  assert(said.every((line) => line.startsWith("warning: ") && line.includes(folder)), said[0]);
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
