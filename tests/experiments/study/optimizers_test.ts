import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  flagOf,
  inFlags,
  optimizerFlags,
  optimizerNamesOf,
  withDefaults,
} from "../../../experiments/study/optimizer_flags.ts";
import {
  columnsOf,
  expandOptimizers,
  makeOptimizer,
  type OptimizerOptions,
  type OptimizerSetting,
} from "../../../experiments/study/optimizers.ts";
import { loadOptimizers } from "../../../experiments/study/optimizer_file.ts";
import {
  choiceOf,
  type OptimizerChoice,
  shippedOptimizers,
} from "../../../experiments/study/shipped_optimizers.ts";
import { choices, type FlagTable, parseFlags } from "../../../experiments/terminal/flags.ts";
import {
  adamW,
  classicalMomentum,
  InputError,
  nesterov,
  paperMomentum,
  type Setting,
} from "../../../mod.ts";

const defaults = { optimizer: ["nag"], learningRate: [0.01], mu: [0.99] };

/** What a command line says, by way of the flags. */
async function expand(line: string): Promise<OptimizerSetting[]> {
  const args = line.split(" ").filter((arg) => arg !== "");
  const chosen = await loadOptimizers(optimizerNamesOf(args, defaults.optimizer));
  const flags = {
    ...optimizerFlags(chosen, { defaults }),
    schedule: choices(["paper", "constant"], { default: ["paper"], help: "How it grows." }),
  };
  return expandOptimizers(parseFlags(flags, args), chosen, defaults);
}

async function refusal(line: string): Promise<string> {
  try {
    await expand(line);
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
  throw new Error(`${line} is not refused`);
}

Deno.test("withDefaults() gives an optimizer the defaults of a program, in its help too", () => {
  const own = { hf: { precondition: 0, lambda: 0.01 } };
  const { settings } = withDefaults(shippedOptimizers.hf, { ...defaults, own });
  const of = (wanted: string) => settings.find(({ name }) => name === wanted)?.default;
  assertEquals(["precondition", "lambda", "decay"].map(of), [0, 0.01, 0.95]);
  assertEquals(withDefaults(shippedOptimizers.nag, { ...defaults, own }), shippedOptimizers.nag);
  const flags = optimizerFlags([], { defaults: { ...defaults, own } }) as unknown as FlagTable;
  assertEquals(flags.lambda.help.includes("(hf 0.01, hf-dagger 45)"), true);
});

Deno.test("inFlags() names flags where the library names settings", () => {
  const told = (message: string) => inFlags(message, [shippedOptimizers.hf]);
  assertEquals(told("curvatureCases must be at most 500"), "--curvature-cases must be at most 500");
  assertEquals(told("set precondition: 0"), "set --precondition 0");
  assertEquals(told("the decay of lambda"), "the decay of lambda");
});

const nag = { optimizer: "nag", mu: 0.99, schedule: "paper", learningRate: 0.01, own: {} };
const adamWDefaults = {
  ...{ beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01, initialSquare: 0 },
};

Deno.test("without flags the program's defaults hold, or the optimizer's", async () => {
  assertEquals(await expand(""), [nag]);
  assertEquals(await expand("--optimizer sgd,nag,adamw,schedule-free-sgd"), [
    { ...nag, optimizer: "sgd", mu: 0, schedule: "none" },
    nag,
    { optimizer: "adamw", mu: 0, schedule: "none", learningRate: 0.001, own: adamWDefaults },
    {
      ...{ optimizer: "schedule-free-sgd", mu: 0.9, schedule: "none", learningRate: 1 },
      own: { warmUp: 0, weightPower: 0, weightDecay: 0 },
    },
  ]);
});

Deno.test("combinations come in the order optimizer, mu, schedule, rate, others, tensors", async () => {
  const settings = await expand(
    "--optimizer cm,qhm --mu 0.9,0.5 --schedule constant,paper --learning-rate 0.1,0.2 " +
      "--nu 1,0 --momentum-in weights,all",
  );
  const expected: OptimizerSetting[] = [];
  for (const optimizer of ["cm", "qhm"]) {
    for (const mu of [0.9, 0.5]) {
      for (const schedule of ["constant", "paper"]) {
        for (const learningRate of [0.1, 0.2]) {
          const common = { optimizer, mu, schedule, learningRate };
          if (optimizer === "cm") {
            expected.push({ ...common, momentumIn: "weights", own: {} }, { ...common, own: {} });
          } else expected.push({ ...common, own: { nu: 1 } }, { ...common, own: { nu: 0 } });
        }
      }
    }
  }
  assertEquals(settings, expected);
});

Deno.test("the last setting that an optimizer declares varies fastest", async () => {
  const settings = await expand("--optimizer adamw --weight-decay 0,0.1 --beta1 0.8,0.9");
  assertEquals(
    settings.map(({ own }) => [own.beta1, own.weightDecay]),
    [[0.8, 0], [0.8, 0.1], [0.9, 0], [0.9, 0.1]],
  );
});

Deno.test("what means nothing to an optimizer does not multiply its settings", async () => {
  const many = "--mu 0.9,0.5 --schedule paper,constant --beta1 0.5,0.6 --momentum-in ends,none";
  const settings = await expand(`--optimizer sgd,nag,cm,muon,adamw,lion ${many}`);
  const count = (name: string) => settings.filter(({ optimizer }) => optimizer === name).length;
  assertEquals(["sgd", "nag", "muon", "adamw", "lion"].map(count), [1, 4, 4, 2, 2]);
  // Without momentum in any tensor mu and schedule mean nothing: one network of cm in place of four.
  assertEquals(
    settings.filter(({ optimizer }) => optimizer === "cm")
      .map(({ mu, schedule, momentumIn }) => [mu, schedule, momentumIn]),
    [
      ...[[0.9, "paper", "ends"], [0, "none", "none"], [0.9, "constant", "ends"]],
      ...[[0.5, "paper", "ends"], [0.5, "constant", "ends"]],
    ],
  );
});

Deno.test("a momentum with a default is --mu as a constant where that is given", async () => {
  const { length, 0: muon } = await expand("--optimizer muon --mu 0.5");
  assertEquals([length, muon.mu, muon.schedule], [1, 0.5, "none"]);
  const chosen = [shippedOptimizers.muon];
  const { settings } = makeOptimizer(muon, chosen, paperMomentum({ cap: 0.9 }));
  assertEquals(settings.momentum, 0.5);
});

const refusals: readonly [line: string, message: string][] = [
  [
    "--optimizer sgd --mu 0.5",
    "--mu means nothing here, as it is for --optimizer cm, nag, lead, qhm, aggmo, lookahead, low-rank, " +
    "schedule-free-sgd, schedule-free-adamw, muon, muon-hidden: leave it out",
  ],
  [
    "--nu 0.5",
    "--nu means nothing here, as it is for --optimizer qhm: leave it out",
  ],
  [
    "--optimizer nag,sgd --other-learning-rate 0.1",
    "--other-learning-rate means nothing here, as it is for --optimizer muon, muon-hidden: leave it " +
    "out",
  ],
  [
    "--optimizer nag --momentum-in all",
    "--momentum-in means nothing here, as it is for --optimizer cm: leave it out",
  ],
  [
    "--optimizer ademamix,lookahead --alpha 5",
    "--alpha must be a number above 0 and of at most 1 for lookahead, not 5",
  ],
  [
    "--optimizer nag,schedule-free-adamw --mu 0.9,0",
    "--mu must be a number above 0 and below 1 for schedule-free-adamw, not 0",
  ],
  [
    "--optimizer adamw --weight-decay -1",
    '--weight-decay must be a number of at least 0, not "-1"',
  ],
  [
    "--optimizer low-rank --rank 1.5",
    '--rank must be an integer of at least 1, not "1.5"',
  ],
  [
    "--optimizer adamx",
    `--optimizer must be one of ${Object.keys(shippedOptimizers).join(", ")}, or a file that ` +
    'exports a family, such as ./mine.ts, not "adamx"; did you mean adamw?',
  ],
  [
    "--optimizer nag,,cm",
    `--optimizer must be one of ${Object.keys(shippedOptimizers).join(", ")}, or a file that ` +
    'exports a family, such as ./mine.ts, not ""',
  ],
  ["--optimizer nag,nag", "--optimizer names nag twice; give each value once"],
  [
    "--optimizer",
    `--optimizer needs a value: one of ${Object.keys(shippedOptimizers).join(", ")}, or a file ` +
    "that exports a family, such as ./mine.ts, or several with commas",
  ],
];

for (const [line, message] of refusals) {
  Deno.test(`${line} is refused`, async () => assertEquals(await refusal(line), message));
}

Deno.test("a setting without a default must be given", () => {
  const choice = choiceOf({
    name: "clipped",
    settings: [{ name: "mostOf", above: 0, help: "The longest step." }],
    make: adamW,
  });
  const { message } = assertThrows(
    () => expandOptimizers({ schedule: [] }, [choice], defaults),
    InputError,
  );
  assertEquals(
    message,
    "--most-of must be given, a number above 0: clipped has no default for it",
  );
  const [setting] = expandOptimizers(
    { schedule: [], mostOf: [2] } as OptimizerOptions,
    [choice],
    defaults,
  );
  assertEquals(setting, {
    ...{ optimizer: "clipped", mu: 0, schedule: "none", learningRate: 0 },
    own: { mostOf: 2 },
  });
});

Deno.test("optimizerNamesOf() reads names as parseFlags() does", () => {
  const cases: [args: string[], names: string[]][] = [
    [[], ["nag"]],
    [["--mu", "0.5"], ["nag"]],
    [["--optimizer", "cm, ./a b.ts"], ["cm", "./a b.ts"]],
    [["--optimizer=cm,sgd", "--mu", "0.5"], ["cm", "sgd"]],
    [["--optimizer=file:///a=b.ts"], ["file:///a=b.ts"]],
    [["--optimizer", "--mu", "0.5"], ["nag"]],
    [["--optimizer"], ["nag"]],
    [["--optimizer="], ["nag"]],
  ];
  for (const [args, names] of cases) assertEquals(optimizerNamesOf(args, ["nag"]), names);
});

Deno.test("columns are those that a network has, in an order of their own", async () => {
  const line = "--optimizer lion,adamw,cm,nag --momentum-in none,biases,all --weight-decay 0.5";
  const settings = await expand(line);
  const columns = columnsOf(settings);
  assertEquals(
    columns.map(({ name }) => name),
    ["beta1", "beta2", "epsilon", "weight_decay", "initial_square", "momentum_in"],
  );
  assertEquals(columnsOf(settings.toReversed()).map(({ name }) => name), [
    ...columns.map(({ name }) => name),
  ]);
  const cells = settings.map((setting) => columns.map(({ cell }) => cell(setting)));
  const none = Array(5).fill(undefined);
  assertEquals(cells, [
    [0.9, 0.99, undefined, 0.5, undefined, undefined],
    [0.9, 0.999, 1e-8, 0.5, 0, undefined],
    [...none, "none"],
    [...none, "biases"],
    [...none, "all"],
    [...none, undefined],
  ]);
  assertEquals(columnsOf(await expand("--optimizer nag,cm,sgd --momentum-in all")), []);
});

/** An optimizer of a file that declares these settings. */
function ofFile(settings: OptimizerChoice["settings"]): OptimizerChoice {
  return choiceOf({ name: "mine", settings, file: { path: "/mine.ts", sha256: "" }, make: adamW });
}

Deno.test("columns of files stand after those of shipped optimizers, in alphabetical order", () => {
  const help = "A number.";
  const settings = ["zeta", "nu", "eta"].map((name) => ({ name, help, default: 1 }));
  const expanded = expandOptimizers({ schedule: [] }, [ofFile(settings)], defaults);
  assertEquals(columnsOf(expanded).map(({ name }) => name), ["nu", "eta", "zeta"]);
});

Deno.test("a file may widen the range of a flag, on either side or to all numbers", () => {
  const allowed = (range: Partial<Setting>) => {
    const settings = ["alpha", "nu"].map((name) => ({ name, help: "A number.", ...range }));
    const flags = optimizerFlags([ofFile(settings)], { defaults }) as FlagTable;
    return ["alpha", "nu"].map((name) => flags[name].allowed.replace(/,.*/, ""));
  };
  assertEquals(allowed({}), ["a number", "a number"]);
  assertEquals(allowed({ above: -2, below: 3 }), [
    "a number above -2",
    "a number above -2 and below 3",
  ]);
  assertEquals(allowed({ atLeast: 0, whole: true }), [
    "a number of at least 0",
    "a number of at least 0",
  ]);
  assertEquals(allowed({ above: 0, atMost: 0.5 }), [
    "a number of at least 0",
    "a number of at least 0 and of at most 1",
  ]);
});

Deno.test("--momentum-in all is plain cm, other words are partial momentum", async () => {
  const settings = await expand("--optimizer cm --momentum-in all,hidden,none,W2");
  const momentum = paperMomentum({ cap: 0.99 });
  const made = settings.map((setting) => makeOptimizer(setting, [shippedOptimizers.cm], momentum));
  assertEquals(
    made.map(({ name }) => name),
    ["cm", "partial (hidden)", "partial (none)", 'partial ("W2")'],
  );
  assertEquals(made[0], classicalMomentum({ learningRate: 0.01, momentum }));
  assertEquals(made[1].settings, { learningRate: 0.01, momentum });
});

Deno.test("makeOptimizer() gives what the library makes of the same settings", async () => {
  const momentum = paperMomentum({ cap: 0.9 });
  const [first, second] = await expand("--optimizer nag,adamw --mu 0.9 --beta2 0.99");
  const chosen = [shippedOptimizers.nag, shippedOptimizers.adamw];
  assertEquals(
    makeOptimizer(first, chosen, momentum),
    nesterov({ learningRate: 0.01, momentum }),
  );
  assertEquals(makeOptimizer(second, chosen, momentum), adamW({ beta2: 0.99 }));
});

/** Lists of different values that every optimizer allows. */
const list = (values: readonly number[]) =>
  fc.option(fc.subarray([...values], { minLength: 1 }), { nil: undefined });

Deno.test("expansion never repeats, and covers the product of what means something", () => {
  const grids = fc.record({
    learningRate: list([0.1, 0.2, 0.3]),
    mu: list([0.5, 0.9]),
    schedule: fc.subarray(["paper", "constant"], { minLength: 1 }),
    beta1: list([0.1, 0.2]),
    weightDecay: list([0, 0.1, 0.2]),
    velocities: list([1, 2]),
  });
  const names = fc.subarray(Object.keys(shippedOptimizers), { minLength: 1 });
  fc.assert(
    fc.property(names, grids, (names, grid) => {
      const chosen = names.map((name) => shippedOptimizers[name]);
      const declared = (choice: OptimizerChoice, name: string) =>
        choice.settings.some((setting) => setting.name === name);
      const used = Object.fromEntries(
        Object.entries(grid).filter(([name]) =>
          name === "schedule" ||
          chosen.some((choice) => declared(choice, name === "mu" ? "momentum" : name))
        ),
      ) as typeof grid;
      const settings = expandOptimizers(used, chosen, defaults);
      assertEquals(
        new Set(settings.map((setting) => JSON.stringify(setting))).size,
        settings.length,
      );
      const expected = chosen.map((choice) => {
        const counts = choice.settings.map(({ name }) =>
          used[name === "momentum" ? "mu" : name as keyof typeof grid]?.length ?? 1
        );
        const schedules = choice.isScheduled ? used.schedule.length : 1;
        return counts.reduce((product, count) => product * count, schedules);
      });
      const counted = names.map((name) =>
        settings.filter(({ optimizer }) => optimizer === name).length
      );
      assertEquals(counted, expected);
      // As many as the product, all different, and each of given values: the product itself.
      for (const { optimizer, learningRate, own } of settings) {
        const { settings } = shippedOptimizers[optimizer];
        for (const { name, default: value } of settings) {
          if (name === "momentum") continue;
          const [given, was] = name === "learningRate"
            ? [used.learningRate ?? [value ?? 0.01], learningRate]
            : [used[name as "beta1"] ?? [value], own[name]];
          assertEquals(given.includes(was), true, flagOf(name));
        }
      }
    }),
    { seed: 1 },
  );
});
