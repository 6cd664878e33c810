import { makeFolder } from "../files/disk.ts";
import { orUnwritable, tryWriting, writeWhole } from "../files/files.ts";
import { pageFiles } from "./page_files.ts";

const flag = "--build";

/** Writes the page into a folder. Throws InputError where it cannot be written. */
export async function buildPage(folder: string): Promise<void> {
  tryWriting(folder, flag);
  const files = await pageFiles();
  orUnwritable(folder, () => {
    makeFolder(folder);
    for (const { name, text } of files) writeWhole(`${folder}/${name}`, text);
  }, flag);
}
