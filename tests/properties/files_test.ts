import { assertEquals, assertStringIncludes } from "@std/assert";
import { spawnDeno } from "../experiments/processes.ts";
import { scratch } from "../experiments/scratch.ts";

const files = new URL("../../experiments/files/files.ts", import.meta.url).href;

Deno.test("readWhole() refuses a pipe, and does not wait for what comes of it", async () => {
  using folder = scratch();
  const pipe = `${folder.path}/pipe`;
  await new Deno.Command("mkfifo", { args: [pipe] }).output();
  const code = `import { readWhole } from "${files}"; readWhole("${pipe}");`;
  const reader = spawnDeno(["eval", "--no-check", code]);
  const timer = setTimeout(() => reader.kill("SIGKILL"), 60_000);
  const { signal, stderr } = await reader.output();
  clearTimeout(timer);
  assertEquals(signal, null);
  assertStringIncludes(new TextDecoder().decode(stderr), "pipe is a device: name a file");
});
