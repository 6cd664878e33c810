import { makeFolder } from "../files/disk.ts";
import { orUnwritable, writeWhole } from "../files/files.ts";
import { pageFiles } from "./page_files.ts";

/** Writes the page into a folder. Throws InputError where it cannot be written. */
export async function buildPage(folder: string): Promise<void> {
  const attempt = (act: () => void) => orUnwritable(folder, act, "--build");
  attempt(() => makeFolder(folder));
  for (const { name, text } of await pageFiles()) {
    attempt(() => writeWhole(`${folder}/${name}`, text));
  }
}
