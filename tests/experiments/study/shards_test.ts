// Parts of a run that several machines train into one folder.

import { assertEquals, assertMatch } from "@std/assert";
import { trainAutoencoders } from "../../../experiments/autoencoder.ts";
import { injectFaults } from "../../../experiments/files/disk.ts";
import { exists } from "../../../experiments/files/files.ts";
import { readCells } from "../../../experiments/study/ledger.ts";
import { runHere } from "../commands.ts";
import { runDeno } from "../processes.ts";
import { type Scratch, scratch } from "../scratch.ts";
import { remains, smallAutoencoders } from "./small_runs.ts";

function flagsOf(folder: Scratch): string[] {
  return smallAutoencoders(folder).flags.join(" ").replace("300", "60").split(" ");
}

/** What does not tell in which order, nor where, networks were trained. */
async function sameOf(out: string) {
  const { chart, network, ...others } = await remains(out);
  const results = [...readCells(out).values()].map(({ result }) => ({
    ...result,
    curve: result.curve.map(({ seconds: _, ...row }) => row),
  }));
  return { ...others, chart: chart.length, network: network.toHex(), results };
}

Deno.test("shards that are trained one after the other, or at once, make the run of one process", async () => {
  using folder = scratch();
  const { program } = smallAutoencoders(folder), flags = flagsOf(folder);
  const [whole, turns, once] = ["whole", "turns", "once"].map((name) => `${folder.path}/${name}`);
  await runHere(trainAutoencoders, [...flags, "--out", whole]);
  const wanted = await sameOf(whole);
  for (const [shard, count] of [["1/2", 2], ["2/2", 4]] as const) {
    const { status, stderr } = await runHere(
      trainAutoencoders,
      [...flags, "--shard", shard, "--out", turns],
    );
    assertEquals([status, readCells(turns).size], [0, count], stderr);
  }
  assertEquals(await sameOf(turns), wanted);
  const again = await runHere(trainAutoencoders, [...flags, "--shard", "2/2", "--out", turns]);
  assertMatch(again.stderr, /is finished: nothing to do/);
  const shards = ["1/2", "2/2"].map((shard) =>
    runDeno(["run", "-A", program, ...flags, "--shard", shard, "--out", once])
  );
  for (const { status, stderr } of await Promise.all(shards)) assertEquals(status, 0, stderr);
  assertEquals(await sameOf(once), wanted);
});

Deno.test("a shard that goes on tells of others as they are at its end", async () => {
  using folder = scratch();
  const flags = flagsOf(folder), [whole, out] = [`${folder.path}/whole`, `${folder.path}/out`];
  await runHere(trainAutoencoders, [...flags, "--out", whole]);
  const other = new AbortController();
  {
    using _end = injectFaults((call, path) => {
      if (call === "rename" && path.includes("/cells/")) other.abort(new Error("asked to end"));
      return undefined;
    });
    const second = [...flags, "--shard", "2/2", "--out", out];
    await runHere(trainAutoencoders, second, other.signal);
  }
  const begun = [...readCells(out).keys()];
  let isLate = true;
  using _other = injectFaults((call, path) => {
    if (call !== "rename" || !path.includes("/cells/") || !isLate) return undefined;
    isLate = false;
    for (const id of begun) {
      Deno.copyFileSync(`${whole}/cells/${id}.json`, `${out}/cells/${id}.json`);
    }
  });
  await runHere(trainAutoencoders, [...flags, "--shard", "1/2", "--out", out]);
  assertEquals([begun.length, (await sameOf(out)).summary], [2, (await sameOf(whole)).summary]);
});

Deno.test("a shard that wrote its tables while another one ended writes them again", async () => {
  using folder = scratch();
  const flags = flagsOf(folder), [whole, out] = [`${folder.path}/whole`, `${folder.path}/out`];
  await runHere(trainAutoencoders, [...flags, "--out", whole]);
  let isLate = true;
  using _other = injectFaults((call, path) => {
    if (call !== "rename" || path !== `${out}/report.html` || !isLate) return undefined;
    isLate = false;
    for (const { name } of Deno.readDirSync(`${whole}/cells`)) {
      if (!exists(`${out}/cells/${name}`)) {
        Deno.copyFileSync(`${whole}/cells/${name}`, `${out}/cells/${name}`);
      }
    }
  });
  await runHere(trainAutoencoders, [...flags, "--shard", "1/2", "--out", out]);
  assertEquals((await sameOf(out)).summary, (await sameOf(whole)).summary);
});

Deno.test("a command without a share makes the whole of those in its folder", async () => {
  using folder = scratch();
  const flags = flagsOf(folder), [whole, out] = [`${folder.path}/whole`, `${folder.path}/out`];
  const inTurn = [[whole], [out, "--shard", "1/2"], [out, "--shard", "2/2"], [out]];
  for (const place of inTurn) {
    const { status, stderr } = await runHere(trainAutoencoders, [...flags, "--out", ...place]);
    assertEquals(status, 0, stderr);
  }
  assertEquals(await sameOf(out), await sameOf(whole));
  assertEquals(JSON.parse(Deno.readTextFileSync(`${out}/run.json`)).status, "finished");
  Deno.removeSync(`${out}/run.json`);
  const { stderr } = await runHere(trainAutoencoders, [...flags, "--fan-in", "4", "--out", out]);
  assertMatch(stderr, /^error: --fan-in 4 is not that of the run in .*\n$/);
});
