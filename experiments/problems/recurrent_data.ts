import type { LoadingSession } from "../study/resume.ts";
import type { Values } from "../terminal/flags.ts";
import { loadDigitRows } from "./digit_rows.ts";
import type { recurrentFlags } from "./recurrent_flags.ts";
import { chooseSequences, type LoadedSequences, type SequenceProblem } from "./sequences.ts";
import { loadSeries } from "./series.ts";

/** The sequences that a command line asks for: made fresh, or of files. */
export async function learnedSequences(
  { problem, ...options }: Values<typeof recurrentFlags>,
  session: LoadingSession,
): Promise<
  { readonly learned: SequenceProblem | LoadedSequences; readonly loaded?: LoadedSequences }
> {
  if (problem !== "custom" && problem !== "mnist-rows") {
    return { learned: chooseSequences({ ...options, problem }) };
  }
  const loaded = problem === "custom"
    ? await loadSeries(options, session.earlier)
    : await loadDigitRows(options, session);
  return { learned: loaded, loaded };
}
