import { assertEquals, assertThrows } from "@std/assert";
import { withAbsolutePaths, withConfig } from "../../../experiments/study/command_line.ts";
import { InputError } from "../../../mod.ts";
import { scratch } from "../scratch.ts";

/** The command line that a file and words after it make. */
function expanded(json: unknown, ...words: string[]): readonly string[] {
  using folder = scratch();
  const text = typeof json === "string" ? json : JSON.stringify(json);
  const path = folder.write("config.json", new TextEncoder().encode(text));
  return withConfig(["--config", path, ...words]);
}

Deno.test("withConfig() leaves a command line without --config alone", () => {
  const words = ["--seed", "1", "--configuration", "x"];
  assertEquals(withConfig(words), words);
});

Deno.test("withConfig() takes an object of flags, lists with commas, truth as yes and no", () => {
  assertEquals(
    expanded({ optimizer: ["nag", "sgd"], updates: 20, tune: false, data: "my file.csv" }),
    ["--optimizer=nag,sgd", "--updates=20", "--tune=no", "--data=my file.csv"],
  );
});

Deno.test("withConfig() takes a run.json, what the run was made longer to included", () => {
  const record = {
    program: "autoencoder",
    arguments: [
      "--layers",
      "784,5",
      "--updates=20",
      "--seed",
      "1,2",
      "--out",
      "here",
      "--mu",
      "-1",
    ],
    resumed: [{ arguments: ["--resume", "here", "--updates", "40"] }],
  };
  assertEquals(expanded(record), ["--layers=784,5", "--updates=40", "--seed=1,2", "--mu=-1"]);
});

Deno.test("withConfig() lets the command line have the last word, and gives no place away", () => {
  const record = { seed: 1, updates: 20, out: "there", resume: "there", "dry-run": true };
  assertEquals(
    expanded(record, "--updates", "30", "--out", "here"),
    ["--seed=1", "--updates", "30", "--out", "here"],
  );
});

Deno.test("withConfig() refuses what is no configuration, in words", () => {
  for (const json of ["[1]", "3", "null", "{", ""]) {
    assertThrows(() => expanded(json), InputError, "is no configuration: name a run.json");
  }
  assertThrows(() => expanded({ seed: null }), InputError, "gives seed no value");
  assertThrows(() => withConfig(["--config", "--seed"]), InputError, "--config needs a value");
  assertThrows(() => withConfig(["--config"]), InputError, "--config needs a value");
  assertThrows(() => withConfig(["--config=/no/such.json"]), InputError, "/no/such.json");
});

Deno.test("withAbsolutePaths() leaves a command line that means the same from any folder", () => {
  const here = Deno.cwd();
  const pairs: [word: string, same: string][] = [
    ["--data", "--data"],
    ["a/b.csv", `${here}/a/b.csv`],
    ["--data=c d", `--data=${here}/c d`],
    ["--data=/e", "--data=/e"],
    ["--test-labels=y", `--test-labels=${here}/y`],
    ["--from=old", `--from=${here}/old`],
    ["--optimizer", "--optimizer"],
    ["nag,./mine.ts,/x.ts,file:///y.ts", `nag,${here}/mine.ts,/x.ts,file:///y.ts`],
    ["--optimizer=own.js", `--optimizer=${here}/own.js`],
    ["--out", "--out"],
    ["g", "g"],
  ];
  assertEquals(withAbsolutePaths(pairs.map(([word]) => word)), pairs.map(([, same]) => same));
});
