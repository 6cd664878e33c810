import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { InputError } from "../../../core/errors.ts";
import { lockFolder } from "../../../experiments/files/lock.ts";
import { spawnDeno } from "../processes.ts";
import { scratch } from "../scratch.ts";

const lock = new URL("../../../experiments/files/lock.ts", import.meta.url).href;

Deno.test("lockFolder() keeps a folder until it is disposed of, and leaves nothing in it", () => {
  using folder = scratch();
  {
    using _lock = lockFolder(folder.path);
    const { message } = assertThrows(() => lockFolder(folder.path), InputError);
    assertMatch(message, /^another run is at work in [^\n]*$/);
  }
  {
    using _again = lockFolder(folder.path);
  }
  assertEquals(folder.names(), []);
});

Deno.test("lockFolder() shares a folder with those that share it, and no others", () => {
  using folder = scratch();
  {
    using _one = lockFolder(folder.path, { shared: true });
    using _other = lockFolder(folder.path, { shared: true });
    assertThrows(() => lockFolder(folder.path), InputError);
  }
  using _lock = lockFolder(folder.path);
  assertThrows(() => lockFolder(folder.path, { shared: true }), InputError);
});

Deno.test("lockFolder() keeps a folder from other processes, but not past the end of its own", async () => {
  using folder = scratch();
  const code = `import { lockFolder } from "${lock}";
    lockFolder("${folder.path}"); console.log("locked"); setInterval(() => {}, 1000);`;
  const child = spawnDeno(["eval", code]);
  const reader = child.stdout.getReader();
  await reader.read();
  assertThrows(() => lockFolder(folder.path), InputError);
  child.kill("SIGKILL");
  await Promise.all([reader.cancel(), child.stderr.cancel(), child.status]);
  using _lock = lockFolder(folder.path);
});
