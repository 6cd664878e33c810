import { fileURLToPath, pathToFileURL } from "node:url";
import { assertEquals, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import { loadOptimizers } from "../../../experiments/study/optimizer_file.ts";
import { optimizerFlags } from "../../../experiments/study/optimizer_flags.ts";
import {
  columnsOf,
  expandOptimizers,
  makeOptimizer,
} from "../../../experiments/study/optimizers.ts";
import { sha256 } from "../../../experiments/files/files.ts";
import { choices, parseFlags } from "../../../experiments/terminal/flags.ts";
import { helpText } from "../../../experiments/terminal/help.ts";
import { constant, InputError, optimizerOf } from "../../../mod.ts";
import { gpuTest } from "../../gpu/fixture.ts";
import { bowls, oddShapes, openOn, train } from "../../optim/tensors.ts";
import { runDeno } from "../processes.ts";
import { scratch } from "../scratch.ts";

const engine = new URL("../../../mod.ts", import.meta.url).href;
const defaults = { optimizer: ["nag"], learningRate: [0.01], mu: [0.9] };

/** NAG under another name, whose step is no longer than a setting says: 1e9 leaves it as it is. */
const clipped = `
import { elementwise, nesterov } from "${engine}";
const { family } = nesterov({ learningRate: 1, momentum: 0 });
export const clipped = {
  ...elementwise({
    ...family,
    name: "clipped nag",
    settings: [
      ...family.settings,
      { name: "longest_step", above: 0, default: 1e9, help: "The longest step of a number." },
    ],
    scalars: [...family.scalars, "longest"],
    compute(now, next, running, update) {
      const { scalars, ...rest } = family.compute(now, next, running, update);
      return { scalars: { ...scalars, longest: now.longest_step }, ...rest };
    },
    body: \`
      let step = fma(vec4f(-learning_rate), gradient, momentum * velocity);
      let next = clamp(step, vec4f(-longest), vec4f(longest));
      parameters = fma(vec4f(-lead), velocity, parameters) + fma(vec4f(next_lead), next, next);
      velocity = next;\`,
  }),
};
`;

/** A literal, as elementwise() takes it. */
const literal = `export default {
  name: "sign",
  settings: [
    { name: "learning_rate", above: 0, default: 0.001, help: "The learning rate." },
    { name: "momentum", atLeast: 0, below: 1, default: 0.9, help: "The share that is kept." },
  ],
  states: { mean: "zeros" },
  body: "mean = momentum * mean + gradient; parameters -= learning_rate * sign(mean);",
};
`;

gpuTest("a family of a user's file trains beside nag, its settings are flags", async (bench) => {
  using folder = scratch();
  const path = folder.write("my #1 100% optimizer.ts", new TextEncoder().encode(clipped));
  const chosen = await loadOptimizers(["nag", path]);
  assertEquals(chosen[1].file, { path, sha256: sha256(new TextEncoder().encode(clipped)) });
  const flags = {
    ...optimizerFlags(chosen, { defaults }),
    schedule: choices(["constant"], { default: ["constant"], help: "How it grows." }),
  };
  const args = ["--optimizer", `nag,${path}`, "--longest-step", "1e9,1e-3"];
  const settings = expandOptimizers(parseFlags(flags, args), chosen, defaults);
  const common = { mu: 0.9, schedule: "constant", learningRate: 0.01 };
  const file = { fileSha256: chosen[1].file!.sha256 };
  assertEquals(settings, [
    { optimizer: "nag", ...common, own: {} },
    { optimizer: "clipped nag", ...common, own: { longestStep: 1e9 }, ...file },
    { optimizer: "clipped nag", ...common, own: { longestStep: 1e-3 }, ...file },
  ]);
  assertEquals(columnsOf(settings).map(({ name }) => name), ["longest_step"]);

  const landscape = bowls(oddShapes);
  const optimizers = settings.map((setting) => makeOptimizer(setting, chosen, constant(0.9)));
  const trainer = await openOn(bench, landscape, optimizers);
  await train(trainer, 3);
  const [nag, unclipped, short] = await Promise.all([0, 1, 2].map((r) => trainer.theta(r)));
  assertEquals(unclipped, nag);
  assertNotEquals(short, nag);
  const farthest = Math.max(
    ...short.flatMap((tensor, t) =>
      [...tensor].map((x, i) => Math.abs(x - landscape.start[t].values[i]))
    ),
  );
  // Three steps of 0.001, from a start and to an end that float32 rounds.
  assertEquals(farthest > 2e-3 && farthest < 3e-3 + 8 * 2 ** -24, true, String(farthest));
});

Deno.test("a file is named by its path or its URL, and may export a literal", async () => {
  using folder = scratch();
  const path = folder.write("a b%20#.mts", new TextEncoder().encode(literal));
  for (const name of [path, pathToFileURL(path).href]) {
    const [choice] = await loadOptimizers([name]);
    assertEquals([choice.name, choice.isScheduled, choice.file?.path], ["sign", false, path]);
    assertEquals(choice.settings.map(({ name }) => name), ["learningRate", "momentum"]);
    const settings = expandOptimizers({ schedule: ["paper"], mu: [0.5, 0] }, [choice], defaults);
    assertEquals(
      settings.map(({ mu, schedule, learningRate }) => [mu, schedule, learningRate]),
      [[0.5, "none", 0.001], [0, "none", 0.001]],
    );
    const optimizer = makeOptimizer(settings[0], [choice], constant(0.7));
    assertEquals(optimizer.settings, { learning_rate: 0.001, momentum: 0.5 });
    assertEquals(optimizer, optimizerOf(optimizer.family, { momentum: 0.5 }));
  }
});

Deno.test("the flags of a file stand in the help, and may not be those of the program", async () => {
  using folder = scratch();
  const path = folder.write("clipped.ts", new TextEncoder().encode(clipped));
  const chosen = await loadOptimizers([path]);
  const flags = optimizerFlags(chosen, { defaults, taken: ["seed", "train_loss"] });
  const help = helpText({ usage: "x", summary: "y", flags }).replaceAll(/\s+/g, " ");
  assertEquals(
    help.match(/--longest-step .*?default.*?\./)?.[0],
    "--longest-step N,... The longest step of a number (clipped nag 1000000000). A number above 0, " +
      "or several with commas; default the optimizer's.",
  );
  const { message } = assertThrows(
    () => optimizerFlags(chosen, { defaults, taken: ["longest_step"] }),
    InputError,
  );
  assertEquals(
    message,
    `--optimizer ${path}: clipped nag declares a setting "longestStep", which is a flag or a column ` +
      "of this program: call it otherwise",
  );
});

/** What is wrong with a module, its text, and what is said of it. */
const faults: readonly [name: string, text: string, reason: string | RegExp][] = [
  ["throws", `throw new Error("no\\nluck");`, "it cannot be loaded: no"],
  ["cannot be parsed", "export default {{", /^it cannot be loaded: SyntaxError: Unexpected token/],
  ["lacks an import", `import "./none.ts";`, /^it cannot be loaded: Module not found "file:.*"\.$/],
  [
    "exports nothing",
    "export const rate = 1; export type Rate = number;",
    "it exports no family: export default elementwise({ name, settings, states, body })",
  ],
  [
    "has another default",
    literal.replace("default", "const sign =") + "export default 3;",
    "its default export is no family: export default elementwise({ name, settings, states, body })",
  ],
  [
    "exports several",
    literal.replace("default", "const sign =") + `export const other = { ...sign };`,
    "it exports several families (other, sign): make one the default",
  ],
  [
    "takes a name",
    literal.replace(`"sign"`, `"lion"`),
    "its family is called lion, as one of Nagare's: give it another name",
  ],
  [
    "takes a name that breaks tables",
    literal.replace(`"sign"`, `"a,b"`),
    'its family is called "a,b": a name is of 1 to 40 letters, digits, spaces and . _ ( ) + -, and ' +
    "begins with a letter or a digit",
  ],
  [
    "has a name that WGSL keeps",
    literal.replaceAll("mean", "loop"),
    'the name "loop" of sign is a word that WGSL keeps for itself: choose another one',
  ],
  [
    "misspells a bound",
    literal.replace("above", "over"),
    'the setting "learning_rate" of sign: over: Invalid key: Expected never but received "over"',
  ],
  [
    "has a default out of range",
    literal.replace("0.001", "-1"),
    'the setting "learning_rate" of sign: its default must be a number above 0, as it declares, not -1',
  ],
  [
    "has a setting that is no flag",
    literal.replaceAll("learning_rate", "rate_1"),
    'the setting "rate_1" of sign: name: it must be letters and digits, as learningRate or ' +
    "learning_rate, to be a flag",
  ],
  [
    "has a setting of another flag",
    literal.replaceAll("momentum", "mu"),
    'the setting "mu" of sign: --mu is another flag: call it otherwise',
  ],
  [
    "has a setting twice",
    literal.replace(`states`, `compute: () => ({ scalars: {}, running: {} }), states`)
      .replace(`name: "momentum"`, `name: "learningRate"`)
      .replace("states", `scalars: ["momentum", "learning_rate"], states`),
    'sign declares the setting "learningRate" twice',
  ],
];

Deno.test("a module that is no optimizer is refused in one line", async () => {
  using folder = scratch();
  for (const [name, text, reason] of faults) {
    const path = folder.write(`${name}.ts`, new TextEncoder().encode(text));
    const { message } = await assertRejects(() => loadOptimizers([path]), InputError, "", name);
    const start = `--optimizer ${path}: `;
    assertEquals(message.slice(0, start.length), start);
    const said = message.slice(start.length);
    if (typeof reason === "string") assertEquals(said, reason, name);
    else assertEquals(reason.test(said), true, said);
  }
});

Deno.test("what is no file is refused in one line", async () => {
  using folder = scratch();
  const refusal = async (...names: string[]) =>
    (await assertRejects(() => loadOptimizers(names), InputError)).message;
  const missing = `${folder.path}/none.ts`;
  assertEquals(await refusal(missing), `--optimizer ${missing}: there is no such file`);
  assertEquals(
    await refusal("./nowhere/none.ts"),
    `--optimizer ./nowhere/none.ts: there is no such file as ${Deno.cwd()}/nowhere/none.ts`,
  );
  assertEquals(await refusal(folder.path), `--optimizer: ${folder.path} is a folder: name a file`);
  assertEquals(
    await refusal("https://example.org/x.ts"),
    "--optimizer https://example.org/x.ts: name a file of this machine, by its path or a file: URL",
  );
  const [a, b] = ["a", "b"].map((name) =>
    folder.write(`${name}.ts`, new TextEncoder().encode(literal))
  );
  assertEquals(
    await refusal(a, b),
    `--optimizer ${b}: another one is called sign too: give each a name of its own`,
  );
});

/** A program that loads what is on its command line. */
const program = `
import { loadOptimizers } from "${
  new URL("../../../experiments/study/optimizer_file.ts", import.meta.url).href
}";
import { runMain } from "${
  new URL("../../../experiments/terminal/program.ts", import.meta.url).href
}";
await runMain(async () => { await loadOptimizers(Deno.args); });
`;

Deno.test("a permission that is missing is one line that says how to give it", async () => {
  using folder = scratch();
  const write = (name: string, text: string) => folder.write(name, new TextEncoder().encode(text));
  const main = write("main.ts", program);
  const config = fileURLToPath(new URL("../../../deno.json", import.meta.url));
  const said = async (file: string, ...allowed: string[]) => {
    const { stderr, status } = await runDeno(["run", "--config", config, ...allowed, main, file]);
    return { status, stderr };
  };
  const line = (flag: string) => ({
    status: 2,
    stderr: `error: permission missing: add ${flag} after "deno run" (-A allows everything)\n`,
  });
  const own = write("own.ts", literal);
  assertEquals(await said(own), line(`--allow-read=${own}`));
  assertEquals(await said(own, `--allow-read=${own}`), { status: 0, stderr: "" });
  const curious = write("curious.ts", `Deno.env.get("HOME");`);
  assertEquals(await said(curious, `--allow-read=${curious}`), line("--allow-env=HOME"));
  const leaning = write("leaning.ts", `import family from "./own.ts"; export default family;`);
  assertEquals(await said(leaning, `--allow-read=${leaning}`), line(`--allow-read=${own}`));
});
