import { InputError, openGPU, paperProblems } from "../../mod.ts";
import { curves } from "../problems/curves.ts";
import { faces } from "../problems/faces.ts";
import { mnist } from "../problems/mnist.ts";
import { chooseNetwork } from "../problems/network.ts";
import type { DataSource, LoadedProblem, Problem } from "../problems/problem.ts";
import type { Share } from "../shared/flags.ts";
import { type AdapterPreference, describeAdapter, ensureAdapter } from "../shared/setup.ts";
import type { AutoencoderBudget, RecurrentBudget } from "./budget.ts";
import { readCells } from "./cells.ts";
import { checkFolder, layTable, type TableConfiguration } from "./folder.ts";
import { networksOf, type PlannedNetwork, shardOf } from "./grid.ts";
import { makeReport } from "./report/report.ts";
import { trainNetworks } from "./train.ts";

const problems: Record<"curves" | "mnist" | "faces", Problem> = { curves, mnist, faces };

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

/** What autoencoders learn; all tables of a command learn the same. */
export interface DataOptions {
  readonly problem: "curves" | "mnist" | "faces";
  readonly data: string | undefined;
  readonly dataSeed: number;
  readonly download: boolean;
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
  const loaded = first && await load(first.data, interruption);
  const tables = requests.map((request) =>
    layTable(folder, request.name, {
      preset: request.preset,
      configuration: configurationOf(request, loaded),
    })
  );
  const done = readCells(folder);
  const networks = networksOf(tables);
  const own = shard ? shardOf(networks, shard) : networks;
  const missing = own.filter(({ id }) => !done.has(id));
  if (own.length > missing.length) {
    console.error(`${own.length - missing.length} of ${own.length} networks are there already`);
  }
  if (missing.length > 0) await trainMissing(missing, loaded, options, interruption);
  await makeReport(folder);
}

async function trainMissing(
  networks: readonly PlannedNetwork[],
  loaded: LoadedProblem | undefined,
  options: TableOptions,
  interruption: AbortSignal,
): Promise<void> {
  const adapter = await ensureAdapter(options.adapter, interruption);
  console.error(`adapter: ${describeAdapter(adapter)}`);
  using gpu = await openGPU({ adapter });
  await trainNetworks(networks, {
    gpu,
    adapter: describeAdapter(adapter),
    folder: options.out,
    data: loaded?.upload(gpu),
    replicas: options.replicas,
    interruption,
  });
}

/** Checks what can be checked before anything is read. */
function checkRequest(request: TableRequest): void {
  const { updates } = request.budget;
  if (request.name === "table5") {
    const { warmUpUpdates } = request.budget;
    if (warmUpUpdates < updates) return;
    throw new InputError(
      `--updates ${updates} ends within the warm-up of ${warmUpUpdates}: give more, or ` +
        `--warm-up-updates 0 to ${updates - 1}`,
    );
  }
  const { budget: { finish }, data: { problem, download } } = request;
  if (finish > updates) {
    throw new InputError(
      `--updates ${updates} is shorter than the low-momentum finish of ${finish}: give at least as ` +
        `many, or --finish 0 to ${updates}`,
    );
  }
  if (download && problem !== "mnist") {
    throw new InputError(`--download yes is for mnist alone: ${problem} is on no mirror`);
  }
  layersOf(request);
}

function load(
  { problem, ...rest }: DataOptions,
  interruption: AbortSignal,
): Promise<LoadedProblem> {
  const { outputUnit, layers: [width] } = paperProblems[problem];
  return problems[problem].load({ ...rest, width, outputUnit, interruption });
}

function layersOf({ data: { problem }, budget: { layers } }: AutoencoderRequest) {
  return chooseNetwork({ problem, layers, outputUnit: undefined, loss: undefined }).layers;
}

function configurationOf(
  request: TableRequest,
  loaded: LoadedProblem | undefined,
): TableConfiguration {
  if (request.name === "table5") {
    const { problems, budget } = request;
    return { problems, budget };
  }
  const { layers: _, ...budget } = request.budget;
  return {
    problem: request.data.problem,
    layers: layersOf(request),
    data: identityOf(loaded!.source),
    budget,
  };
}

/** What the data are, wherever their files lie: "stand-in, seed 1". */
function identityOf({ kind, files, seed }: DataSource): string {
  const sums = Array.isArray(files) ? files.map(({ sha256 }) => `SHA-256 ${sha256}`) : [];
  return [kind, ...sums, ...seed === undefined ? [] : [`seed ${seed}`]].join(", ");
}
