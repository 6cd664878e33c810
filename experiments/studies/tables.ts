import { InputError } from "../../mod.ts";
import { type LoadedProblem, requireBatch, uploader } from "../problems/problem.ts";
import type { Share } from "../terminal/flags.ts";
import { list, makeFolder } from "../files/disk.ts";
import { lockFolder } from "../files/lock.ts";
import type { AdapterPreference } from "../study/adapter.ts";
import { say } from "../terminal/terminal.ts";
import type { AutoencoderBudget, RecurrentBudget } from "./budget.ts";
import { readCells } from "../study/cells.ts";
import { checkData, type DataOptions, identityOf, layersOf, loadData } from "./data.ts";
import { checkFolder, layTable, type TableConfiguration } from "../study/folder.ts";
import { networksOf, type PlannedNetwork, shardOf } from "./grid.ts";
import { onGPU } from "../study/on_gpu.ts";
import { makeReport } from "../report/report.ts";
import { sequencesOf } from "./networks.ts";
import { trainNetworks } from "../study/train.ts";

/** A table that a command asks for. */
export type TableRequest = AutoencoderRequest | RecurrentRequest;

interface AutoencoderRequest {
  readonly name: "table1" | "table2" | "table3";
  readonly preset: string;
  readonly budget: AutoencoderBudget;
  readonly data: DataOptions;
}

interface RecurrentRequest {
  readonly name: "table5";
  readonly preset: string;
  readonly budget: RecurrentBudget;
  readonly problems: readonly ("add" | "mul" | "mem-5" | "mem-20")[];
}

/** Where results go, and what is trained. */
export interface TableOptions {
  readonly out: string;
  readonly shard: Share | undefined;
  readonly replicas: number | undefined;
  readonly adapter: AdapterPreference;
}

/** Trains what the tables' folder still lacks, and makes the report of what it then holds. */
export async function trainTables(
  requests: readonly TableRequest[],
  options: TableOptions,
  interruption: AbortSignal,
): Promise<void> {
  const { out: folder, shard } = options;
  requests.forEach(checkRequest);
  checkFolder(folder);
  const first = requests.find((request) => request.name !== "table5");
  const loaded = first && await loadData(first.data, interruption);
  requests.forEach((request) => checkBatch(request, loaded));
  const laid = requests.map((request) =>
    layTable(folder, request.name, {
      preset: request.preset,
      configuration: configurationOf(request, loaded),
    })
  );
  const networks = networksOf(laid.map(({ plan }) => plan));
  for (const { configuration } of networks) {
    if (configuration.network === "recurrent") sequencesOf(configuration);
  }
  if (loaded?.remark) say(loaded.remark);
  const own = shard ? shardOf(networks, shard) : networks;
  const missing = missingOf(own, folder);
  if (own.length > missing.length) {
    say(`${own.length - missing.length} of ${own.length} networks are there already`);
  }
  const begin = () => laid.forEach(({ record }) => record());
  if (missing.length === 0) begin();
  else {
    const upload = first && uploader(loaded!, () => loadData(first.data, interruption));
    await onGPU(options.adapter, interruption, async ({ gpu, adapter }) => {
      using _lock = lockShare(folder, shard);
      const data = await upload?.(gpu);
      const { replicas } = options;
      const workshop = { gpu, adapter, folder, data, replicas, interruption, begin };
      await trainNetworks(missingOf(own, folder), workshop);
    });
  }
  await makeReport(folder);
}

/** The networks that have no cell yet. */
function missingOf(networks: readonly PlannedNetwork[], folder: string): PlannedNetwork[] {
  const done = readCells(folder);
  return networks.filter(({ id }) => !done.has(id));
}

/**
 * Keeps the folder, or a machine's share of it, for this process. Throws InputError where another
 * process trains the same networks: all of them, the same share, or one by another division.
 */
function lockShare(folder: string, shard: Share | undefined): Disposable {
  makeFolder(folder);
  if (!shard) return lockFolder(folder);
  const shards = `${folder}/shards`;
  const own = `${shard.index}-of-${shard.count}`;
  makeFolder(`${shards}/${own}`);
  using locks = new DisposableStack();
  locks.use(lockFolder(folder, { shared: true }));
  locks.use(lockFolder(`${shards}/${own}`));
  for (const name of list(shards)) {
    if (!name.endsWith(`-of-${shard.count}`)) lockFolder(`${shards}/${name}`)[Symbol.dispose]();
  }
  return locks.move();
}

/** Of a hidden unit under echo-state initialization (paper, Table 4). */
const RECURRENT_CONNECTIONS = 15;

/** Checks what can be checked before anything is read. */
function checkRequest(request: TableRequest): void {
  const { updates } = request.budget;
  if (request.name === "table5") {
    const { warmUpUpdates, hidden } = request.budget;
    if (hidden < RECURRENT_CONNECTIONS) {
      throw new InputError(
        `--hidden ${hidden} is less than the ${RECURRENT_CONNECTIONS} incoming connections of a ` +
          "unit: give as many or more",
      );
    }
    if (warmUpUpdates < updates) return;
    throw new InputError(
      `--updates ${updates} ends within the warm-up of ${warmUpUpdates}: give more, or ` +
        `--warm-up-updates 0 to ${updates - 1}`,
    );
  }
  const { budget: { finish, layers }, data } = request;
  if (finish > updates) {
    throw new InputError(
      `--updates ${updates} is shorter than the low-momentum finish of ${finish}: give at least as ` +
        `many, or --finish 0 to ${updates}`,
    );
  }
  checkData(data, layers);
}

function checkBatch(request: TableRequest, loaded: LoadedProblem | undefined): void {
  const { batchSize } = request.budget;
  if (request.name !== "table5" && loaded) requireBatch(batchSize, loaded);
}

function configurationOf(
  request: TableRequest,
  loaded: LoadedProblem | undefined,
): TableConfiguration {
  if (request.name === "table5") {
    const { problems, budget } = request;
    return { problems, budget };
  }
  const { layers, ...budget } = request.budget;
  const { problem } = request.data;
  return { problem, layers: layersOf(problem, layers), data: identityOf(loaded!.source), budget };
}
