import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { InputError } from "../../../core/errors.ts";
import { recordRun, Run } from "../../../experiments/study/run.ts";
import type { JsonObject } from "../../../experiments/study/json.ts";
import { linesOnStderr } from "../processes.ts";
import { scratch } from "../scratch.ts";

/** What lies in a folder, but for the claim of a run that is at work in it. */
function names(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) => name !== ".claim")
    .sort();
}

function readRecord(folder: string): JsonObject {
  return JSON.parse(Deno.readTextFileSync(`${folder}/run.json`));
}

Deno.test(
  "Run records what it is when it begins, and how it ends",
  () => {
    using scratched = scratch();
    const root = scratched.path;
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
  },
);

Deno.test(
  "Run keeps its tables and files in its folder",
  () => {
    using scratched = scratch();
    const root = scratched.path;
    using run = new Run("sample", `${root}/run`, {});
    run.table("curve.csv", ["update"]).append({ update: 1 });
    run.write("loss.svg", "<svg/>");
    run.write("sheet.png", Uint8Array.of(1, 2));
    assertEquals(names(run.folder), ["curve.csv", "loss.svg", "run.json", "sheet.png"]);
    assertEquals(Deno.readTextFileSync(`${run.folder}/curve.csv`), "update\n1\n");
    assertEquals(Deno.readFileSync(`${run.folder}/sheet.png`), Uint8Array.of(1, 2));
  },
);

Deno.test("Run removes what writes that were killed have left, but for what it shares", () => {
  using scratched = scratch();
  const places = ["", "cells/", "networks/", "shards/1-of-2/"];
  const folder = `${scratched.path}/run`;
  const left = () =>
    places.filter((place) => {
      try {
        return Deno.statSync(`${folder}/${place}file.12.partial`).isFile;
      } catch {
        return false;
      }
    });
  for (const place of places) {
    Deno.mkdirSync(`${folder}/${place}`, { recursive: true });
    Deno.writeTextFileSync(`${folder}/${place}file.12.partial`, "");
  }
  {
    using _run = new Run("sample", folder, {}, { share: { index: 1, count: 2 } });
    assertEquals(left(), places.slice(0, 3));
  }
  using _run = new Run("sample", folder, {});
  assertEquals(left(), []);
});

Deno.test(
  "recordRun() says finished, interrupted or failed, and passes errors on",
  async () => {
    using scratched = scratch();
    const root = scratched.path;
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
  },
);

Deno.test(
  "recordRun() passes on what went wrong even where the record cannot be written",
  async () => {
    using scratched = scratch();
    const root = scratched.path;
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
  },
);

Deno.test(
  "recordRun() leaves nothing of a run that is refused before it has begun",
  async () => {
    using scratched = scratch();
    const root = scratched.path;
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
  },
);

Deno.test(
  "Run.noteWithin() adds to an object of the record",
  () => {
    using scratched = scratch();
    const root = scratched.path;
    using run = new Run("test", `${root}/run`, {});
    run.noteWithin("bytes", { nag: 4 });
    run.note({ other: 1 });
    run.noteWithin("bytes", { sgd: 0, nag: 8 });
    const { bytes, other } = JSON.parse(Deno.readTextFileSync(`${root}/run/run.json`));
    assertEquals({ bytes, other }, { bytes: { nag: 8, sgd: 0 }, other: 1 });
  },
);

Deno.test(
  "a run leaves its folder alone once another machine has taken it over",
  async () => {
    using scratched = scratch();
    const root = scratched.path;
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
  },
);
