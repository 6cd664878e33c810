import { Claim, refuseClaimed, TakenError } from "./claim.ts";
import { type DiskFile, list, open, warnOnce } from "./disk.ts";
import { isSystemError } from "../terminal/program.ts";

/** A folder that this process keeps until it is disposed of or the process ends, however it ends. */
export interface FolderLock extends Disposable {
  /** Whether another machine has taken the folder over, as it had heard nothing for long. */
  readonly isLost: boolean;
}

const exclusiveName = ".claim";

/**
 * Keeps a folder for this process; where it is `shared`, for this process and others that share it.
 * It is claimed by a file that says whose it is, else by a lock of the system, which holds on one
 * machine; where the file system has neither, the user is warned. Throws TakenError where another
 * process keeps it.
 */
export function lockFolder(folder: string, { shared = false } = {}): FolderLock {
  const name = shared ? `${exclusiveName}-${crypto.randomUUID().slice(0, 8)}` : exclusiveName;
  using held = new DisposableStack();
  const lock = claimOrLock(folder, name, shared);
  if (lock) held.use(lock);
  const rivals = names(folder).filter((found) =>
    found === exclusiveName && !(lock instanceof Claim && found === name) ||
    !shared && found.startsWith(`${exclusiveName}-`)
  );
  for (const rival of rivals) {
    unlessSystemRefuses(() => refuseClaimed(`${folder}/${rival}`, folder));
  }
  const kept = held.move();
  return {
    get isLost() {
      return lock instanceof Claim && lock.isLost;
    },
    [Symbol.dispose]: () => kept.dispose(),
  };
}

/** What keeps a folder; undefined, with a warning, where nothing can. */
function claimOrLock(folder: string, name: string, shared: boolean): Disposable | undefined {
  const claim = unlessSystemRefuses(() => new Claim(`${folder}/${name}`, folder));
  if (!(claim instanceof Error)) return claim;
  const lock = unlessSystemRefuses(() => lockOf(folder, shared));
  if (!(lock instanceof Error)) return lock;
  warnOnce(
    "claim",
    `${folder} cannot be claimed (${claim.message}): nothing keeps another run out of it, so ` +
      "start none there",
  );
}

/** A lock of the system, which belongs to an open file, so that none is left behind. */
function lockOf(folder: string, shared: boolean): DiskFile {
  const file = open(folder);
  try {
    if (file.tryLockSync(!shared)) return file;
  } catch (error) {
    file[Symbol.dispose]();
    throw error;
  }
  file[Symbol.dispose]();
  throw new TakenError(
    `another run is at work in ${folder}: wait until it has ended, or name another folder`,
  );
}

function names(folder: string): string[] {
  const found = unlessSystemRefuses(() => list(folder));
  return found instanceof Error ? [] : found;
}

/** What `act` gives, or what the system says. */
function unlessSystemRefuses<T>(act: () => T): T | Error {
  try {
    return act();
  } catch (error) {
    if (isSystemError(error)) return error;
    throw error;
  }
}
