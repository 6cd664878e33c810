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
