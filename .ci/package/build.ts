// Builds what is published: deno task package.

import { fileURLToPath } from "node:url";
import { rollup } from "rollup";
import { dts } from "rollup-plugin-dts";
// The plugin takes the compiler that is there.
import "typescript";
import manifest from "../../deno.json" with { type: "json" };
import { path } from "../../experiments/terminal/flags.ts";
import { runProcess } from "../../experiments/terminal/process.ts";
import { runProgram } from "../../experiments/terminal/program.ts";
import { print } from "../../experiments/terminal/terminal.ts";
import { sectionsOf, withCategories } from "./sections.ts";

const root = new URL("../../", import.meta.url);
const inRoot = (name: string) => fileURLToPath(new URL(name, root));
const { name, version, license } = manifest;

/** Stands in README.md for the account and the name of the repository, and its branch. */
const placeholder = "OWNER/nagare";

/** Of README.md, links that hold on any page: pictures as files, the rest as GitHub shows them. */
export function withAbsoluteLinks(readme: string, repository: string, tag: string): string {
  return readme
    .replaceAll(/(!?)(\[[^\]]*\])\((?!https?:|#)([^)]*)\)/g, (_, mark, text, target) => {
      const host = mark === "!"
        ? `https://raw.githubusercontent.com/${repository}/${tag}`
        : `https://github.com/${repository}/blob/${tag}`;
      return `${mark}${text}(${host}/${target})`;
    })
    .replaceAll(placeholder, repository);
}

/** Writes the npm package: a module, a worker of its own, its types, and nothing else to install. */
async function buildPackage(out: string, repository: string | undefined): Promise<void> {
  await Deno.mkdir(out, { recursive: true });
  const entry = inRoot("mod.ts");
  await bundle(entry, `${out}/mod.js`);
  await bundle(inRoot("core/formats/hdf5_worker.ts"), `${out}/hdf5_worker.js`);
  await renameWorker(`${out}/mod.js`);
  const types = await rollup({
    input: entry,
    external: /\.wgsl$|^npm:/,
    plugins: [dts({ tsconfig: inRoot(".ci/package/tsconfig.json") })],
  });
  const { output: [{ code }] } = await types.generate({ format: "es" });
  await Deno.writeTextFile(`${out}/mod.d.ts`, withCategories(code, await sections()));
  const about = {
    ...{ name, version, license },
    description: "Trains many small neural networks at once with hand-written WebGPU shaders.",
    ...repository && { repository: `github:${repository}` },
    type: "module",
    exports: { ".": { types: "./mod.d.ts", default: "./mod.js" } },
    types: "./mod.d.ts",
    sideEffects: false,
    files: ["mod.js", "mod.d.ts", "hdf5_worker.js"],
  };
  await Deno.writeTextFile(`${out}/package.json`, JSON.stringify(about, null, 2) + "\n");
  await Deno.copyFile(inRoot("LICENSE"), `${out}/LICENSE`);
}

/** Writes pages on all that the package exports, section by section. */
async function buildReference(out: string, types: string): Promise<void> {
  await deno("doc", "--html", "--name=Nagare", `--output=${out}`, types);
}

async function sections() {
  return sectionsOf(
    await Deno.readTextFile(inRoot("mod.ts")),
    (path) => Deno.readTextFileSync(inRoot(path)),
  );
}

async function bundle(entry: string, out: string): Promise<void> {
  await deno("bundle", "--quiet", "--platform", "browser", "-o", out, entry);
}

async function deno(...args: string[]): Promise<void> {
  const status = await runProcess([Deno.execPath(), ...args]);
  if (status !== 0) Deno.exit(status);
}

/** A bundler leaves the address of a worker as it was. */
async function renameWorker(path: string): Promise<void> {
  const parts = (await Deno.readTextFile(path)).split("./hdf5_worker.ts");
  if (parts.length !== 2) throw new Error(`${path} names its worker ${parts.length - 1} times`);
  await Deno.writeTextFile(path, parts.join("./hdf5_worker.js"));
}

const flags = {
  out: path({
    default: "results/package",
    help: "The folder for README.md, the package in npm, and pages on its exports in reference.",
  }),
  repository: path({
    shown: "what GitHub says where it builds",
    help: "OWNER/NAME, which links and the package name.",
  }),
};

const usage = "deno task package";
const summary = "Builds the npm package, a reference, and README.md with links that hold anywhere.";

if (import.meta.main) {
  await runProgram({ usage, summary, flags }, async ({ out, repository: given }) => {
    const repository = given ?? Deno.env.get("GITHUB_REPOSITORY");
    await buildPackage(`${out}/npm`, repository);
    await buildReference(`${out}/reference`, `${out}/npm/mod.d.ts`);
    const text = await Deno.readTextFile(inRoot("README.md"));
    const readme = withAbsoluteLinks(text, repository ?? placeholder, `v${version}`);
    for (const folder of [out, `${out}/npm`]) {
      await Deno.writeTextFile(`${folder}/README.md`, readme);
    }
    print(`${out}/npm`);
  });
}
