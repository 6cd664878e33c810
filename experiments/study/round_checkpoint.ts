import { decodeCheckpoint, encodeCheckpoint, InputError, type TrainerState } from "../../mod.ts";
import { dirname } from "node:path";
import { list, makeFolder } from "../files/disk.ts";
import { exists, readWhole, removeIfThere, sha256, writeWhole } from "../files/files.ts";
import { say } from "../terminal/terminal.ts";
import { cellPath, type CellResult, type Errors } from "./cells.ts";
import type { PlannedNetwork } from "../studies/grid.ts";

/** What a round has found out so far, beside the networks themselves. */
export interface Findings {
  /** Of each network. */
  readonly curves: CellResult["curve"][];
  readonly divergedAt: (number | null)[];
  /** The errors where the low-momentum finish began; null before that. */
  beforeFinish: Errors[] | null;
  /** How long it was trained. */
  seconds: number;
}

/** An unfinished round. */
export interface RoundCheckpoint {
  /** Their IDs. */
  readonly networks: readonly string[];
  readonly state: TrainerState;
  readonly findings: Findings;
}

/** What a round knows before it begins. */
export function noFindings(networks: readonly PlannedNetwork[]): Findings {
  return {
    curves: networks.map(() => []),
    divergedAt: networks.map(() => null),
    beforeFinish: null,
    seconds: 0,
  };
}

/** The file of a round that is not finished: named by its networks. */
export function checkpointPath(folder: string, networks: readonly PlannedNetwork[]): string {
  return pathOf(folder, networks.map(({ id }) => id));
}

function pathOf(folder: string, ids: readonly string[]): string {
  return `${folder}/rounds/${nameOf(ids)}.safetensors`;
}

/** The file of what a round was after an update. */
export function statePath(
  folder: string,
  networks: readonly PlannedNetwork[],
  update: number,
): string {
  return `${folder}/rounds/${nameOf(networks.map(({ id }) => id))}-${update}.safetensors`;
}

function nameOf(ids: readonly string[]): string {
  return sha256(new TextEncoder().encode(ids.join())).slice(0, 16);
}

/** Writes the checkpoint of a round: under its name it is complete, or the one before it. */
export async function writeCheckpoint(
  path: string,
  { networks, state, findings }: RoundCheckpoint,
  adapter: string,
): Promise<void> {
  const said = { networks: networks.join(), findings: JSON.stringify(findings), adapter };
  const bytes = await encodeCheckpoint(state, said);
  makeFolder(dirname(path));
  writeWhole(path, bytes);
}

/** Updates after which an unfinished round was saved; 0 where it has not begun. */
export async function savedUpdates(
  folder: string,
  networks: readonly PlannedNetwork[],
): Promise<number> {
  const path = checkpointPath(folder, networks);
  return exists(path) ? (await read(path)).state.update : 0;
}

/**
 * Reads the checkpoint of a round; says so on stderr where another adapter wrote it. Throws
 * InputError, in words that name the file, where it is damaged.
 */
export async function readCheckpoint(path: string, adapter: string): Promise<RoundCheckpoint> {
  const { trainedOn, ...checkpoint } = await read(path);
  if (trainedOn !== adapter) {
    say(`${path} was trained on ${trainedOn}: its last bits may differ`);
  }
  return checkpoint;
}

/**
 * The networks of the rounds that were left unfinished, of those that are `wanted`. A round of more
 * than `most` of them, or of others beside them, is divided first: the others keep a checkpoint.
 */
export async function unfinishedRounds(
  folder: string,
  wanted: readonly PlannedNetwork[],
  most: number,
): Promise<PlannedNetwork[][]> {
  const left = new Map(wanted.map((network) => [network.id, network]));
  const rounds: PlannedNetwork[][] = [];
  for (const path of unfinishedPaths(folder)) {
    const checkpoint = await readIfThere(path);
    if (!checkpoint) continue;
    const { networks: ids } = checkpoint;
    const own = ids.flatMap((id) => left.get(id) ?? []);
    if (own.length === 0) continue;
    own.forEach(({ id }) => left.delete(id));
    const parts = evenParts(own, most);
    if (parts[0].length < ids.length) {
      const isOwn = new Set(own.map(({ id }) => id));
      const others = ids.filter((id) => !isOwn.has(id) && !exists(cellPath(folder, id)));
      const divided = [...parts.map((part) => part.map(({ id }) => id)), others];
      for (const networks of divided.filter(({ length }) => length > 0)) {
        const part = partOf(checkpoint, networks);
        await writeCheckpoint(pathOf(folder, networks), part, checkpoint.trainedOn);
      }
      removeIfThere(path);
    }
    rounds.push(...parts);
  }
  return rounds;
}

/** Parts of about equal length, of `most` items at most. */
export function evenParts<T>(items: readonly T[], most: number): T[][] {
  const count = Math.ceil(items.length / most), size = Math.ceil(items.length / count);
  return Array.from({ length: count }, (_, i) => items.slice(size * i, size * (i + 1)));
}

function unfinishedPaths(folder: string): string[] {
  const rounds = `${folder}/rounds`;
  if (!exists(rounds)) return [];
  return list(rounds).filter((name) => /^[0-9a-f]{16}\.safetensors$/.test(name))
    .map((name) => `${rounds}/${name}`);
}

/** Another machine, with a share of its own, may have finished the round meanwhile. */
async function readIfThere(path: string): Promise<CheckpointOf | undefined> {
  try {
    return await read(path);
  } catch (error) {
    if (exists(path)) throw error;
  }
}

/** What a checkpoint says of some of its networks. */
function partOf(
  { networks: ids, state, findings }: RoundCheckpoint,
  networks: readonly string[],
): RoundCheckpoint {
  const those = <T>(values: readonly T[]) => networks.map((id) => values[ids.indexOf(id)]);
  const { curves, divergedAt, beforeFinish, seconds } = findings;
  return {
    networks,
    state: { ...state, replicas: those(state.replicas) },
    findings: {
      curves: those(curves),
      divergedAt: those(divergedAt),
      beforeFinish: beforeFinish && those(beforeFinish),
      seconds: seconds * networks.length / ids.length,
    },
  };
}

/** A checkpoint, and the adapter that wrote it. */
type CheckpointOf = RoundCheckpoint & { readonly trainedOn: string };

async function read(path: string): Promise<CheckpointOf> {
  try {
    const { state, metadata } = await decodeCheckpoint(readWhole(path));
    if (!metadata.networks) throw new InputError("names no networks");
    const findings = JSON.parse(metadata.findings) as Findings;
    return { networks: metadata.networks.split(","), state, findings, trainedOn: metadata.adapter };
  } catch (error) {
    if (!(error instanceof InputError || error instanceof SyntaxError)) throw error;
    throw new InputError(`${path}: ${error.message}; delete it, and the round begins anew`);
  }
}
