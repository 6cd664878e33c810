// The npm package from its packed file, as users of bundlers, of TypeScript and of Node have it.

import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import manifest from "../../deno.json" with { type: "json" };
import { type Scratch, scratch } from "../../tests/experiments/scratch.ts";
import { withAbsoluteLinks } from "./build.ts";
import { sectionsOf, withCategories } from "./sections.ts";

/** Those that load it, with the versions that were tried. */
const loaders = ["esbuild@0.28.2", "vite@8.4.0", "typescript@6.0.3", "webgpu@0.6.2", "node@24"];

/** SwiftShader, where Debian's chromium brings it: Dawn takes some drivers of Mesa and not others. */
const swiftShader = "/usr/lib/chromium/vk_swiftshader_icd.json";
const hasSwiftShader = await Deno.stat(swiftShader).then(() => true, () => false);
const driver = hasSwiftShader ? { VK_DRIVER_FILES: swiftShader } : {};

/** A folder that has the packed package installed, and nothing that it would need besides. */
async function installed(): Promise<Scratch & { readonly packed: readonly string[] }> {
  const folder = scratch(), from = `${Deno.cwd()}/results/package/npm`;
  const text = await run(folder, "npm", "pack", "--json", "--pack-destination", ".", from);
  const [{ filename, files }] = JSON.parse(text);
  await Deno.writeTextFile(`${folder.path}/package.json`, '{ "type": "module" }\n');
  const quiet = ["--no-audit", "--no-fund"];
  await run(folder, "npm", "install", ...quiet, `./${filename}`, ...loaders);
  return { ...folder, packed: files.map(({ path }: { path: string }) => path) };
}

async function run(folder: Scratch, command: string, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, {
    ...{ args, cwd: folder.path, env: { NO_COLOR: "1", ...driver } },
  }).output();
  const decoder = new TextDecoder();
  assert(
    success,
    `${command} ${args.join(" ")}: ${decoder.decode(stdout)}${decoder.decode(stderr)}`,
  );
  return decoder.decode(stdout);
}

/** What a user writes. */
const training = `
const gpu = await nagare.openGPU();
const train = new nagare.Dataset(gpu, new Uint8Array(64).map((_, i) => 4 * i), { width: 8 });
const trainer = await nagare.Trainer.open(gpu, {
  model: nagare.autoencoder({ layers: [8, 4, 2], train }),
  replicas: [{
    seed: 1,
    optimizer: nagare.nesterov({ learningRate: 0.1, momentum: 0.9 }),
    initializer: nagare.sparse(),
  }],
  batchSize: 4,
});
for await (const { update, replicas } of trainer.run({ updates: 20, every: 10, evalCases: 8 })) {
  console.log(update, replicas[0].figures.squaredError);
}
`;

Deno.test("the packed package holds a module, its types and nothing to resolve", async (step) => {
  using folder = await installed();
  const write = (name: string, text: string) =>
    folder.write(
      name,
      new TextEncoder().encode(`import * as nagare from "${manifest.name}";\n${text}`),
    );
  const ran = (name: string, ...args: string[]) =>
    run(folder, `node_modules/.bin/${name}`, ...args);
  assertEquals(folder.packed.toSorted(), [
    ...["LICENSE", "README.md", "hdf5_worker.js", "mod.d.ts", "mod.js", "package.json"],
  ]);
  for (const name of ["mod.js", "hdf5_worker.js", "mod.d.ts"]) {
    const text = Deno.readTextFileSync(`${folder.path}/node_modules/${manifest.name}/${name}`);
    assertEquals(text.match(/^\s*(import|export) .*\bfrom\b.*|\bimport\(.*/gm), null, name);
  }
  write("train.ts", training);
  await step.step("TypeScript", async () => {
    const options = {
      ...{ strict: true, noEmit: true, skipLibCheck: false, types: [] },
      ...{ target: "esnext", module: "nodenext", lib: ["esnext", "dom", "dom.iterable"] },
    };
    const project = JSON.stringify({ compilerOptions: options, files: ["train.ts"] });
    folder.write("tsconfig.json", new TextEncoder().encode(project));
    await ran("tsc");
  });
  await step.step("esbuild", async () => {
    await ran("esbuild", "train.ts", "--bundle", "--format=esm", "--outfile=esbuild.js");
    assertStringIncludes(Deno.readTextFileSync(`${folder.path}/esbuild.js`), "@compute");
  });
  await step.step("vite", async () => {
    folder.write(
      "index.html",
      new TextEncoder().encode('<script type="module" src="train.ts"></script>'),
    );
    await ran("vite", "build", "--outDir", "vite");
    const built = [...Deno.readDirSync(`${folder.path}/vite/assets`)].map(({ name }) =>
      Deno.readTextFileSync(`${folder.path}/vite/assets/${name}`)
    );
    assertStringIncludes(built.join("\n"), "@compute");
  });
  await step.step("Node 24 with webgpu", async () => {
    write(
      "train.js",
      `
import { create, globals } from "webgpu";
Object.assign(globalThis, globals);
Object.defineProperty(globalThis, "navigator", { value: { gpu: create([]) } });
console.log(process.version);
try {${training}} catch (error) { if (error.name !== "AdapterError") throw error; console.log(error.message); }
process.exit(0);
`,
    );
    const text = await ran("node", "train.js");
    console.log(text.trim());
    const trained = /^v24\.\S+\n10 \d\.\d+\n20 \d\.\d+\n/;
    // Without a driver the package says what is missing.
    assertMatch(text, hasSwiftShader ? trained : RegExp(`${trained.source}|\nno .*`));
  });
  await step.step("MATLAB 7.3 in Node", async () => {
    const file = "tests/formats/fixtures/matlab73.mat";
    folder.write("variables.mat", Deno.readFileSync(new URL(`../../${file}`, import.meta.url)));
    write(
      "read.js",
      `
import { readFileSync } from "node:fs";
const read = () => nagare.readMAT73(readFileSync("variables.mat"), { only: ["cube", "uint8"] });
for (const [name, { dimensions, data }] of await read()) console.log(name, dimensions, data.at(-1));
process.getBuiltinModule = undefined; // as in a Node that is older
await read().catch(({ name, message }) => console.log(name, message));
`,
    );
    assertEquals((await ran("node", "read.js")).split("\n"), [
      "cube [ 2, 3, 4 ] 70",
      "uint8 [ 2, 3 ] 16",
      "InputError MATLAB 7.3 files are read in a worker, and there are none here: " +
      "use Node 20.16, 22.3 or later, or save the file with -v7",
      "",
    ]);
  });
});

Deno.test("the reference has a page for each section of mod.ts, and for nothing else", () => {
  const pages = [...Deno.readDirSync("results/package/reference")].map(({ name }) => name);
  assertEquals(
    pages.filter((name) => name.endsWith(".html")).toSorted(),
    [
      ...["all_symbols", "data", "files", "index", "initial-weights", "layers", "networks"],
      ...["optimizers", "references-in-float64", "train", "your-own-kernels"],
    ].map((name) => `${name}.html`),
  );
  const page = Deno.readTextFileSync("results/package/reference/optimizers.html");
  assertStringIncludes(page, 'title="nesterov"');
});

Deno.test("exports that stand in no section of mod.ts, or in it alone, are named", () => {
  const sections = sectionsOf(
    '// Train: networks.\nexport { a, type B } from "./a.ts";\nexport * from "./c.ts";\n',
    () => "/** C. */\nexport function c(): void {}\n",
  );
  assertEquals(sections, [{ title: "Train", names: ["a", "B", "c"] }]);
  const types = "/** A. */\ndeclare const a: 1;\ninterface B {}\n";
  assertThrows(
    () => withCategories(`${types}export { a, d };\nexport type { B };\n`, sections),
    Error,
    "in no section: d; not exported: c",
  );
  const whole =
    `${types}declare function c$1(): void;\nexport { a, c$1 as c };\nexport type { B };\n`;
  assertEquals(withCategories(whole, sections).match(/@category Train\n/g)?.length, 3);
});

Deno.test("links of README.md are made to hold on any page", () => {
  const readme =
    "![a](x/a.svg) [b](y.md) [c](#d) [e](https://f) https://raw/OWNER/nagare/v1/mod.ts";
  assertEquals(
    withAbsoluteLinks(readme, "me/it", "v1"),
    "![a](https://raw.githubusercontent.com/me/it/v1/x/a.svg) " +
      "[b](https://github.com/me/it/blob/v1/y.md) [c](#d) [e](https://f) " +
      "https://raw/me/it/v1/mod.ts",
  );
});
