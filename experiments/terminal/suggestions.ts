import { closestString, levenshteinDistance } from "@std/text";

/** Other names in use for what a flag sets, and words on what differs. */
const aliases: Readonly<Record<string, { flags: readonly string[]; words?: string }>> = {
  lr: { flags: ["learning-rate"] },
  eps: { flags: ["epsilon", "learning-rate"] },
  epsilon: { flags: ["learning-rate"] },
  momentum: { flags: ["mu"] },
  bs: { flags: ["batch-size"] },
  epochs: { flags: ["updates"], words: "the length is counted in updates" },
  wd: { flags: ["weight-decay", "l2"] },
  "weight-decay": { flags: ["l2"] },
  seeds: { flags: ["seed"] },
  scales: { flags: ["scale", "init-scale"] },
  lengths: { flags: ["length"] },
  "learning-rates": { flags: ["learning-rate"] },
};

/** What to say of a flag that is none: which one was meant, if that can be told. */
export function suggestedFlag(name: string, names: readonly string[]): string {
  const { flags, words } = Object.hasOwn(aliases, name) ? aliases[name] : { flags: [] };
  const meant = flags.find((flag) => names.includes(flag));
  const near = meant ?? nearest(name, names);
  if (near === undefined) return "--help lists the flags";
  return `did you mean --${near}${meant && words ? ` (${words})` : ""}?`;
}

/** The name that was meant: one that begins so, or one at most a third of the letters away. */
export function nearest(name: string, names: readonly string[]): string | undefined {
  if (name.length < 2) return undefined;
  const begun = names.find((candidate) => candidate.startsWith(name));
  if (begun !== undefined) return begun;
  const close = closestString(name, names);
  return levenshteinDistance(name, close) <= Math.ceil(name.length / 3) ? close : undefined;
}
