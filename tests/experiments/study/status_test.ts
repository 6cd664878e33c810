// A network whose parameters stay finite, and whose error does not.

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { readTable } from "../../../experiments/files/tables.ts";
import { trainAutoencoders } from "../../../experiments/autoencoder.ts";
import { runHere } from "../commands.ts";
import { scratch } from "../scratch.ts";

/** Cases of six values as a .npy file. */
function casesOf(values: readonly number[]): Uint8Array<ArrayBuffer> {
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${values.length / 6}, 6), }`;
  const text = new TextEncoder().encode(header.padEnd(117) + "\n");
  const magic = [0x93, ...new TextEncoder().encode("NUMPY"), 1, 0, text.length, 0];
  const bytes = new Uint8Array(new Float32Array(values).buffer);
  return Uint8Array.from([...magic, ...text, ...bytes]);
}

/** Trains a network of linear units on them, and reads what the run leaves. */
async function trained(values: readonly number[]) {
  using folder = scratch();
  const data = folder.write("cases.npy", casesOf(values));
  const out = `${folder.path}/run`;
  const { stdout, stderr } = await runHere(trainAutoencoders, [
    ...[
      "--problem",
      "custom",
      "--data",
      data,
      "--layers",
      "6,1",
      "--output-unit",
      "linear",
      "--updates",
      "3",
    ],
    ...["--batch-size", "2", "--tune", "no", "--out", out],
  ]);
  const read = (name: string) => Deno.readTextFileSync(`${out}/${name}`);
  return {
    ...{ stdout, stderr },
    ...{ summary: readTable(read("summary.csv"))[0], curve: readTable(read("curve.csv")) },
    chart: read("loss.svg"),
    names: [...Deno.readDirSync(out)].map(({ name }) => name),
  };
}

Deno.test("a network whose evaluation overflows has diverged, wherever it is told", async () => {
  const run = await trained(Array.from({ length: 30 }, (_, i) => i - 7));
  const overflow = run.curve.find((row) => row.train_squared_error === "Infinity")!;
  assert(run.curve.every(({ train_loss }) => Number.isFinite(Number(train_loss))), "no overflow");
  assertEquals(run.summary.train_squared_error, "Infinity");
  assertEquals([run.summary.status, run.summary.diverged_at], ["diverged", overflow.update]);
  assertMatch(run.stdout, new RegExp(`Infinity\n[^]*diverged at ${overflow.update}$`, "m"));
  assertStringIncludes(run.stdout, "no network stayed finite: none is saved or shown");
  assertStringIncludes(run.chart, "1 diverged: ×");
  assertEquals(run.names.includes("network.safetensors"), false);
});

Deno.test("a network without an error is drawn by the words that say so", async () => {
  const run = await trained(Array(30).fill(0));
  assertEquals([run.summary.status, run.summary.train_squared_error], ["ok", "0"]);
  // Where all begin is not drawn.
  const length = run.curve.length - 1;
  assertStringIncludes(
    run.chart,
    `${length} of ${length} reports are 0, which cannot stand on a log axis`,
  );
  assertEquals(run.chart.includes("no finite figure"), false);
  assert(run.names.includes("network.safetensors"));
});
