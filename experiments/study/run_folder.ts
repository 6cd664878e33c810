import { dirname } from "node:path";
import { InputError } from "../../mod.ts";
import { pictures } from "../charts/pictures.ts";
import { createFolder, list, makeFolder } from "../files/disk.ts";
import { exists, mostTries, orUnwritable, tryWriting } from "../files/files.ts";
import { type FolderLock, lockFolder } from "../files/lock.ts";
import type { Share } from "../terminal/flags.ts";
import { requirePermissions } from "../terminal/permissions.ts";

/** The file that makes a folder the folder of a run. */
export const recordName = "run.json";

/** The layout of a run's folder, which its record names. */
export const folderFormat = 2;

/**
 * The folder for a new run: the one given, or results/PROGRAM/DATE-TIME. It is tried out, but
 * nothing of it stays: the run may still be refused for its data or its adapter. Throws InputError
 * where the folder holds a run already or cannot be written, or a permission for it is missing.
 */
export function chooseRunFolder(
  program: string,
  out?: string,
  { share, isShared = false, now = new Date() }: {
    share?: Share | undefined;
    isShared?: boolean | undefined;
    now?: Date;
  } = {},
): string {
  const reached = out ?? "results";
  requirePermissions({ name: "read", path: reached }, { name: "write", path: reached });
  const folder = out ??
    orUnwritable("results", () => unusedFolder(`results/${program}/${timeStamp(now)}`));
  if (!isShared) orUnwritable(folder, () => refuseTaken(placeOf(folder, share)));
  // What lies below may be another run's by now.
  tryWriting(out ?? `results/${program}`, "--out");
  return folder;
}

/** A local time as it stands in a folder's name: 2013-06-16_09-05-00. */
export function timeStamp(time: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const date = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())];
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(two);
  return `${date.join("-")}_${clock.join("-")}`;
}

/** Two runs that begin in one second get names of their own. */
function unusedFolder(name: string): string {
  let folder = name;
  for (let i = 2; exists(folder); i++) folder = `${name}-${i}`;
  return folder;
}

/** Makes a folder that no other process has made, and gives its name. Throws InputError. */
export function makeUnused(name: string): string {
  return orUnwritable(name, () => {
    let folder = name;
    for (let tries = 1;; tries++) {
      try {
        makeFolder(dirname(name));
        createFolder(folder);
        return folder;
      } catch (error) {
        // Another process was faster, or has just tried the folder out and taken it away.
        const isRace = error instanceof Deno.errors.AlreadyExists ||
          error instanceof Deno.errors.NotFound;
        if (!isRace || tries >= mostTries) throw error;
      }
      folder = unusedFolder(name);
    }
  });
}

/** Files of any run that would otherwise be written over. */
const outputs = [
  ...["curve.csv", "summary.csv", "network.safetensors", "settings.csv", "times.csv"],
  ...["report.html", ...Object.keys(pictures)],
];

/** Refuses a folder that holds a run, or files that one would write over. Throws InputError. */
export function refuseTaken(folder: string): void {
  if (exists(`${folder}/${recordName}`)) {
    throw new InputError(
      `${folder} already holds a run; go on with it by --resume ${folder}, or name another folder ` +
        "with --out",
    );
  }
  const taken = outputs.find((name) => exists(`${folder}/${name}`));
  if (taken === undefined) return;
  throw new InputError(
    `${folder}/${taken} is there already and would be written over: name another folder with --out`,
  );
}

/** The folder of a run's record: of a share of it one of its own within the folder. */
export function placeOf(folder: string, share: Share | undefined): string {
  return share ? `${folder}/shards/${share.index}-of-${share.count}` : folder;
}

/** The shares of a run that were begun in a folder. */
export function sharesIn(folder: string): Share[] {
  const shards = `${folder}/shards`;
  return exists(shards)
    ? list(shards).flatMap((name) => {
      const [, index, count] = name.match(/^(\d+)-of-(\d+)$/)?.map(Number) ?? [];
      const share = { index, count };
      return count && exists(`${placeOf(folder, share)}/${recordName}`) ? [share] : [];
    })
    : [];
}

/**
 * Keeps a share of a folder for this process. Throws TakenError where another process trains the same
 * networks: all of them, the same share, or one by another division.
 */
export function lockShare(folder: string, place: string, { count }: Share): FolderLock {
  using locks = new DisposableStack();
  locks.use(lockFolder(folder, { shared: true }));
  const own = locks.use(lockFolder(place));
  const shards = `${folder}/shards`;
  for (const name of list(shards)) {
    if (!name.endsWith(`-of-${count}`)) lockFolder(`${shards}/${name}`)[Symbol.dispose]();
  }
  const kept = locks.move();
  return {
    get isLost() {
      return own.isLost;
    },
    [Symbol.dispose]: () => kept.dispose(),
  };
}
