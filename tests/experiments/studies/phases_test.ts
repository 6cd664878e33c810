import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { injectFaults } from "../../../experiments/files/disk.ts";
import { readState, statePath } from "../../../experiments/study/ledger.ts";
import type { TrainerState } from "../../../mod.ts";
import { systemError } from "../files/disk_faults.ts";
import { scratch } from "../scratch.ts";
import { restore, snapshot } from "../study/small_runs.ts";
import {
  carryOutSmall,
  recordOf,
  remains,
  type SmallCommand,
  timesOf,
  whenWritten,
} from "../tables/small_tables.ts";

const phasesIn = (out: string, more: Partial<SmallCommand> = {}) =>
  carryOutSmall({ command: "phases", out, ...more });

/** The experiment in one go: its files, and what any way to it leaves. */
async function wholeExperiment() {
  using folder = scratch();
  await phasesIn(folder.path);
  return { files: snapshot(folder.path), ...remains(folder.path) };
}

const { files, ...whole } = await wholeExperiment();

const isBranch = ({ configuration }: typeof whole.results[number]) => "from" in configuration;
const [trunk] = whole.results.filter((network) => !isBranch(network));
const branches = whole.results.filter(isBranch);
const branchAt = (update: number, mu: number) =>
  branches.find(({ configuration: { from, mu: cap } }) =>
    cap === mu && (from as { update: number }).update === update
  )!;

/** The bits of parameters, velocities and theta. */
function bitsOf({ replicas }: TrainerState) {
  return replicas.map(({ parameters, states }) =>
    [parameters, ...Object.values(states).map(({ values }) => values)]
      .map(({ buffer }) => new Uint32Array(buffer))
  );
}

Deno.test("runPhases() has branches begin at the trunk's very state", async () => {
  assertEquals(branches.length, 4);
  using folder = scratch();
  Deno.mkdirSync(`${folder.path}/cells`);
  restore(folder.path, files);
  for (const update of [10, 20]) {
    const kept = await readState(statePath(folder.path, trunk.id, update), trunk.id);
    assertEquals(kept.update, update);
    const then = trunk.result.curve.find((row) => row.update === update)!;
    for (const mu of [0.5, 0.9]) {
      // Their first report is of theta as it was in the trunk.
      const { update: at, train, test } = branchAt(update, mu).result.curve[0];
      assertEquals([at, train, test], [update, then.train, then.test]);
    }
  }
  // A branch that changes nothing is the trunk itself, to the bit.
  const same = branchAt(10, 0.9), other = branchAt(10, 0.5);
  const [end, ...ends] = await Promise.all(
    [trunk, same, other].map(({ id }) => readState(statePath(folder.path, id), id)),
  );
  assertEquals(bitsOf(ends[0]), bitsOf(end));
  assertNotEquals(bitsOf(ends[1]), bitsOf(end));
  assertEquals(same.result.final, trunk.result.final);
});

Deno.test("runPhases() trains the trunk again for a state that a branch needs, and not else", async () => {
  using folder = scratch();
  const out = folder.path;
  Deno.mkdirSync(`${out}/cells`);
  restore(out, files);
  for (const update of [10, 20]) Deno.removeSync(statePath(out, trunk.id, update));
  const before = timesOf(out);
  await phasesIn(out);
  assertEquals(timesOf(out), before);
  const { id } = branchAt(20, 0.5);
  for (const path of [statePath(out, id), `${out}/cells/${id}.json`]) Deno.removeSync(path);
  await phasesIn(out);
  assertEquals(remains(out), whole);
  const after = timesOf(out);
  for (const other of branches.filter((branch) => branch.id !== id)) {
    assertEquals(after[`${other.id}.json`], before[`${other.id}.json`]);
  }
});

Deno.test("runPhases() goes on where it was interrupted, in the trunk or in branches", async () => {
  using folder = scratch();
  // The trunk is saved twice besides its two states to begin at, two rounds of branches once each.
  for (
    const form of [/-10\.safetensors$/, new RegExp(`(?!${trunk.id})[0-9a-f]{16}\\.safetensors$`)]
  ) {
    const controller = new AbortController(), { signal } = controller;
    using _ = whenWritten(
      form,
      () => controller.abort(new DOMException("enough", "AbortError")),
    );
    await phasesIn(folder.path, { interruption: signal });
    assertEquals(recordOf(folder.path).status, "interrupted");
  }
  await phasesIn(folder.path);
  assertEquals(remains(folder.path), whole);
});

Deno.test("runPhases() shares trunks with their branches among machines", async () => {
  const seeds = ["--seed", "1,2"];
  using one = scratch();
  await phasesIn(one.path, { args: seeds });
  using shared = scratch();
  for (const index of [2, 1]) {
    await phasesIn(shared.path, { args: [...seeds, "--shard", `${index}/2`] });
    // Each has a trunk and four branches.
    assertEquals(remains(shared.path).results.length, index === 2 ? 5 : 10);
  }
  await phasesIn(shared.path, { args: seeds });
  assertEquals(remains(shared.path), remains(one.path));
});

Deno.test("runPhases() ends where the trunk has diverged, without the branches", async () => {
  using folder = scratch();
  await phasesIn(folder.path, { args: ["--learning-rate", "1e38"] });
  const { results } = remains(folder.path);
  assertEquals(results.find((network) => !isBranch(network))?.result.status, "diverged");
  assert(results.every(({ result: { status } }) => status === "diverged"));
  assertEquals(recordOf(folder.path).status, "finished");
  Deno.statSync(`${folder.path}/report.html`);
});

Deno.test("runPhases() writes its section at its end where the disk was full before", async () => {
  using folder = scratch();
  {
    let refused = 0;
    using _ = injectFaults((call, path) =>
      call === "rename" && path.includes("/phases") && refused++ < 4
        ? systemError("ENOSPC")
        : undefined
    );
    const said = await phasesIn(folder.path);
    assertEquals(said.filter((line) => line.startsWith("warning: ")).length, 1);
    assertEquals(refused > 4, true);
  }
  assertEquals([remains(folder.path), recordOf(folder.path).status], [whole, "finished"]);
  for (const name of ["phases.json", "phases_course.svg", "phases_gain.svg"]) {
    assertEquals(Deno.readFileSync(`${folder.path}/${name}`), files[name], name);
  }
});
