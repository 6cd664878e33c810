import { decodeCheckpoint, encodeCheckpoint, InputError, type TrainerState } from "../../mod.ts";
import { readWhole, sha256, writeWhole } from "../shared/files.ts";
import type { CellResult, Errors } from "./cells.ts";
import type { PlannedNetwork } from "./grid.ts";

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
  return `${folder}/rounds/${nameOf(networks)}.safetensors`;
}

/** The file of what a round was after an update. */
export function statePath(
  folder: string,
  networks: readonly PlannedNetwork[],
  update: number,
): string {
  return `${folder}/rounds/${nameOf(networks)}-${update}.safetensors`;
}

function nameOf(networks: readonly PlannedNetwork[]): string {
  return sha256(new TextEncoder().encode(networks.map(({ id }) => id).join())).slice(0, 16);
}

/** Writes the checkpoint of a round: under its name it is complete, or the one before it. */
export async function writeCheckpoint(
  path: string,
  { state, findings }: RoundCheckpoint,
  adapter: string,
): Promise<void> {
  const bytes = await encodeCheckpoint(state, { findings: JSON.stringify(findings), adapter });
  Deno.mkdirSync(path.replace(/[^/]*$/, ""), { recursive: true });
  writeWhole(path, bytes);
}

/**
 * Reads the checkpoint of a round; says so on stderr where another adapter wrote it. Throws
 * InputError, in words that name the file, where it is damaged.
 */
export async function readCheckpoint(path: string, adapter: string): Promise<RoundCheckpoint> {
  try {
    const { state, metadata } = await decodeCheckpoint(readWhole(path));
    if (metadata.adapter !== adapter) {
      console.error(`${path} was trained on ${metadata.adapter}: its last bits may differ`);
    }
    return { state, findings: JSON.parse(metadata.findings) as Findings };
  } catch (error) {
    if (!(error instanceof InputError || error instanceof SyntaxError)) throw error;
    throw new InputError(`${path}: ${error.message}; delete it, and the round begins anew`);
  }
}
