import { assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { InputError } from "../../../core/errors.ts";
import {
  asksForHelp,
  choice,
  choices,
  integer,
  integers,
  namedFlags,
  number,
  numbers,
  parseFlags,
  partFlags,
  path,
  refuseIdle,
  yesNo,
} from "../../../experiments/terminal/flags.ts";
import { helpText, overviewText } from "../../../experiments/terminal/help.ts";

const table = {
  "learning-rate": numbers({
    default: [0.01],
    above: 0,
    unit: "per update",
    help: "How far an update goes.",
  }),
  optimizer: choices(["nag", "cm", "sgd"], { default: ["nag"], help: "The update rules." }),
  problem: choice(["curves", "mnist"], { default: "curves", help: "What is learned." }),
  mu: number({ default: 0.99, atLeast: 0, below: 1, help: "The momentum." }),
  updates: integer({ default: 5000, atLeast: 1, help: "How long the run is." }),
  layers: integers({
    atLeast: 1,
    repeats: true,
    shown: "the paper's network",
    help: "The encoder's sizes.",
  }),
  data: path({ help: "Where the files are." }),
  profile: yesNo({ default: false, help: "Whether kernels are timed." }),
};

function refusal(...args: string[]): string {
  const { message } = assertThrows(() => parseFlags(table, args), InputError);
  assertMatch(message, /^.+$/);
  return message;
}

Deno.test("parseFlags() gives the defaults, and undefined where there is none", () => {
  assertEquals(parseFlags(table, []), {
    learningRate: [0.01],
    optimizer: ["nag"],
    problem: "curves",
    mu: 0.99,
    updates: 5000,
    layers: undefined,
    data: undefined,
    profile: false,
  });
});

Deno.test("parseFlags() types the values by the table", () => {
  const values = parseFlags(table, ["--layers", "784,10,10", "--data", "d"]);
  const rates: readonly number[] = values.learningRate;
  const problem: "curves" | "mnist" = values.problem;
  const layers: readonly number[] | undefined = values.layers;
  // @ts-expect-error: without a default the value may be undefined.
  const data: string = values.data;
  assertEquals([rates, problem, layers, data], [[0.01], "curves", [784, 10, 10], "d"]);
});

Deno.test("parseFlags() reads --flag value and --flag=value alike", () => {
  const apart = parseFlags(table, ["--learning-rate", "0.05, 1e-3", "--profile", "yes"]);
  const joined = parseFlags(table, ["--learning-rate=0.05,1e-3", "--profile=yes"]);
  assertEquals(apart, joined);
  assertEquals(apart.learningRate, [0.05, 0.001]);
  assertEquals(apart.profile, true);
});

Deno.test("parseFlags() keeps an equals sign in a value", () => {
  assertEquals(parseFlags(table, ["--data=a=b"]).data, "a=b");
  assertEquals(parseFlags(table, ["--data", "a=b"]).data, "a=b");
});

Deno.test("parseFlags() names the nearest flag for an unknown one, if one is near", () => {
  assertEquals(refusal("--learning-rte", "1"), wrongFlag("--learning-rte", "--learning-rate"));
  assertEquals(refusal("--learn=1"), wrongFlag("--learn", "--learning-rate"));
  assertEquals(refusal("-mu", "0.9"), wrongFlag("-mu", "--mu"));
  assertEquals(refusal("--no-profile"), wrongFlag("--no-profile", "--profile"));
  for (const far of ["--frobnicate", "--__proto__", "--constructor", "-x"]) {
    assertEquals(refusal(far, "1"), `there is no flag ${far}; --help lists the flags`);
  }
});

Deno.test("parseFlags() knows the names that others have for a flag, where it has that flag", () => {
  for (
    const [given, meant] of [
      ["--lr", "--learning-rate"],
      ["--learning-rates", "--learning-rate"],
      ["--eps", "--learning-rate"],
      ["--momentum", "--mu"],
    ]
  ) assertEquals(refusal(given, "1"), wrongFlag(given, meant));
  assertEquals(
    refusal("--epochs=10"),
    "there is no flag --epochs; did you mean --updates (the length is counted in updates)?",
  );
  for (const absent of ["--bs", "--wd"]) {
    assertEquals(refusal(absent, "1"), `there is no flag ${absent}; --help lists the flags`);
  }
  const other = { epsilon: number({ help: "e" }), "batch-size": integer({ help: "b" }) };
  const suggested = (flag: string) => assertThrows(() => parseFlags(other, [flag]), InputError);
  assertStringIncludes(suggested("--eps").message, "did you mean --epsilon?");
  assertStringIncludes(suggested("--bs").message, "did you mean --batch-size?");
  assertStringIncludes(suggested("--lr").message, "--help lists the flags");
});

Deno.test("parseFlags() takes the flags of all programs for none of its own", () => {
  assertEquals(parseFlags(table, ["--quiet", "--mu", "0.5", "--quiet"]).mu, 0.5);
  assertEquals(namedFlags(["--mu", "0.5", "--quiet", "--data=x"]), ["mu", "data"]);
  assertEquals(refusal("--quiet=yes"), "--quiet takes no value: write --quiet alone");
  assertEquals(refusal("--quiet", "yes").split(" belongs")[0], '"yes"');
  assertEquals(refusal("--quite"), wrongFlag("--quite", "--quiet"));
  assertStringIncludes(refusal("--mu", "--quiet"), "--mu needs a value");
  assertStringIncludes(refusal("--mu", "--quiet", "0.5"), '"0.5" belongs to no flag');
});

Deno.test("parseFlags() says of a list that the flag takes one value", () => {
  assertEquals(
    refusal("--updates", "5, 10,20"),
    "--updates takes one value, not the 3 of 5, 10,20",
  );
  assertEquals(
    refusal("--problem=curves,mnist"),
    "--problem takes one value, not the 2 of curves,mnist",
  );
  assertEquals(parseFlags(table, ["--data", "a,b"]).data, "a,b");
});

function wrongFlag(given: string, meant: string): string {
  return `there is no flag ${given}; did you mean ${meant}?`;
}

Deno.test("parseFlags() refuses a missing value and says what is needed", () => {
  const needed = "--learning-rate needs a value: a number above 0, or several with commas";
  assertEquals(refusal("--learning-rate"), needed);
  assertEquals(refusal("--learning-rate="), needed);
  assertEquals(refusal("--learning-rate", ""), needed);
  assertEquals(refusal("--learning-rate", "--updates", "5"), needed);
});

Deno.test("parseFlags() takes a negative number as a value, and says the range", () => {
  assertEquals(
    refusal("--learning-rate", "-1"),
    '--learning-rate must be a number above 0, not "-1"',
  );
  assertStringIncludes(refusal("--learning-rate", "-.5"), 'above 0, not "-.5"');
  const signed = { shift: number({ help: "A shift." }) };
  assertEquals(parseFlags(signed, ["--shift", "-1e-3"]).shift, -0.001);
});

Deno.test("parseFlags() refuses what is no number or out of its range", () => {
  for (const text of ["abc", "0x10", "1_000", "1e400", "Infinity", "NaN", "1,2", "0.5.1"]) {
    assertStringIncludes(refusal("--mu", text), `of at least 0 and below 1, not "${text}"`);
  }
  assertStringIncludes(refusal("--mu", "1"), 'not "1"');
  assertEquals(parseFlags(table, ["--mu", "0"]).mu, 0);
  for (const text of ["0", "1.5", "9007199254740993"]) {
    assertEquals(
      refusal("--updates", text),
      `--updates must be an integer of at least 1, not "${text}"`,
    );
  }
  assertEquals(parseFlags(table, ["--updates", "5e3"]).updates, 5000);
  assertEquals(refusal("--profile", "true"), '--profile must be yes or no, not "true"');
  assertEquals(
    refusal("--optimizer", "nag,adam"),
    '--optimizer must be one of nag, cm, sgd, not "adam"',
  );
  assertStringIncludes(refusal("--learning-rate", "0.1,,0.2"), 'not ""');
});

Deno.test("parseFlags() refuses a flag given twice and a value named twice", () => {
  assertEquals(refusal("--mu", "0.9", "--mu=0.5"), "--mu is given 2 times; give it once");
  assertStringIncludes(
    refusal("--learning-rate=1", "--learning-rate", "2"),
    "give it once, with commas: --learning-rate 1,2",
  );
  assertEquals(
    refusal("--learning-rate", "0.01,1e-2"),
    "--learning-rate names 0.01 twice; give each value once",
  );
});

Deno.test("parseFlags() refuses words that belong to no flag", () => {
  const stray = '"mnist" belongs to no flag; a setting is written --flag value';
  assertEquals(refusal("mnist"), stray);
  assertEquals(refusal("--updates", "5", "mnist"), stray);
  assertEquals(refusal("--", "mnist"), stray);
});

Deno.test("refuseIdle() refuses a flag that is there and means nothing", () => {
  const idle = { "fan-in": "--init sparse", "data-seed": false } as const;
  refuseIdle(idle, ["--updates", "5", "--data-seed", "3"]);
  for (const args of [["--fan-in", "5"], ["--updates", "5", "--fan-in=5"]]) {
    assertThrows(
      () => refuseIdle(idle, args),
      InputError,
      "--fan-in means nothing here, as it is for --init sparse: leave it out",
    );
  }
});

Deno.test("helpText() says each flag's values, unit and default in lines of at most 80", () => {
  const help = helpText({
    usage: "deno run -A x.ts",
    summary: "Trains. ".repeat(30),
    flags: table,
  });
  for (const line of help.split("\n")) assertEquals(line.length <= 80, true, line);
  const flowed = help.replace(/\s+/g, " ");
  for (
    const words of [
      "Usage: deno run -A x.ts [--flag value ...]",
      "--learning-rate N,... How far an update goes. A number above 0, or several with commas " +
      "(per update); default 0.01.",
      "--problem NAME What is learned. One of curves, mnist; default curves.",
      "--layers N,... The encoder's sizes. An integer of at least 1, or several with commas; " +
      "default the paper's network.",
      "--data PATH Where the files are. A path; no default.",
      "--profile yes|no Whether kernels are timed. Yes or no; default no.",
    ]
  ) {
    assertStringIncludes(flowed, words);
  }
});

Deno.test("helpText() gives examples, then the flags in sections as they are first named", () => {
  const help = helpText({
    usage: "x.ts",
    summary: "Trains.",
    examples: [
      { command: "x.ts --mu 0.9", does: "Trains one." },
      { command: `x.ts${" --learning-rate 0.1".repeat(5)}`, does: "Trains more." },
    ],
    flags: {
      mu: number({ section: "Optimizer", help: "The momentum." }),
      seed: integer({ section: "Run", help: "The seed." }),
      rate: number({ section: "Optimizer", help: "The rate." }),
    },
  });
  assertEquals(
    help,
    `Usage: x.ts [--flag value ...]

Trains.

Examples:
  x.ts --mu 0.9
    Trains one.
  x.ts --learning-rate 0.1 --learning-rate 0.1 --learning-rate 0.1 \\
      --learning-rate 0.1 --learning-rate 0.1
    Trains more.

Optimizer:
  --mu N     The momentum. A number; no default.
  --rate N   The rate. A number; no default.

Run:
  --seed N   The seed. An integer; no default.

All programs:
  --help     Prints this.
  --version  Prints the version of Nagare and of Deno.
  --quiet    Leaves out notes and progress: warnings, errors and results remain.`,
  );
});

Deno.test("overviewText() lists the commands", () => {
  const commands = { one: { summary: "Does. ".repeat(20) }, other: { summary: "Undoes." } };
  const text = overviewText({ usage: "x.ts", summary: "Works.", commands });
  for (const line of text.split("\n")) assertEquals(line.length <= 80, true, line);
  assertMatch(
    text,
    /^Usage: x.ts COMMAND \[--flag value ...\]\n\nWorks\.\n\nCommands:\n {2}one {4}Does/,
  );
  assertMatch(text, /^ {2}other {2}Undoes\.$/m);
});

Deno.test("asksForHelp() knows --help and -h", () => {
  assertEquals(asksForHelp(["--mu", "0.9", "--help"]), true);
  assertEquals(asksForHelp(["-h"]), true);
  assertEquals(asksForHelp(["--mu", "0.9"]), false);
});

Deno.test("partFlags() tells a table's flags with their values from another program's words", () => {
  const args = ["paper", "--mu", "0.9", "--layers=3,2", "--seed", "1", "--updates", "--problem"];
  assertEquals(partFlags(table, args), {
    own: ["--mu=0.9", "--layers=3,2", "--updates=", "--problem="],
    others: ["paper", "--seed", "1"],
  });
});
