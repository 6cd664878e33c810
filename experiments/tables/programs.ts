import { autoencoderProgram } from "../autoencoder.ts";
import { classifierProgram } from "../classifier.ts";
import { languageProgram } from "../language.ts";
import { recurrentProgram } from "../rnn.ts";
import { askGrid, type GridProgram, type GridSession } from "../study/grid_program.ts";
import type { OptimizerChoice } from "../study/shipped_optimizers.ts";
import type { FlagTable } from "../terminal/flags.ts";

/** The programs whose command lines are entries of experiments. */
export const programs = {
  autoencoder: asking(autoencoderProgram),
  classifier: asking(classifierProgram),
  language: asking(languageProgram),
  rnn: asking(recurrentProgram),
} as const;

/** One of {@linkcode programs}. */
export type ProgramName = keyof typeof programs;

/** What a command line asks for. */
export type Asked = Awaited<ReturnType<typeof programs[ProgramName]>>;

function asking<F extends FlagTable>(program: GridProgram<F>) {
  return (
    args: readonly string[],
    session: Omit<GridSession, "earlier"> & { known: OptimizerChoice[] },
  ) => askGrid(program, args, session);
}
