import { assertEquals } from "@std/assert";

const root = new URL("../", import.meta.url);

/** The rooms from the ground up: a file imports from its own room and those before it. */
const rooms = [
  "shaders/",
  "core/errors.ts",
  "core/checks.ts",
  "core/random.ts",
  "core/formats/",
  "core/gpu/",
  "core/ops/",
  "core/data/",
  "core/init/",
  "core/graph/",
  "core/layers/",
  "core/optim/",
  "core/reference/",
  "core/train/",
  "models/",
  "mod.ts",
  "experiments/",
];

/** Every source file with the files it imports, both as paths from the root. */
function imports(): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const folder of ["core/", "models/", "experiments/"]) collect(new URL(folder, root), found);
  collectFile(new URL("mod.ts", root), found);
  return found;
}

function collect(folder: URL, found: Map<string, string[]>): void {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    const at = new URL(isDirectory ? `${encodeURIComponent(name)}/` : name, folder);
    if (isDirectory) collect(at, found);
    else if (/\.tsx?$/.test(name) && !name.endsWith(".d.ts")) collectFile(at, found);
  }
}

function collectFile(file: URL, found: Map<string, string[]>): void {
  const code = Deno.readTextFileSync(file).replaceAll(/\/\*[^]*?\*\//g, "");
  const specifiers = [...code.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*"(\.[^"]*\.(?:tsx?|wgsl))"/g)];
  found.set(
    file.href.slice(root.href.length),
    specifiers.map(([, specifier]) => new URL(specifier, file).href.slice(root.href.length)),
  );
}

function roomOf(file: string): number {
  return rooms.findIndex((room) => file.startsWith(room));
}

const all = imports();
const edges = [...all].flatMap(([from, targets]) => targets.map((to) => [from, to] as const));

Deno.test("imports run downhill from room to room, and none leads into tests", () => {
  assertEquals(edges.length > 500, true);
  const uphill = edges.filter(([from, to]) => roomOf(to) < 0 || roomOf(to) > roomOf(from));
  assertEquals(uphill, []);
});

Deno.test("experiments import the engine by mod.ts alone", () => {
  const past = edges.filter(([from, to]) =>
    from.startsWith("experiments/") && !to.startsWith("experiments/") && to !== "mod.ts"
  );
  assertEquals(past, []);
});

/** What of experiments/ touches files that are no run's: the system's, the checkout's, and caches. */
const besideRuns = [
  "files/claimant.ts",
  "files/download.ts",
  "files/provenance.ts",
  "problems/faces_cache.ts",
  "study/adapter.ts",
  "terminal/signals.ts",
].map((name) => `experiments/${name}`);

Deno.test("files and folders of runs are touched by way of disk.ts alone", () => {
  const call =
    /\bDeno\.(open|create|l?stat|read|write|mkdir|rename|remove|truncate|link|symlink|copy|make)\w*\(/;
  const others = [...all.keys()].filter((file) =>
    file.startsWith("experiments/") && call.test(Deno.readTextFileSync(new URL(file, root)))
  );
  assertEquals(others.toSorted(), ["experiments/files/disk.ts", ...besideRuns].toSorted());
});

Deno.test("no circle of imports", () => {
  assertEquals(circles(), []);
});

/** Files that import themselves by way of others, found by taking away what nobody can reach. */
function circles(): string[] {
  const left = new Map(all);
  for (let before = Infinity; left.size < before;) {
    before = left.size;
    for (const [file, targets] of left) {
      if (!targets.some((target) => left.has(target))) left.delete(file);
    }
  }
  return [...left.keys()];
}

/** A program is a table: what it says of itself, its flags, and what they mean. */
const longestProgram = 90;

Deno.test("programs are short, as all that they do stands once", () => {
  const programs = [...Deno.readDirSync(new URL("experiments/", root))]
    .map(({ name }) => name).filter((name) => /(?<!\.d)\.ts$/.test(name));
  assertEquals(programs.includes("autoencoder.ts"), true);
  const long = programs.filter((name) => {
    const text = Deno.readTextFileSync(new URL(`experiments/${name}`, root));
    return text.split("\n").length - 1 > longestProgram;
  });
  assertEquals(long, []);
});
