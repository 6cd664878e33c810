import { runRnn } from "../mod.ts";
import { sequenceChart } from "./charts/sequence_chart.ts";
import { learnedSequences } from "./problems/recurrent_data.ts";
import { chooseFanIn, idleFlags, recurrentFlags } from "./problems/recurrent_flags.ts";
import { recurrentKind } from "./problems/recurrent_kind.ts";
import { ofGrid } from "./study/grid.ts";
import { recordedInterval } from "./study/resume.ts";
import { gridCommand, gridProgram, runCommand } from "./study/grid_program.ts";

/** For fresh sequences, as Martens and Sutskever (2011) set it, at a smaller size. */
const recurrentDamping = { precondition: 0, structuralDamping: 0.03, dampedRho: 1, lambda: 0.01 };
const hessianFree = {
  hf: { ...recurrentDamping, cgSteps: 50, gradientCases: 500, curvatureCases: 250 },
  "hf-dagger": { ...recurrentDamping, gradientCases: 250 },
};

/** Trains recurrent networks. */
export const recurrentProgram = gridProgram({
  name: "rnn",
  summary:
    "Trains recurrent networks on problems with long-term dependencies, as Sutskever, Martens, Dahl " +
    "and Hinton (2013) did. Comma lists make a grid, all of whose networks are trained side by side.",
  examples: [
    {
      command: "--problem add --length 20 --mu 0.98,0 --learning-rate 0.01 --updates 6000",
      does: "learns to add two marked numbers, with momentum and without",
    },
    {
      command: "--problem mem-5 --length 30 --optimizer nag,cm --seed 1,2,3",
      does: "remembers five bits over thirty blanks, with three seeds each",
    },
    {
      command: "--problem custom --data series.csv --length 50 --learning-rate 0.01",
      does: "predicts the next row of a series of your own",
    },
    {
      command: "--problem mnist-rows --data FOLDER --init echo-state,gaussian --clip-norm 1",
      does: "reads handwritten digits row after row",
    },
  ],
  flags: recurrentFlags,
  defaults: { optimizer: ["nag"], learningRate: [0.001], mu: [0.98], own: hessianFree },
  async lay(options, session) {
    const { earlier, optimizerOf } = session;
    const { hidden, init, updates, clipNorm, spectralRadius, outputScale } = options;
    const fanIn = chooseFanIn(options);
    const { learned, loaded } = await learnedSequences(options, session);
    const { settings, length, told, example, chart } = learned;
    const { inputScale = learned.inputScale } = options;
    const reportEvery = options.every ?? recordedInterval(earlier) ?? Math.ceil(updates / 100);
    const kind = recurrentKind({
      ...{ optimizerOf, loaded },
      timeLoop: options.timeLoop,
      trainer: { gradientNorm: true, ...clipNorm !== undefined && { clipNorm } },
    });
    return {
      kind,
      init,
      initScale: [1],
      idle: idleFlags(options),
      configure: (point) => ({
        ...settings,
        ...{ hidden, spectralRadius, inputScale, outputScale, clipNorm },
        ...point.init === "echo-state" && { fanIn },
        ...point.schedule === "warm-up" &&
          { warmUpUpdates: options.warmUpUpdates, warmUpMomentum: options.warmUpMomentum },
        ...ofGrid(point, { ...options, reportEvery }),
      }),
      details: {
        configuration: { length, fanIn, inputScale, reportEvery, ...told },
        ...loaded && { data: loaded.source },
      },
      remark: loaded?.remark,
      chart,
      async draw({ best: { theta }, gpu, show }) {
        const outputs = await runRnn(gpu, { theta, inputs: example.inputs, batch: 1 });
        show("example.svg", await sequenceChart({ ...example, outputs }));
      },
    };
  },
});

/** The command line of {@linkcode recurrentProgram}. */
export const trainRecurrentNetworks = gridCommand(recurrentProgram);

if (import.meta.main) await runCommand(trainRecurrentNetworks);
