import { assertEquals, assertGreater } from "@std/assert";

const folder = new URL("../../shaders/", import.meta.url);

/** The texts of all shaders, by their path in the folder. */
async function readShaders(url = folder): Promise<[path: string, text: string][]> {
  const found: [string, string][] = [];
  for await (const { name, isDirectory } of Deno.readDir(url)) {
    const at = new URL(isDirectory ? `${name}/` : name, url);
    if (isDirectory) found.push(...await readShaders(at));
    else found.push([at.pathname.slice(folder.pathname.length), await Deno.readTextFile(at)]);
  }
  return found;
}

/** The lines, from 1 on, on which an unrolled loop has && or ||. */
function shortCircuits(text: string): number[] {
  let depth = 0;
  return text.split("\n").flatMap((line, i) => {
    if (/^\s*\/\/ #for /.test(line)) depth++;
    if (/^\s*\/\/ #end\s*$/.test(line)) depth--;
    return depth > 0 && /&&|\|\|/.test(line.replace(/\/\/.*/, "")) ? [i + 1] : [];
  });
}

Deno.test("shortCircuits() looks into loops that are unrolled, and past comments", () => {
  const lines = [
    "a && b",
    "// #for i in 2",
    "a && b",
    "a & b // or a && b",
    "// #for j in ROWS",
    "// #if ${X}",
    "  a || b",
    "// #endif",
    "// #end",
    "a || b",
    "// #end",
    "a || b",
  ];
  assertEquals(shortCircuits(lines.join("\n")), [3, 7, 10]);
});

// Each is a branch. SwiftShader's compiler takes twice as long with each one more of them in a loop:
// 24 are minutes. On bools & and | do the same, and what needs a guard stands under an if.
Deno.test("no shader unrolls && or ||", async () => {
  const shaders = await readShaders();
  assertGreater(shaders.length, 20);
  const found = shaders.flatMap(([path, text]) =>
    shortCircuits(text).map((line) => `shaders/${path}:${line}`)
  );
  assertEquals(found, []);
});
