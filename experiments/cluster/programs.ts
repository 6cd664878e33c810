import { basename } from "node:path";
import { InputError } from "../../mod.ts";
import { trainAutoencoders } from "../autoencoder.ts";
import { trainClassifiers } from "../classifier.ts";
import { trainLanguageModels } from "../language.ts";
import { paper } from "../paper.ts";
import { trainRecurrentNetworks } from "../rnn.ts";
import { studies } from "../studies.ts";
import type { Command } from "../study/grid_program.ts";
import { experimentFlags } from "../tables/run_experiment.ts";
import { paperFlags } from "../tables/session.ts";
import { runSubcommand } from "../terminal/subcommands.ts";

/** The programs that a cluster runs, by name. */
export const programs = {
  autoencoder: trainAutoencoders,
  classifier: trainClassifiers,
  rnn: trainRecurrentNetworks,
  language: trainLanguageModels,
  paper: (args, interruption) => runSubcommand(paper, args, interruption),
  studies: (args, interruption) => runSubcommand(studies, args, interruption),
} satisfies Readonly<Record<string, Command>>;

/** One of {@linkcode programs}. */
export type ProgramName = keyof typeof programs;

/** The folders of those whose commands share one. */
export const sharedFolders: Partial<Readonly<Record<ProgramName, string>>> = {
  paper: paperFlags.out.fallback,
  studies: experimentFlags.out.fallback,
};

/** The program that a word names, alone or as a file. Throws InputError. */
export function programOf(word = ""): ProgramName {
  const name = basename(word, ".ts");
  if (Object.hasOwn(programs, name)) return name as ProgramName;
  const said = word === "" ? "" : `, not "${word}"`;
  throw new InputError(
    `the program comes first, one of ${Object.keys(programs).join(", ")}${said}`,
  );
}
