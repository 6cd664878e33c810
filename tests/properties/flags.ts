import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  choice,
  choices,
  type Flag,
  integer,
  integers,
  number,
  numbers,
  parseFlags,
  path,
  yesNo,
} from "../../experiments/terminal/flags.ts";
import { property, readOrRefused } from "./property.ts";

const problems = ["curves", "mnist"] as const, optimizers = ["nag", "cm", "sgd"] as const;
const help = "What it sets.";

/** A flag of every kind. */
const table = {
  mu: number({ default: 0.99, atLeast: 0, below: 1, help }),
  "learning-rate": numbers({ default: [0.01], above: 0, help }),
  updates: integer({ default: 5000, atLeast: 1, help }),
  layers: integers({ atLeast: 1, repeats: true, help }),
  problem: choice(problems, { default: "curves", help }),
  optimizer: choices(optimizers, { default: ["nag"], help }),
  data: path({ help }),
  profile: yesNo({ default: false, help }),
} satisfies Record<string, Flag<unknown>>;

const finite = { noNaN: true, noDefaultInfinity: true };

/** Text of a path as it is kept: not empty, and without blanks around it. */
const location = fc.string({ unit: "binary", minLength: 1 })
  .filter((text) => text === text.trim());

/** Values that the flags allow. */
const settings = fc.record({
  mu: fc.double({ ...finite, min: 0, max: 1, maxExcluded: true }),
  "learning-rate": fc.uniqueArray(fc.double({ ...finite, min: 0, minExcluded: true }), {
    minLength: 1,
  }),
  updates: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  layers: fc.array(fc.integer({ min: 1 }), { minLength: 1 }),
  problem: fc.constantFrom(...problems),
  optimizer: fc.shuffledSubarray([...optimizers], { minLength: 1 }),
  data: location,
  profile: fc.boolean(),
}, { requiredKeys: [] });

/** Those values on a command line, in any order and in either form, and as they should be read. */
const commandLines = settings.chain((values) =>
  fc.record({
    expected: fc.constant({ ...defaults, ...camelCased(values) }),
    args: fc.tuple(...Object.entries(values).map(([name, value]) => written(name, value)))
      .chain((flags) => fc.shuffledSubarray(flags, { minLength: flags.length }))
      .map((flags) => flags.flat()),
  })
);

const defaults = Object.fromEntries(
  Object.entries(table).map(([name, { fallback }]) => [camelCase(name), fallback]),
);

function camelCased(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [camelCase(name), value]),
  );
}

function camelCase(name: string): string {
  return name === "learning-rate" ? "learningRate" : name;
}

/** A flag and its value in one word, or in two where the second does not look like a flag. */
function written(name: string, value: unknown): fc.Arbitrary<string[]> {
  const text = value === true ? "yes" : value === false ? "no" : String(value);
  const forms = [[`--${name}=${text}`], [`--${name}`, text]];
  return fc.constantFrom(...forms.slice(0, text.startsWith("-") ? 1 : 2));
}

const names = fc.constantFrom(...Object.keys(table), "rate", "__proto__", "constructor", "no-mu");
const value = fc.oneof(
  fc.constantFrom("", "-1", "1", "1e400", "0.5,0.5", "curves", "yes", "nag,sgd", ",", "="),
  fc.string(),
  fc.string({ unit: "binary" }),
);
const words = fc.oneof(
  fc.tuple(fc.constantFrom("-", "--", "---"), names).map((parts) => parts.join("")),
  fc.tuple(names, value).map(([name, value]) => `--${name}=${value}`),
  value,
);

/** What is true of parseFlags(), whatever it is given. */
export const flagProperties = [
  property(
    "parseFlags() gives values or one clear error for any words",
    fc.array(words),
    (args) => readOrRefused(() => parseFlags(table, args)),
  ),
  property("parseFlags() reads every setting that is written", commandLines, (line) => {
    assertEquals(parseFlags(table, line.args) as Record<string, unknown>, line.expected);
  }),
];
