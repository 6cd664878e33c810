import { assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { InputError } from "../../../core/errors.ts";
import { injectFaults } from "../../../experiments/files/disk.ts";
import { recordRun, Run } from "../../../experiments/study/run.ts";
import { chooseRunFolder, timeStamp } from "../../../experiments/study/run_folder.ts";
import { callFaults, systemError } from "../files/disk_faults.ts";
import { beside, runDeno } from "../processes.ts";
import { scratch } from "../scratch.ts";
import { names } from "./small_runs.ts";

Deno.test("timeStamp() is the local time, with every part at its full width", () => {
  assertEquals(timeStamp(new Date(2026, 10, 22, 16, 5, 9)), "2026-11-22_16-05-09");
});

Deno.test(
  "chooseRunFolder() tries the folder out and leaves nothing behind",
  () => {
    using scratched = scratch();
    const root = scratched.path;
    assertEquals(chooseRunFolder("sample", `${root}/a/b`), `${root}/a/b`);
    assertEquals(scratched.names(), []);
    Deno.mkdirSync(`${root}/there`);
    Deno.writeTextFileSync(`${root}/there/notes.txt`, "mine");
    chooseRunFolder("sample", `${root}/there`);
    assertEquals(names(`${root}/there`), ["notes.txt"]);
  },
);

Deno.test(
  "chooseRunFolder() without --out is results/PROGRAM/DATE-TIME, a new one each time",
  () => {
    using scratched = scratch();
    const root = scratched.path;
    const home = Deno.cwd();
    Deno.chdir(root);
    try {
      const now = new Date(2026, 0, 2, 3, 4, 5);
      const first = chooseRunFolder("sample", undefined, { now });
      assertEquals(first, "results/sample/2026-01-02_03-04-05");
      assertEquals(scratched.names(), []);
      using _run = new Run("sample", first, {});
      assertEquals(chooseRunFolder("sample", undefined, { now }), `${first}-2`);
    } finally {
      Deno.chdir(home);
    }
  },
);

Deno.test(
  "recordRun() gives runs of one second folders of their own, where they choose before any is made",
  async () => {
    using scratched = scratch();
    const root = scratched.path;
    const home = Deno.cwd();
    Deno.chdir(root);
    try {
      const chosen = [1, 2, 3].map(() =>
        chooseRunFolder("sample", undefined, { now: new Date(0) })
      );
      const interruption = new AbortController().signal;
      const folders: string[] = [];
      await Promise.all(chosen.map((folder) => {
        const run = { program: "sample", folder, details: {}, interruption, isMadeUp: true };
        return recordRun(run, ({ folder }) => Promise.resolve(void folders.push(folder)));
      }));
      const [first] = chosen;
      assertEquals(chosen, [first, first, first]);
      assertEquals(folders, [first, `${first}-2`, `${first}-3`]);
    } finally {
      Deno.chdir(home);
    }
  },
);

Deno.test(
  "processes that begin runs in one second get folders of their own",
  async () => {
    using scratched = scratch();
    const root = scratched.path;
    const args = ["run", "-A", beside("terminal/sample_program.ts"), "--end", "record"];
    const all = await Promise.all(Array.from({ length: 4 }, () => runDeno(args, { cwd: root })));
    assertEquals(all.map(({ status, stderr }) => [status, stderr]), all.map(() => [0, ""]));
    const folders = all.map(({ stdout }) => stdout.trim());
    assertEquals(new Set(folders).size, 4);
    for (const folder of folders) {
      const { status } = JSON.parse(Deno.readTextFileSync(`${root}/${folder}/run.json`));
      assertEquals(status, "finished");
    }
  },
);

Deno.test(
  "chooseRunFolder() refuses a folder that holds a run, or cannot be written",
  () => {
    using scratched = scratch();
    const root = scratched.path;
    using _run = new Run("sample", `${root}/taken`, {});
    assertThrows(
      () => chooseRunFolder("sample", `${root}/taken`),
      InputError,
      `${root}/taken already holds a run; go on with it by --resume ${root}/taken, or name another`,
    );
    Deno.writeTextFileSync(`${root}/file`, "");
    for (const folder of [`${root}/file`, `${root}/file/below`]) {
      assertThrows(
        () => chooseRunFolder("sample", folder),
        InputError,
        `${folder} cannot be written (`,
      );
    }
    assertEquals(scratched.names(), ["file", "taken"]);
  },
);

Deno.test(
  "chooseRunFolder() refuses a folder whose files a run would write over",
  () => {
    using scratched = scratch();
    const root = scratched.path;
    Deno.writeTextFileSync(`${root}/loss.svg`, "mine");
    assertThrows(
      () => chooseRunFolder("sample", root),
      InputError,
      `${root}/loss.svg is there already and would be written over`,
    );
    assertEquals(scratched.names(), ["loss.svg"]);
  },
);

Deno.test(
  "chooseRunFolder() refuses a name that is too long in one line, and does not repeat it",
  () => {
    using scratched = scratch();
    const root = scratched.path;
    for (const name of ["x".repeat(300), "x/".repeat(2500)]) {
      const { message } = assertThrows(
        () => chooseRunFolder("sample", `${root}/${name}`),
        InputError,
      );
      assertMatch(message, /cannot be written \(File name too long/);
      assertEquals([message.length < 500, scratched.names()], [true, []]);
    }
  },
);

Deno.test("recordRun() refuses a folder of its own that cannot be made, in one line", async () => {
  for (const { call, name } of callFaults.filter(({ call }) => call === "mkdir")) {
    using scratched = scratch();
    const folder = `${scratched.path}/sample/now`;
    const recording = { program: "sample", folder, details: {}, isMadeUp: true };
    const interruption = new AbortController().signal;
    using _faults = injectFaults((called) => called === call ? systemError(name) : undefined);
    await assertRejects(
      () => recordRun({ ...recording, interruption }, () => Promise.resolve()),
      InputError,
      `${folder} cannot be written (`,
    );
    assertEquals(scratched.names(), []);
  }
});
