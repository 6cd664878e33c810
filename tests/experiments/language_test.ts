import { assertEquals, assertLess, assertMatch } from "@std/assert";
import { tablesOf } from "../../experiments/problems/kind_tables.ts";
import { trainLanguageModels } from "../../experiments/language.ts";
import { readTable } from "../../experiments/files/tables.ts";
import { compareRuns } from "../../experiments/study/compare.ts";
import { runHere } from "./commands.ts";
import { gzip, type Scratch, scratch } from "./scratch.ts";
import { remains } from "./study/small_runs.ts";

const encode = (words: string) => new TextEncoder().encode(words);

/** What follows an a is told by the letter before it: a bit that bigrams do not have. */
const text = Array.from({ length: 150 }, (_, i) => i * i % 7 < 3 ? "xab " : "yac ").join("");

/** The flags of a small network on that text. */
function small(folder: Scratch): string[] {
  const file = folder.write("text.txt", encode(text));
  const network = ["--blocks", "1", "--width", "8", "--length", "8", "--batch-size", "8"];
  return ["--text", file, ...network, "--eval-cases", "6", "--init-scale", "1"];
}

async function run(...args: string[]) {
  const { status, stdout, stderr } = await runHere(trainLanguageModels, args);
  assertEquals(status, 0, stderr);
  return { stdout, stderr };
}

Deno.test("language.ts learns more than bigrams tell, and leaves the whole record of it", async () => {
  using folder = scratch();
  const out = `${folder.path}/run`, other = `${folder.path}/other`;
  const { stdout, stderr } = await run(
    ...[...small(folder), "--updates", "60", "--every", "30", "--out", out],
    ...["--optimizer", "nag,adamw", "--learning-rate", "0.03,1e38", "--seed", "1"],
  );
  assertMatch(stderr, /text\.txt: 600 characters, 6 different ones; the last 60 are held out/);
  assertMatch(stdout, /bigrams 0\.\d+/);
  const curve = readTable(Deno.readTextFileSync(`${out}/curve.csv`));
  assertEquals(curve.length, 4 * 3);
  assertEquals(
    Object.keys(curve[0]).slice(8, 14),
    [
      ...["update", "momentum", "train_loss", "train_bits_per_character"],
      ...["test_bits_per_character", "gradient_norm"],
    ],
  );
  const rows = readTable(Deno.readTextFileSync(`${out}/summary.csv`));
  const [best] = rows.filter(({ optimizer, status }) => optimizer === "adamw" && status === "ok");
  assertLess(Number(best.test_bits_per_character), Number(best.bigrams_bits_per_character));
  assertEquals(rows.filter(({ status }) => status === "diverged").length > 0, true);
  const { data, configuration } = JSON.parse(Deno.readTextFileSync(`${out}/run.json`));
  assertEquals([data.characters, data.heldOut, data.vocabulary], [600, 60, 6]);
  assertEquals(configuration.hidden, 32);
  // Four windows that it makes up, each from a character of the text.
  const sample = Deno.readTextFileSync(`${out}/sample.txt`);
  assertEquals(sample.split("\n---\n").map((passage) => passage.trimEnd().length <= 8), [
    ...Array(4).fill(true),
  ]);
  assertMatch(sample, /^[abcxy \n-]*$/);
  // By methods of second order too, with what they take for windows that have no end.
  const second = ["--optimizer", "hf,hf-dagger", "--updates", "2", "--every", "1"];
  await run(...small(folder), ...second, "--out", other);
  for (const row of readTable(Deno.readTextFileSync(`${other}/summary.csv`))) {
    assertEquals(row.status, "ok");
    assertLess(Number(row.test_bits_per_character), 3);
  }
  const { signal: interruption } = new AbortController(), all = `${folder.path}/all`;
  const folders = [out, other];
  await compareRuns({ folders, out: all, isMadeUp: false, tablesOf, interruption });
  assertEquals(readTable(Deno.readTextFileSync(`${all}/summary.csv`)).length, 6);
});

Deno.test("language.ts goes on to the bits of a run in one piece, and as if alone", async () => {
  using folder = scratch();
  const [out, whole, alone] = ["out", "whole", "alone"].map((name) => `${folder.path}/${name}`);
  const flags = [...small(folder), "--every", "4", "--dropout", "0.1", "--activation", "gelu"];
  const grid = ["--optimizer", "cm,nag", "--seed", "3,4"];
  await run(...flags, ...grid, "--updates", "6", "--out", out);
  // The same text in another place, packed.
  const moved = folder.write("moved.gz", await gzip(encode(text)));
  await run("--resume", out, "--updates", "12", "--text", moved);
  await run(...flags, ...grid, "--updates", "12", "--out", whole);
  assertEquals(await remains(out), await remains(whole));
  await run(...flags, "--optimizer", "nag", "--seed", "4", "--updates", "12", "--out", alone);
  const rowsOf = (folder: string) =>
    Deno.readTextFileSync(`${folder}/curve.csv`).trim().split("\n");
  const same = rowsOf(whole).filter((line) => /,nag,.*,4,\d+,/.test(line));
  assertEquals(same, rowsOf(alone).slice(1));
});

Deno.test("language.ts refuses bad input in one line, with status 2, and leaves nothing", async () => {
  using folder = scratch();
  const given = small(folder).slice(0, 2);
  const [binary, empty] = [[97, 255, 98], []].map((bytes, i) =>
    folder.write(`bad${i}`, Uint8Array.from(bytes))
  );
  const bad: [string[], RegExp][] = [
    [[], /name a file with the text to learn with --text/],
    [["--text", `${folder.path}/none`], /there is no file .*none: name it with --text/],
    [["--text", folder.path], /is a folder: name a file/],
    [["--text", binary], /bad0: it is no text in UTF-8/],
    [["--text", empty], /bad1: it has fewer than 2 different characters/],
    [[...given, "--length", "60"], /540 are to learn from and 60 held out.* takes 61 of both/],
    [[...given, "--width", "9"], /--heads 2 do not divide --width 9: give a width of 10/],
    [[...given, "--heads", "0"], /--heads must be an integer of at least 1/],
    [[...given, "--dropout", "1"], /--dropout.*below 1/],
    [[...given, "--activation", "tanh"], /--activation must be one of relu, gelu/],
    [[...given, "--init", "sparse"], /--init must be one of gaussian, glorot, he, orthogonal/],
    [
      [...given, "--length", "8", "--schedule", "constant", "--schedule-period", "3"],
      /--schedule-period means nothing here, as it is for --schedule paper/,
    ],
  ];
  for (const [flags, says] of bad) {
    const args = [...flags, "--out", `${folder.path}/out`];
    const { status, stdout, stderr } = await runHere(trainLanguageModels, args);
    assertEquals([status, stdout], [2, ""], `${args.join(" ")}: ${stderr}`);
    assertMatch(stderr, /^error: [^\n]*\n$/);
    assertMatch(stderr, says);
    assertEquals(folder.names(), ["bad0", "bad1", "text.txt"]);
  }
});
