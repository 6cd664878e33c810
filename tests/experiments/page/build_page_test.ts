import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { beside, runDeno } from "../processes.ts";
import { scratch } from "../scratch.ts";

const program = beside("../../experiments/page.ts");

Deno.test("--build writes a page that is whole, and asks no other host for anything", async () => {
  using folder = scratch();
  const site = `${folder.path}/a/site`;
  const { status, stdout, stderr } = await runDeno(["run", "-A", program, "--build", site]);
  assertEquals([status, stderr], [0, ""]);
  assertStringIncludes(stdout, `the page is in ${site}`);
  const names = [...Deno.readDirSync(site)].map(({ name }) => name).toSorted();
  assertEquals(names, ["index.html", "page.css", "page.js", "worker.js"]);
  const [html, style, page, worker] = names.map((name) => Deno.readTextFileSync(`${site}/${name}`));
  assertEquals([...html.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, address]) => address), [
    ...["data:,", "page.css", "page.js"],
  ]);
  assertMatch(html, /content="default-src 'none'; script-src 'self'; /);
  assertEquals(/url\(|@import/.test(style), false);
  for (const script of [page, worker]) {
    assertEquals(/^import\b|\bimport\(|\bDeno\.|node:/m.test(script), false);
  }
  // The page names its worker, and XML its name spaces.
  assertStringIncludes(page, '"worker.js"');
  const addresses = [...`${page}${worker}`.matchAll(/https?:\/\/([^/"'`\s]*)/g)];
  assertEquals([...new Set(addresses.map(([, host]) => host))], ["www.w3.org"]);
});

Deno.test("a folder that cannot be written is refused in a line", async () => {
  using folder = scratch();
  const file = folder.write("file", new Uint8Array());
  const { status, stdout, stderr } = await runDeno(["run", "-A", program, "--build", file]);
  assertEquals([status, stdout], [2, ""]);
  assertMatch(
    stderr,
    /^error: .*\/file cannot be written \(.*\); name another folder with --build\n$/,
  );
});
