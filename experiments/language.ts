import { chooseBlocks } from "./problems/block_flags.ts";
import { idleFlags, languageFlags } from "./problems/language_flags.ts";
import { languageKind } from "./problems/language_kind.ts";
import { loadText } from "./problems/text.ts";
import { textSample } from "./problems/text_sample.ts";
import { ofGrid, reportInterval } from "./study/grid.ts";
import { gridCommand, gridProgram, runCommand } from "./study/grid_program.ts";
import { recordedInterval } from "./study/resume.ts";

/** For windows drawn without end, and layers of which a preconditioner is not made. */
const hessianFree = {
  hf: { precondition: 0, gradientCases: 256, curvatureCases: 128 },
  "hf-dagger": { precondition: 0, gradientCases: 128 },
};

/** Trains character models. */
export const languageProgram = gridProgram({
  name: "language",
  summary:
    "Trains Transformers that predict the next character of a text of yours. Comma lists make a " +
    "grid, all of whose networks are trained side by side.",
  examples: [
    {
      command: "--text book.txt --optimizer nag,adamw --seed 1,2,3",
      does: "compares Nesterov's gradient with AdamW, by held-out bits per character",
    },
    {
      command: "--text book.txt.gz --mu 0,0.9,0.99 --learning-rate 0.1,0.3 --blocks 1",
      does: "tries momenta and rates with one block of attention",
    },
  ],
  flags: languageFlags,
  defaults: { optimizer: ["nag"], learningRate: [0.1], mu: [0.9], own: hessianFree },
  async lay(options, { earlier, optimizerOf, once }) {
    const { length, activation, dropout, clipNorm } = options, blocks = chooseBlocks(options);
    const text = await once(
      { text: options.text, testShare: options.testShare, length },
      () => loadText(options, earlier),
    );
    const reportEvery = options.every ?? recordedInterval(earlier) ?? reportInterval(options);
    const kind = languageKind({
      ...{ text, optimizerOf },
      trainer: { gradientNorm: true, ...clipNorm !== undefined && { clipNorm } },
    });
    return {
      kind,
      init: options.init,
      initScale: options.initScale,
      idle: idleFlags(options),
      configure: (point) => ({
        ...{ network: "language", problem: "text", data: text.identity, bigrams: text.bigrams },
        ...{ testShare: options.testShare, length, ...blocks, activation },
        ...dropout > 0 && { dropout },
        ...clipNorm !== undefined && { clipNorm },
        ...ofGrid(point, { ...options, reportEvery }),
      }),
      details: { configuration: { hidden: blocks.hidden, reportEvery }, data: text.source },
      remark: text.remark,
      chart: {
        figure: "test_bits_per_character",
        figureTitle: "held-out bits per character",
        unit: kind.figure.unit,
      },
      async draw({ best, gpu, show }) {
        show("sample.txt", await textSample(text, { ...best, gpu, length }));
      },
    };
  },
});

/** The command line of {@linkcode languageProgram}. */
export const trainLanguageModels = gridCommand(languageProgram);

if (import.meta.main) await runCommand(trainLanguageModels);
