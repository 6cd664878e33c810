// An optimizer of a user's own, from a file outside the repository, from end to end.

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { trainAutoencoders } from "../../../experiments/autoencoder.ts";
import { sha256 } from "../../../experiments/files/files.ts";
import { readTable } from "../../../experiments/files/tables.ts";
import { readCells } from "../../../experiments/study/ledger.ts";
import { runHere } from "../commands.ts";
import { scratch } from "../scratch.ts";
import { smallAutoencoders } from "./small_runs.ts";

/** Descent whose step also has a share of the gradient before. */
const mine = `export default {
  name: "memory",
  settings: [
    { name: "learning_rate", help: "The step.", above: 0 },
    { name: "share", help: "Of the gradient before.", atLeast: 0, below: 1, default: 0.25 },
  ],
  states: { before: "zeros" },
  scalars: ["learning_rate", "share"],
  body: \`
    parameters = fma(vec4f(-learning_rate), fma(vec4f(share), before, gradient), parameters);
    before = gradient;
  \`,
};
`;

Deno.test("a user's optimizer stands beside others in all that a run leaves, and goes on", async () => {
  using folder = scratch();
  const { flags } = smallAutoencoders(folder);
  const out = `${folder.path}/out`, file = `${folder.path}/mine.ts`, home = Deno.cwd();
  Deno.writeTextFileSync(file, mine);
  const words = flags.join(" ").replace("nag,sgd --seed 1,2", "nag,adamw,./mine.ts --seed 1")
    .replace("300", "40").replace("--finish 50", "--share 0.25,0.5").split(" ");
  const run = (...args: string[]) => runHere(trainAutoencoders, args);
  Deno.chdir(folder.path);
  try {
    const { status, stdout, stderr } = await run(...words, "--out", "out");
    assertEquals(status, 0, stderr);
    assertMatch(stdout, /^memory /m);
  } finally {
    Deno.chdir(home);
  }
  const read = (name: string) => Deno.readTextFileSync(`${out}/${name}`);
  const expected = ["nag ", "adamw ", "memory 0.25", "memory 0.5"];
  for (const name of ["curve.csv", "summary.csv", "settings.csv"]) {
    const rows = readTable(read(name));
    const named = rows.map(({ optimizer, share }) => `${optimizer} ${share}`);
    assertEquals([...new Set(named)], expected, name);
  }
  const ids = readTable(read("summary.csv")).map(({ cell }) => `${cell}.safetensors`);
  const networks = [...Deno.readDirSync(`${out}/networks`)].map(({ name }) => name);
  assertEquals(networks.toSorted(), ids.toSorted());
  assertStringIncludes(read("loss.svg"), "memory");
  const record = JSON.parse(read("run.json"));
  const sum = sha256(new TextEncoder().encode(mine));
  assertEquals(record.optimizers, [{ name: "memory", path: file, sha256: sum }]);
  assertEquals(record.stateBytesPerParameter, { nag: 4, adamw: 8, memory: 4 });

  const longer = await run("--resume", out, "--updates", "60");
  assertEquals(longer.status, 0, longer.stderr);
  assertEquals([...readCells(out).values()].map(({ result }) => result.updates), [60, 60, 60, 60]);

  Deno.writeTextFileSync(file, mine.replace("Of the", "The share of the"));
  const before = read("run.json");
  const refused = await run("--resume", out, "--updates", "80");
  assertEquals([refused.status, refused.stderr], [
    2,
    `error: ${file} is not as it was when the run began: put it back as it was (SHA-256 ${sum}), ` +
    "or begin another run\n",
  ]);
  assertEquals(read("run.json"), before);
});
