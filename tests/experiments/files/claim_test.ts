import { fileURLToPath } from "node:url";
import { assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { InputError } from "../../../core/errors.ts";
import { Claim, silence_ms } from "../../../experiments/files/claim.ts";
import { injectFaults } from "../../../experiments/files/disk.ts";
import { lockFolder } from "../../../experiments/files/lock.ts";
import { systemError } from "./disk_faults.ts";
import { environment, linesOnStderr, runDeno } from "../processes.ts";
import { scratch } from "../scratch.ts";

const lock = new URL("../../../experiments/files/lock.ts", import.meta.url).href;
const config = new URL("../../../deno.json", import.meta.url).href;

/** What this process writes as its claim. */
function ownClaim(folder: string) {
  using _lock = lockFolder(folder);
  return JSON.parse(Deno.readTextFileSync(`${folder}/.claim`));
}

/** Leaves a claim in a folder that was last written so long ago. */
function leave(folder: string, said: object, age_ms: number): void {
  const path = `${folder}/.claim`;
  Deno.writeTextFileSync(path, JSON.stringify(said));
  const time = new Date(Date.now() - age_ms);
  Deno.utimeSync(path, time, time);
}

/** Takes a folder, and gives it back. */
function take(folder: string): Promise<string[]> {
  return linesOnStderr(() => {
    using _lock = lockFolder(folder);
  });
}

/** As on a file system without these calls. */
function without(...calls: string[]): Disposable {
  return injectFaults((call) => calls.includes(call) ? systemError("EOPNOTSUPP") : undefined);
}

Deno.test("a claim says whose it is, and that it is locked", () => {
  using folder = scratch();
  const { host, pid, locked, heard } = ownClaim(folder.path);
  assertEquals([host, pid, locked], [Deno.hostname(), Deno.pid, true]);
  assertMatch(heard, /^\d{4}-\d\d-\d\dT/);
});

Deno.test("a claim of a dead process of this machine is taken over at once, and without a word", async () => {
  using folder = scratch();
  leave(folder.path, ownClaim(folder.path), 0);
  assertEquals(await take(folder.path), []);
  assertEquals(folder.names(), []);
});

Deno.test("a claim that its process was killed in writing is taken over", async () => {
  using folder = scratch();
  for (const text of ["", '{"token"']) {
    Deno.writeTextFileSync(`${folder.path}/.claim`, text);
    assertEquals(await take(folder.path), []);
  }
});

Deno.test("a claim of another machine counts until nothing was heard of it for long", async () => {
  using folder = scratch();
  const elsewhere = { ...ownClaim(folder.path), host: "elsewhere", boot: "another", job: "77" };
  leave(folder.path, elsewhere, silence_ms - 20_000);
  const { message } = assertThrows(() => lockFolder(folder.path), InputError);
  assertStringIncludes(message, `another run is at work in ${folder.path} (process `);
  assertMatch(
    message,
    /on elsewhere, job 77\)[^\n]*heard of \d+ s ago[^\n]*after 300 s of silence$/,
  );
  leave(folder.path, elsewhere, silence_ms + 20_000);
  const [line, ...others] = await take(folder.path);
  assertEquals(others, []);
  assertMatch(
    line,
    /^note: .* was claimed by process \d+ on elsewhere, .* 3\d\d s: it is taken over$/,
  );
  assertEquals(folder.names(), []);
});

Deno.test("a claim of a job that was begun again elsewhere is taken over at once", async () => {
  using folder = scratch();
  const elsewhere = { ...ownClaim(folder.path), host: "elsewhere", boot: "another", job: "77" };
  using _job = environment({ SLURM_JOB_ID: "77", SLURM_RESTART_COUNT: "1" });
  leave(folder.path, { ...elsewhere, restarts: 1 }, 0);
  assertThrows(() => lockFolder(folder.path), InputError, "another run is at work in");
  leave(folder.path, { ...elsewhere, job: "78" }, 0);
  assertThrows(() => lockFolder(folder.path), InputError, "another run is at work in");
  leave(folder.path, elsewhere, 0);
  assertEquals(await take(folder.path), []);
});

Deno.test("where there are no locks, a claim counts as long as its process lives or is heard of", async () => {
  using folder = scratch();
  using _faults = without("lock");
  const own = ownClaim(folder.path);
  assertEquals(own.locked, false);
  leave(folder.path, own, 0);
  assertThrows(() => lockFolder(folder.path), InputError, "another run is at work in");
  const { stdout } = await runDeno(["eval", "console.log(Deno.pid)"]);
  leave(folder.path, { ...own, pid: Number(stdout) }, 0);
  assertEquals(await take(folder.path), []);
});

Deno.test("a shared claim and an exclusive one keep each other out, whichever was first", async () => {
  using folder = scratch();
  const other = () => lockFolder(folder.path, { shared: true });
  {
    using _share = other();
    assertThrows(() => lockFolder(folder.path), InputError);
    using _second = other();
    assertEquals(folder.names().length, 2);
  }
  {
    using _lock = lockFolder(folder.path);
    assertThrows(other, InputError);
  }
  // One that was left behind does not count.
  Deno.writeTextFileSync(`${folder.path}/.claim-1`, JSON.stringify(ownClaim(folder.path)));
  await take(folder.path);
  assertEquals(folder.names(), []);
});

Deno.test("where files cannot be created exclusively, the folder is locked instead", async () => {
  using folder = scratch();
  using _faults = without("create");
  {
    using _lock = lockFolder(folder.path);
    assertEquals(folder.names(), []);
    assertThrows(() => lockFolder(folder.path), InputError, "another run is at work in");
  }
  assertEquals(await take(folder.path), []);
});

Deno.test("where a folder can neither be claimed nor locked, one warning says so", async () => {
  using folder = scratch();
  using _faults = without("create", "lock");
  const said = [...await take(folder.path), ...await take(folder.path)];
  assertEquals(said.length, 1);
  assertMatch(
    said[0],
    /^warning: .* cannot be claimed \(.*\): nothing keeps another run out of it/,
  );
  assertStringIncludes(said[0], folder.path);
});

Deno.test("a heartbeat makes a claim again, renews it, and sees that another one has it", () => {
  using folder = scratch();
  const path = `${folder.path}/.claim`;
  using claim = new Claim(path, folder.path);
  Deno.removeSync(path);
  claim.beat();
  assertEquals(folder.names(), [".claim"]);
  Deno.utimeSync(path, new Date(0), new Date(0));
  claim.beat();
  assertEquals(Deno.statSync(path).mtime!.getTime() > 1e12, true);
  assertThrows(() => lockFolder(folder.path), InputError);
  assertEquals(claim.isLost, false);
  Deno.writeTextFileSync(path, JSON.stringify({ token: "another" }));
  claim.beat();
  assertEquals(claim.isLost, true);
});

Deno.test("a folder that another machine has taken over is left alone", () => {
  using folder = scratch();
  const claim = new Claim(`${folder.path}/.claim`, folder.path);
  const other = JSON.stringify({ token: "another" });
  Deno.writeTextFileSync(`${folder.path}/.claim`, other);
  claim[Symbol.dispose]();
  assertEquals(Deno.readTextFileSync(`${folder.path}/.claim`), other);
});

Deno.test("with no permission but for the folder it is kept as well", async () => {
  using folder = scratch();
  const code = `import { lockFolder } from "${lock}";
    using first = lockFolder("${folder.path}");
    try { lockFolder("${folder.path}") } catch (error) { console.log(error.message) }`;
  const file = folder.write("try.ts", new TextEncoder().encode(code));
  const at = `${folder.path},${Deno.makeTempDirSync()}`;
  const { stdout, stderr, status } = await runDeno([
    ...[
      "run",
      "--no-prompt",
      "--config",
      fileURLToPath(config),
      `--allow-read=${at}`,
      `--allow-write=${at}`,
      file,
    ],
  ]);
  assertEquals([status, stderr], [0, ""]);
  assertMatch(stdout, /^another run is at work in /);
  assertEquals(folder.names(), ["try.ts"]);
});
