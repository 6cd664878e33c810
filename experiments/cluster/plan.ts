import { Ledger, type PlannedCell } from "../study/ledger.ts";
import { shareOf } from "../study/missing.ts";
import { type Laid, missingIn, planOnly, type Session } from "../study/study.ts";
import { type ProgramName, programs } from "./programs.ts";

/** A command that machines share. */
export interface SharedCommand {
  readonly program: ProgramName;
  /** Its words, but for those of the folder and of the share. */
  readonly args: readonly string[];
  /** The folder for the results, which all machines see. */
  readonly folder: string;
  readonly shards: number;
}

/** The networks of a share, by ID. */
export interface PlannedShare {
  readonly networks: readonly string[];
  readonly missing: readonly string[];
}

/**
 * The networks of each share of a command, as far as they are known: tables ask for more as they
 * learn. Throws InputError where the command would.
 */
export async function planShares(
  { program, args, folder, shards }: SharedCommand,
  interruption: AbortSignal,
): Promise<PlannedShare[]> {
  const studies: { laid: Laid; session: Session }[] = [];
  {
    using _planner = planOnly((laid, session) => studies.push({ laid, session }));
    await programs[program]([...args, "--out", folder, "--dry-run", "yes"], interruption);
  }
  const ledger = new Ledger(folder), idOf = ({ id }: PlannedCell) => id;
  const planned = studies.map(({ laid, session }) => (
    { laid, options: session.options, networks: laid.wanted(ledger.cells) }
  ));
  return Array.from({ length: shards }, (_, i) => {
    const shares = planned.map(({ laid, options, networks }) => {
      const own = shareOf(networks, { index: i + 1, count: shards });
      return { networks: own, missing: missingIn(ledger, own, laid, options) };
    });
    return {
      networks: shares.flatMap(({ networks }) => networks.map(idOf)),
      missing: shares.flatMap(({ missing }) => missing.map(idOf)),
    };
  });
}
