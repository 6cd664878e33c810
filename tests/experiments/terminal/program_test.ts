import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { versionText } from "../../../experiments/terminal/program.ts";
import { beside, type Ended, pause, runDeno, spawnDeno, whenReady } from "../processes.ts";

const sample = beside("terminal/sample_program.ts");

function ended(...args: string[]): Promise<Ended> {
  return runDeno(["run", "-A", sample, ...args]);
}

Deno.test("runProgram() ends with 0 and prints nothing of its own", async () => {
  assertEquals(await ended(), { status: 0, stdout: "done\n", stderr: "" });
});

Deno.test("runProgram() prints the help on stdout", async () => {
  const { status, stdout, stderr } = await ended("--end", "nonsense", "--help");
  assertEquals([status, stderr], [0, ""]);
  assertStringIncludes(stdout, "--file PATH");
});

Deno.test("runProgram() prints the version, with the revision of a checkout", async () => {
  const { version } = JSON.parse(Deno.readTextFileSync(beside("../../deno.json")));
  const words = `nagare ${version} (deno ${Deno.version.deno}`;
  const unread = await runDeno(["run", sample, "--version", "--end", "nonsense"]);
  assertEquals(unread, { status: 0, stdout: `${words})\n`, stderr: "" });
  assertEquals(versionText("0123abc"), `${words}, revision 0123abc)`);
  assertEquals((await ended("--version")).stdout, `${versionText()}\n`);
});

Deno.test("runProgram() leaves out notes and progress where --quiet is given", async () => {
  const loud = await ended("--end", "talk");
  assertMatch(loud.stderr, /^note: a note\nwarning: a warning\n1\/2 updates, .*, loss 3\n$/);
  for (const args of [["--quiet", "--end", "talk"], ["--end", "talk", "--quiet"]]) {
    const warning = "warning: a warning\n";
    assertEquals(await ended(...args), { status: 0, stdout: "a result\n", stderr: warning });
  }
  const failed = await ended("--quiet", "--end", "gpu");
  assertEquals([failed.status, failed.stderr], [1, "error: the device was lost\n"]);
});

Deno.test("runProgram() says what can be mended in one line, with its status", async () => {
  const cases: [end: string, status: number, line: string][] = [
    ["input", 2, "the batch is larger than the data"],
    ["adapter", 1, "no adapter"],
    ["gpu", 1, "the device was lost"],
    ["read", 1, "No such file or directory (os error 2): readfile 'missing.txt'"],
  ];
  const all = await Promise.all(cases.map(([end]) => ended("--end", end)));
  cases.forEach(([, status, line], i) =>
    assertEquals(all[i], { status, stdout: "", stderr: `error: ${line}\n` })
  );
});

Deno.test("runProgram() refuses wrong flags with status 2", async () => {
  const { status, stderr } = await ended("--fil", "x");
  assertEquals(
    { status, stderr },
    { status: 2, stderr: "error: there is no flag --fil; did you mean --file?\n" },
  );
});

Deno.test("runProgram() names the flag of a missing permission", async () => {
  const lines: [args: string[], flags: string][] = [
    [["--end", "read"], "--allow-read=missing.txt"],
    [["--end", "read", "--file", "a b"], "--allow-read"],
    [["--end", "permissions"], "--allow-read=data --allow-env=A,B"],
    [["--end", "folder"], "--allow-read=results --allow-write=results"],
  ];
  for (const [args, flags] of lines) {
    assertEquals(await runDeno(["run", sample, ...args]), {
      status: 2,
      stdout: "",
      stderr: `error: permission missing: add ${flags} after "deno run" (-A allows everything)\n`,
    });
  }
});

Deno.test("runProgram() runs with the permissions it names", async () => {
  const { stderr } = await runDeno(["run", "--allow-read=missing.txt", sample, "--end", "read"]);
  assertStringIncludes(stderr, "No such file");
  const named = ["--allow-read=data", "--allow-env=A,B"];
  assertEquals((await runDeno(["run", ...named, sample, "--end", "permissions"])).status, 0);
});

Deno.test("runProgram() keeps the stack of a defect", async () => {
  const { status, stderr } = await ended("--end", "defect");
  assertEquals(status, 1);
  assertStringIncludes(stderr, "TypeError: a defect");
  assertStringIncludes(stderr, "sample_program.ts");
});

Deno.test("runProgram() ends cleanly at a signal, with the status of the first", async () => {
  const statuses = [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]] as const;
  for (const [signal, status] of statuses) {
    const child = spawnDeno(["run", "-A", sample, "--end", "wait"]);
    const result = await whenReady(child, async (child) => {
      child.kill(signal);
      await pause(50);
      // A task runner hands the same Ctrl-C on a second time.
      child.kill("SIGINT");
    });
    assertEquals(result, { status, stdout: "ready\ncleaned up\n", stderr: "" });
  }
});

Deno.test({
  name: "runProgram() goes on at a hangup that it was started to ignore, and at SIGUSR1 and 2",
  ignore: Deno.build.os !== "linux", // seen in /proc alone
  async fn() {
    const command = `trap "" HUP; exec '${Deno.execPath()}' run -A '${sample}' --end wait`;
    const child = new Deno.Command("sh", {
      args: ["-c", command],
      env: { NO_COLOR: "1" },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const result = await whenReady(child, async (child) => {
      for (const signal of ["SIGHUP", "SIGUSR1", "SIGUSR2"] as const) {
        child.kill(signal);
        await pause(50);
      }
      child.kill("SIGTERM");
    });
    assertEquals(result, { status: 143, stdout: "ready\ncleaned up\n", stderr: "" });
  },
});

Deno.test("runProgram() ends at once at a second signal more than 1 s later, but no hangup", async () => {
  const child = spawnDeno(["run", "-A", sample, "--end", "hang"]);
  const { status, stderr } = await whenReady(child, async (child) => {
    child.kill("SIGHUP");
    await pause(50);
    child.kill("SIGTERM");
    await pause(1100);
    child.kill("SIGHUP");
    await pause(50);
    child.kill("SIGINT");
  });
  assertEquals({ status, stderr }, { status: 130, stderr: "" });
});
