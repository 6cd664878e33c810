import {
  choice,
  type FlagTable,
  inSection,
  integer,
  path,
  share,
  type Values,
  yesNo,
} from "../terminal/flags.ts";
import { adapterPreferences } from "./adapter.ts";
import { runFlags } from "./resume.ts";

/** The flags of where and how networks are trained, which all programs share. */
export const machineFlags = {
  ...inSection("Runs", runFlags),
  ...inSection("Machine", {
    "dry-run": yesNo({
      default: false,
      help: "Tells networks, rounds, memory and time, and trains nothing.",
    }),
    shard: share({
      help: "Trains a part of the networks: every N-th, on one of N machines whose cells are put " +
        "into one folder.",
    }),
    replicas: integer({
      atLeast: 1,
      unit: "networks",
      shown: "as many as fit",
      help: "Trained side by side, at most.",
    }),
    adapter: choice(adapterPreferences, { default: "any", help: "The GPU adapter to take." }),
    profile: yesNo({
      default: false,
      help: "Measures GPU time by kernel; steps are slower meanwhile.",
    }),
    tune: yesNo({
      default: true,
      help:
        "Measures which variants of kernels are fastest here, once for each adapter and size: the " +
        "same results, sooner. What it finds is kept in the user's cache folder.",
    }),
  }),
} satisfies FlagTable;

/** The values of {@linkcode machineFlags}, and where results go. */
export type RunOptions = Values<typeof machineFlags> & {
  readonly out: string | undefined;
};

/** Where the results of a program go that begins a folder for each run. */
export function outFlag(program: string) {
  return path({
    shown: `results/${program}/DATE-TIME`,
    help: "The folder for the results; one that holds this run goes on.",
  });
}
