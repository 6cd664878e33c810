import { autoencoder, InputError, paperProblems, replicasThatFit } from "../../mod.ts";
import { requireBatch, uploader } from "../problems/problem.ts";
import { makeFolder } from "../files/disk.ts";
import { exists } from "../files/files.ts";
import { lockFolder } from "../files/lock.ts";
import { showProgress } from "../terminal/progress.ts";
import type { AdapterPreference } from "../study/adapter.ts";
import { memoryFor } from "../study/training.ts";
import type { PhasesBudget } from "./budget.ts";
import { readCells } from "../study/cells.ts";
import { checkData, type DataOptions, identityOf, layersOf, loadData } from "./data.ts";
import { checkFolder, layPhases } from "../study/folder.ts";
import type { PlannedNetwork } from "./grid.ts";
import { onGPU } from "../study/on_gpu.ts";
import type { PlannedPhases } from "./phases_grid.ts";
import { writePhases } from "./phases_section.ts";
import { makeReport } from "../report/report.ts";
import { type Place, type Round, trainRound } from "../study/round.ts";
import { readCheckpoint, savedUpdates, statePath } from "../study/round_checkpoint.ts";
import { say } from "../terminal/terminal.ts";

/** The experiment that a command asks for. */
export interface PhasesRequest {
  readonly preset: string;
  readonly budget: PhasesBudget;
  readonly data: DataOptions;
}

/** Trains what a folder still lacks of the experiment, and puts it into the folder's report. */
export async function runPhases(
  { preset, budget: { layers, ...budget }, data }: PhasesRequest,
  options: { out: string; adapter: AdapterPreference },
  interruption: AbortSignal,
): Promise<void> {
  const { out: folder } = options;
  checkBudget(budget);
  checkData(data, layers);
  checkFolder(folder);
  const { problem } = data;
  const loaded = await loadData(data, interruption);
  requireBatch(budget.batchSize, loaded);
  if (loaded.remark) say(loaded.remark);
  const encoder = layersOf(problem, layers);
  const configuration = { problem, layers: encoder, data: identityOf(loaded.source), budget };
  const { plan, record } = layPhases(folder, { preset, configuration });
  const networks = [plan.trunk, ...plan.branchings.map(({ networks }) => networks)].flat();
  const cells = readCells(folder);
  if (networks.some(({ id }) => !cells.has(id))) {
    const upload = uploader(loaded, () => loadData(data, interruption));
    await onGPU(options.adapter, interruption, async ({ gpu, adapter }) => {
      makeFolder(folder);
      using _lock = lockFolder(folder);
      const network = { ...paperProblems[problem], layers: encoder };
      const model = autoencoder({ ...network, ...await upload(gpu) });
      replicasThatFit(gpu, model, { batchSize: budget.batchSize, budget: memoryFor(gpu) });
      record();
      const done = new Set(readCells(folder).keys());
      await trainPhases(plan, { model, place: { gpu, adapter, folder, interruption }, done });
    });
  }
  await writePhases(folder, plan);
  await makeReport(folder);
}

function checkBudget({ mu, branchAt }: Omit<PhasesBudget, "layers">): void {
  if (mu.length < 2) {
    throw new InputError(`--mu names ${mu.length} cap: branches differ in it, so give two or more`);
  }
  if (branchAt.length === 0) throw new InputError("--branch-at names no update");
}

interface Leg {
  readonly networks: readonly PlannedNetwork[];
  /** The update it begins at; 0 for the trunk. */
  readonly begin: number;
}

/** Trains what is missing: the trunk, then the branches of each moment. */
async function trainPhases(
  { trunk, branchings }: PlannedPhases,
  { model, place, done }: {
    model: Round["model"];
    place: Place;
    done: ReadonlySet<string>;
  },
): Promise<void> {
  const { folder } = place;
  const missing: Leg[] = branchings.filter(({ networks }) =>
    networks.some(({ id }) => !done.has(id))
  )
    .map(({ at, networks }) => ({ begin: at, networks }));
  const isTrunkDone = trunk.every(({ id }) => done.has(id)) &&
    missing.every(({ begin }) => exists(statePath(folder, trunk, begin)));
  const legs = isTrunkDone ? missing : [{ networks: trunk, begin: 0 }, ...missing];
  const starts = await Promise.all(
    legs.map(async ({ networks, begin }) => Math.max(begin, await savedUpdates(folder, networks))),
  );
  const left = legs.map(({ networks }, i) =>
    networks.length * (networks[0].configuration.updates - starts[i])
  );
  const total = left.reduce((sum, length) => sum + length, 0);
  using progress = showProgress({ total, unit: "network updates" });
  let before = 0;
  for (const [i, leg] of legs.entries()) {
    const { networks, begin } = leg;
    const round = begin === 0
      ? { model, networks, keep: branchings.map(({ at }) => at) }
      : { model, networks, from: await branchOff(trunk, leg, place) };
    await trainRound(
      round,
      place,
      (update, best) =>
        progress.report(before + networks.length * (update - starts[i]), {
          phase: begin === 0 ? "trunk" : `branches at ${begin}`,
          "best error": best,
        }),
    );
    before += left[i];
  }
}

/** The trunk's networks as they were, each once for every branch of its seed. */
async function branchOff(
  trunk: readonly PlannedNetwork[],
  { networks, begin }: Leg,
  { folder, adapter }: Place,
) {
  const { state } = await readCheckpoint(statePath(folder, trunk, begin), adapter);
  const seeds = trunk.map(({ configuration }) => configuration.seed);
  const replicas = networks.map(({ configuration: { seed } }) =>
    state.replicas[seeds.indexOf(seed)]
  );
  return { ...state, replicas };
}
