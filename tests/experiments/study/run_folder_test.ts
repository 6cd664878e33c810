import {
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { InputError } from "../../../core/errors.ts";
import {
  chooseRunFolder,
  recordRun,
  Run,
  timeStamp,
  withAbsolutePaths,
} from "../../../experiments/study/run_folder.ts";
import type { JsonObject } from "../../../experiments/study/json.ts";
import { beside, linesOnStderr, runDeno } from "../processes.ts";

/** Runs a test in a folder of its own. */
function inFolder(test: (folder: string) => Promise<void> | void): () => Promise<void> {
  return async () => {
    const folder = Deno.makeTempDirSync();
    try {
      await test(folder);
    } finally {
      Deno.removeSync(folder, { recursive: true });
    }
  };
}

/** What lies in a folder, but for the claim of a run that is at work in it. */
function names(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) => name !== ".claim")
    .sort();
}

function readRecord(folder: string): JsonObject {
  return JSON.parse(Deno.readTextFileSync(`${folder}/run.json`));
}

Deno.test("timeStamp() is the local time, with every part at its full width", () => {
  assertEquals(timeStamp(new Date(2026, 10, 22, 16, 5, 9)), "2026-11-22_16-05-09");
});

Deno.test(
  "chooseRunFolder() tries the folder out and leaves nothing behind",
  inFolder((root) => {
    assertEquals(chooseRunFolder("sample", `${root}/a/b`), `${root}/a/b`);
    assertEquals(names(root), []);
    Deno.mkdirSync(`${root}/there`);
    Deno.writeTextFileSync(`${root}/there/notes.txt`, "mine");
    chooseRunFolder("sample", `${root}/there`);
    assertEquals(names(`${root}/there`), ["notes.txt"]);
  }),
);

Deno.test(
  "chooseRunFolder() without --out is results/PROGRAM/DATE-TIME, a new one each time",
  inFolder((root) => {
    const home = Deno.cwd();
    Deno.chdir(root);
    try {
      const now = new Date(2026, 0, 2, 3, 4, 5);
      const first = chooseRunFolder("sample", undefined, { now });
      assertEquals(first, "results/sample/2026-01-02_03-04-05");
      assertEquals(names(root), []);
      using _run = new Run("sample", first, {});
      assertEquals(chooseRunFolder("sample", undefined, { now }), `${first}-2`);
    } finally {
      Deno.chdir(home);
    }
  }),
);

Deno.test(
  "recordRun() gives runs of one second folders of their own, where they choose before any is made",
  inFolder(async (root) => {
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
  }),
);

Deno.test(
  "processes that begin runs in one second get folders of their own",
  inFolder(async (root) => {
    const args = ["run", "-A", beside("terminal/sample_program.ts"), "--end", "record"];
    const all = await Promise.all(Array.from({ length: 4 }, () => runDeno(args, { cwd: root })));
    assertEquals(all.map(({ status, stderr }) => [status, stderr]), all.map(() => [0, ""]));
    const folders = all.map(({ stdout }) => stdout.trim());
    assertEquals(new Set(folders).size, 4);
    for (const folder of folders) assertEquals(readRecord(`${root}/${folder}`).status, "finished");
  }),
);

Deno.test(
  "chooseRunFolder() refuses a folder that holds a run, or cannot be written",
  inFolder((root) => {
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
    assertEquals(names(root), ["file", "taken"]);
  }),
);

Deno.test(
  "Run records what it is when it begins, and how it ends",
  inFolder((root) => {
    using run = new Run("sample", `${root}/run`, { configuration: { seed: [1, 2] } });
    const begun = readRecord(run.folder);
    assertEquals(begun.program, "sample");
    assertEquals(begun.status, "running");
    assertEquals(begun.configuration, { seed: [1, 2] });
    assertEquals((begun.versions as JsonObject).deno, Deno.version.deno);
    assertMatch(String((begun.versions as JsonObject).nagare), /^\d+\.\d+\.\d+/);
    assertMatch(String(begun.started), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    run.end("finished", { error: NaN });
    const ended = readRecord(run.folder);
    assertEquals([ended.status, ended.error, ended.started], ["finished", "NaN", begun.started]);
    assertEquals(Number(ended.seconds) >= 0, true);
    assertEquals(names(run.folder), ["run.json"]);
  }),
);

Deno.test(
  "Run keeps its tables and files in its folder",
  inFolder((root) => {
    using run = new Run("sample", `${root}/run`, {});
    run.table("curve.csv", ["update"]).append({ update: 1 });
    run.write("loss.svg", "<svg/>");
    run.write("sheet.png", Uint8Array.of(1, 2));
    assertEquals(names(run.folder), ["curve.csv", "loss.svg", "run.json", "sheet.png"]);
    assertEquals(Deno.readTextFileSync(`${run.folder}/curve.csv`), "update\n1\n");
    assertEquals(Deno.readFileSync(`${run.folder}/sheet.png`), Uint8Array.of(1, 2));
  }),
);

Deno.test(
  "recordRun() says finished, interrupted or failed, and passes errors on",
  inFolder(async (root) => {
    const record = async (name: string, signal: AbortSignal, body: () => Promise<JsonObject>) => {
      const folder = `${root}/${name}`;
      const run = recordRun({ program: "sample", folder, details: {}, interruption: signal }, body);
      const error = await run.then(() => undefined, (error) => error);
      return { error, record: readRecord(folder) };
    };
    const quiet = new AbortController().signal;
    const stopped = AbortSignal.abort(new DOMException("ended", "AbortError"));
    const defect = new TypeError("a defect");

    const finished = await record("a", quiet, () => Promise.resolve({ best: 1 }));
    assertEquals([finished.record.status, finished.record.best], ["finished", 1]);
    const stoppedWell = await record("b", stopped, () => Promise.resolve({}));
    assertEquals([stoppedWell.record.status, stoppedWell.error], ["interrupted", undefined]);
    const left = await record("c", stopped, () => Promise.reject(stopped.reason));
    assertEquals([left.record.status, left.error], ["interrupted", stopped.reason]);
    const failed = await record("d", quiet, () => Promise.reject(defect));
    assertEquals([failed.record.status, failed.record.error], ["failed", "TypeError: a defect"]);
    assertEquals(failed.error, defect);
  }),
);

Deno.test(
  "recordRun() passes on what went wrong even where the record cannot be written",
  inFolder(async (root) => {
    const folder = `${root}/gone`;
    const interruption = new AbortController().signal;
    const run = () =>
      recordRun({ program: "sample", folder, details: {}, interruption }, () => {
        Deno.removeSync(folder, { recursive: true });
        Deno.writeTextFileSync(folder, "in its place");
        return Promise.reject(new RangeError("the first failure"));
      });
    const said = await linesOnStderr(() =>
      assertRejects(() => run(), RangeError, "the first failure")
    );
    assertEquals(Deno.exitCode, 1);
    Deno.exitCode = 0;
    assertEquals(said.length, 2);
    assertStringIncludes(said[0], `warning: ${folder}/run.json could not be written`);
    assertEquals(said[1], `error: not saved in ${folder}: run.json`);
  }),
);

Deno.test(
  "recordRun() leaves nothing of a run that is refused before it has begun",
  inFolder(async (root) => {
    const interruption = new AbortController().signal;
    const folder = `${root}/refused`;
    const refuse = (before: (run: Run) => void) =>
      assertRejects(
        () =>
          recordRun({ program: "sample", folder, details: {}, interruption }, async (run) => {
            before(run);
            await Promise.reject(new InputError("too large"));
          }),
        InputError,
        "too large",
      );
    await refuse((run) => run.write("montage.png", "an image"));
    assertEquals(names(root), []);
    Deno.mkdirSync(folder);
    Deno.writeTextFileSync(`${folder}/notes.txt`, "mine");
    await refuse((run) => run.note({ more: true }));
    assertEquals(names(folder), ["notes.txt"]);
    await refuse((run) => void run.table("curve.csv", ["update"]));
    assertEquals(names(folder), ["notes.txt"]);
    await refuse((run) => {
      run.table("curve.csv", ["update"]);
      run.begin();
    });
    assertEquals(names(folder), ["curve.csv", "notes.txt", "run.json"]);
    assertEquals(readRecord(folder).status, "failed");
  }),
);

Deno.test(
  "chooseRunFolder() refuses a folder whose files a run would write over",
  inFolder((root) => {
    Deno.writeTextFileSync(`${root}/loss.svg`, "mine");
    assertThrows(
      () => chooseRunFolder("sample", root),
      InputError,
      `${root}/loss.svg is there already and would be written over`,
    );
    assertEquals(names(root), ["loss.svg"]);
  }),
);

Deno.test(
  "Run.noteWithin() adds to an object of the record",
  inFolder((root) => {
    using run = new Run("test", `${root}/run`, {});
    run.noteWithin("bytes", { nag: 4 });
    run.note({ other: 1 });
    run.noteWithin("bytes", { sgd: 0, nag: 8 });
    const { bytes, other } = JSON.parse(Deno.readTextFileSync(`${root}/run/run.json`));
    assertEquals({ bytes, other }, { bytes: { nag: 8, sgd: 0 }, other: 1 });
  }),
);

Deno.test("withAbsolutePaths() leaves a command line that means the same from any folder", () => {
  const here = Deno.cwd();
  const pairs: [word: string, same: string][] = [
    ["--data", "--data"],
    ["a/b.csv", `${here}/a/b.csv`],
    ["--data=c d", `--data=${here}/c d`],
    ["--data=/e", "--data=/e"],
    ["--from=old", `--from=${here}/old`],
    ["--optimizer", "--optimizer"],
    ["nag,./mine.ts,/x.ts,file:///y.ts", `nag,${here}/mine.ts,/x.ts,file:///y.ts`],
    ["--optimizer=own.js", `--optimizer=${here}/own.js`],
    ["--out", "--out"],
    ["g", "g"],
  ];
  assertEquals(withAbsolutePaths(pairs.map(([word]) => word)), pairs.map(([, same]) => same));
});

Deno.test(
  "chooseRunFolder() refuses a name that is too long in one line, and does not repeat it",
  inFolder((root) => {
    for (const name of ["x".repeat(300), "x/".repeat(2500)]) {
      const { message } = assertThrows(
        () => chooseRunFolder("sample", `${root}/${name}`),
        InputError,
      );
      assertMatch(message, /cannot be written \(File name too long/);
      assertEquals([message.length < 500, names(root)], [true, []]);
    }
  }),
);

Deno.test(
  "a run leaves its folder alone once another machine has taken it over",
  inFolder(async (root) => {
    const folder = `${root}/run`, { setInterval } = globalThis;
    let beat = () => {};
    globalThis.setInterval = ((act: () => void, time_ms: number) => {
      beat = act;
      return setInterval(act, time_ms);
    }) as typeof setInterval;
    try {
      const recording = { program: "sample", folder, details: {} };
      const { signal } = new AbortController();
      await assertRejects(
        () =>
          recordRun({ ...recording, interruption: signal }, (run) => {
            const table = run.table("curve.csv", ["update"]);
            Deno.writeTextFileSync(`${folder}/.claim`, JSON.stringify({ token: "another" }));
            beat();
            table.append({ update: 1 });
            return Promise.resolve();
          }),
        InputError,
        `another run has taken ${folder} over`,
      );
    } finally {
      globalThis.setInterval = setInterval;
    }
    assertEquals(readRecord(folder).status, "running");
    assertEquals(Deno.readTextFileSync(`${folder}/curve.csv`), "update\n");
  }),
);
