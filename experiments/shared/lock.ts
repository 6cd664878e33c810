/**
 * Keeps a folder for this process until it is disposed of or the process ends, however it ends;
 * where it is `shared`, for this process and others that share it. Throws InputError where another
 * process keeps it.
 */
import { InputError } from "../../mod.ts";
export function lockFolder(folder: string, { shared = false } = {}): Disposable {
  // A lock belongs to an open file, so that none is left behind. Windows opens no folders.
  const file = Deno.build.os === "windows"
    ? Deno.openSync(`${folder}/.lock`, { write: true, create: true })
    : Deno.openSync(folder);
  if (file.tryLockSync(!shared)) return file;
  file.close();
  throw new InputError(
    `another run is at work in ${folder}: wait until it has ended, or name another folder`,
  );
}
