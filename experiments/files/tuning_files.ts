import type { TuningStore } from "../../mod.ts";
import { sha256, writeWhole } from "./files.ts";
import { versions } from "./provenance.ts";

/**
 * Keeps what was measured of kernels in files, one for each adapter, its driver and the versions of
 * Nagare and Deno. Where they cannot be read or written, it is measured again in the next run; they
 * may be deleted at any time.
 *
 * @param folder by default nagare in the user's cache folder
 */
export function tuningFiles(folder: string | undefined = cacheFolder()): TuningStore {
  const pathOf = (adapter: string) => {
    const key = JSON.stringify([adapter, versions.nagare, versions.deno]);
    return `${folder}/tuning-${sha256(new TextEncoder().encode(key)).slice(0, 16)}.json`;
  };
  return {
    load(adapter) {
      if (!isGranted("read", folder)) return undefined;
      return unlessSystemRefuses(() => Deno.readTextFileSync(pathOf(adapter)));
    },
    save(adapter, text) {
      if (!isGranted("read", folder) || !isGranted("write", folder)) return;
      unlessSystemRefuses(() => {
        Deno.mkdirSync(folder, { recursive: true });
        writeWhole(pathOf(adapter), text);
      });
    },
  };
}

function cacheFolder(): string | undefined {
  const caches = variable("XDG_CACHE_HOME");
  if (caches) return `${caches}/nagare`;
  const home = variable("HOME") ?? variable("USERPROFILE");
  return home ? `${home}/.cache/nagare` : undefined;
}

/** Asked for without a permission, a variable would be asked of the user. */
function variable(name: string): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable: name });
  return state === "granted" ? Deno.env.get(name) : undefined;
}

function isGranted(name: "read" | "write", folder: string | undefined): folder is string {
  return folder !== undefined &&
    Deno.permissions.querySync({ name, path: folder }).state === "granted";
}

/** A file that is not there, a disk that is full: it is done without. */
function unlessSystemRefuses<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    if (error instanceof Error && "code" in error) return undefined;
    throw error;
  }
}
