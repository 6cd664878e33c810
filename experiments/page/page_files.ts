import { fileURLToPath } from "node:url";
import style from "./page.css" with { type: "text" };
import html from "./page.html" with { type: "text" };

/** A file of the page. */
export interface PageFile {
  readonly name: string;
  readonly type: string;
  readonly text: string;
}

/** The scripts of the page, by the modules that they are bundled from. */
const scripts = { "page.js": "page.tsx", "worker.js": "gpu/worker.ts" };

/** All that the page is made of: text without a reference to anything else. */
export async function pageFiles(): Promise<PageFile[]> {
  return [
    { name: "index.html", type: "text/html; charset=utf-8", text: html },
    { name: "page.css", type: "text/css; charset=utf-8", text: style },
    ...await Promise.all(
      Object.entries(scripts).map(async ([name, module]) => ({
        name,
        type: "text/javascript; charset=utf-8",
        text: await bundle(module),
      })),
    ),
  ];
}

/** A module of this folder and all that it imports, as one script for browsers. */
async function bundle(module: string): Promise<string> {
  const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["bundle", "--quiet", "--platform", "browser", "--minify"],
      ...["--config", path("../../deno.json"), path(module)],
    ],
    ...{ stdout: "piped", stderr: "piped" },
  }).output();
  const decoder = new TextDecoder();
  if (!success) throw new Error(`${module} cannot be bundled: ${decoder.decode(stderr)}`);
  return decoder.decode(stdout);
}
