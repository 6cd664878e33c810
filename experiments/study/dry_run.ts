import { replicaBytes } from "../../mod.ts";
import { formatDuration } from "../terminal/progress.ts";
import { print } from "../terminal/terminal.ts";
import type { Ending } from "./ending.ts";
import { expectedSeconds } from "./expected_time.ts";
import { layRounds, readRound, type Yard } from "./lay.ts";
import type { PlannedCell } from "./ledger.ts";
import { networksOf } from "./race_cell.ts";

/** Prints what the training of networks would take. */
export async function dryRun(
  missing: readonly PlannedCell[],
  yard: Yard & { readonly ending: Ending },
  most: number,
): Promise<void> {
  const rounds = await layRounds(missing, most, yard);
  const sizes = await Promise.all(rounds.map(async (round) => {
    const { model, kind, cells } = await readRound(round, yard);
    const optimizers = cells.map(({ configuration }) => kind.replica(configuration).optimizer);
    const { batchSize } = cells[0].configuration;
    return networksOf(cells) *
      replicaBytes(yard.machine.gpu, model, { batchSize, optimizers }).total;
  }));
  const seconds = await expectedSeconds(rounds, yard);
  const largest = Math.max(...rounds.map(({ cells }) => networksOf(cells)));
  print([
    `networks  ${networksOf(missing)}`,
    `rounds    ${rounds.length}, of at most ${largest} side by side`,
    `memory    ${mebibytes(Math.max(...sizes))} on the GPU`,
    `time      about ${formatDuration(seconds)}`,
  ].join("\n"));
}

function mebibytes(bytes: number): string {
  return `${Math.ceil(bytes / 2 ** 20)} MiB`;
}
