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
import { type PlannedNetwork, type PlannedTable, shardOf } from "./grid.ts";
import { onGPU } from "../study/on_gpu.ts";
import { makeReport } from "../report/report.ts";
import { sequencesOf } from "./networks.ts";
import { currentStage, networksOf, nextNetworks } from "./stages.ts";
import { trainNetworks, type Workshop } from "../study/train.ts";

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
  const plans = laid.map(({ plan }) => plan);
  const cells = readCells(folder);
  const asked = networksOf(plans, cells);
  for (const { configuration } of asked) {
    if (configuration.network === "recurrent") sequencesOf(configuration);
  }
  if (loaded?.remark) say(loaded.remark);
  const found = asked.filter(({ id }) => cells.has(id)).length;
  if (found > 0) say(`${found} of ${asked.length} networks are there already`);
  const begin = () => laid.forEach(({ record }) => record());
  if (missingOf(plans, options).length === 0) begin();
  else {
    const upload = first && uploader(loaded!, () => loadData(first.data, interruption));
    await onGPU(options.adapter, interruption, async ({ gpu, adapter }) => {
      using _lock = lockShare(folder, shard);
      const data = await upload?.(gpu);
      const { replicas } = options;
      await trainStages(plans, options, {
        ...{ gpu, adapter, folder, data, replicas, interruption, begin },
      });
    });
  }
  if (shard && nextNetworks(plans, readCells(folder)).length > 0) {
    say(
      "note: the next stage depends on the cells of all machines: put them into one folder and " +
        "repeat the command",
    );
  }
  await makeReport(folder);
}

/** Trains stage after stage: what the next one asks for depends on how the last one came out. */
async function trainStages(
  plans: readonly PlannedTable[],
  options: TableOptions,
  workshop: Workshop,
): Promise<void> {
  for (;;) {
    const missing = missingOf(plans, options);
    if (missing.length === 0) return;
    await trainNetworks(missing, workshop);
  }
}

/** The networks of this machine's share of the stage under way that have no cell yet. */
function missingOf(
  plans: readonly PlannedTable[],
  { out: folder, shard }: TableOptions,
): PlannedNetwork[] {
  const cells = readCells(folder);
  const stage = currentStage(plans, cells);
  const own = shard ? shardOf(stage, shard) : stage;
  return own.filter(({ id }) => !cells.has(id));
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
