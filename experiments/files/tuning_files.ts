import type { TuningStore } from "../../mod.ts";
import { isGranted } from "../terminal/permissions.ts";
import { isSystemError } from "../terminal/program.ts";
import { makeFolder } from "./disk.ts";
import { readIfReadable, sha256, writeWhole } from "./files.ts";
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
      if (!isOpen("read", folder)) return undefined;
      const bytes = readIfReadable(pathOf(adapter));
      return bytes && new TextDecoder().decode(bytes);
    },
    save(adapter, text) {
      if (!isOpen("read", folder) || !isOpen("write", folder)) return;
      try {
        makeFolder(folder);
        writeWhole(pathOf(adapter), text);
      } catch (error) {
        // A full disk: it is done without.
        if (!isSystemError(error)) throw error;
      }
    },
  };
}

function cacheFolder(): string | undefined {
  const caches = variable("XDG_CACHE_HOME");
  if (caches) return `${caches}/nagare`;
  const home = variable("HOME") ?? variable("USERPROFILE");
  return home ? `${home}/.cache/nagare` : undefined;
}

function variable(name: string): string | undefined {
  return isGranted({ name: "env", variable: name }) ? Deno.env.get(name) : undefined;
}

function isOpen(name: "read" | "write", folder: string | undefined): folder is string {
  return folder !== undefined && isGranted({ name, path: folder });
}
