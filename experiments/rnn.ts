import { InputError, runRnn } from "../mod.ts";
import { sequenceChart } from "./charts/sequence_chart.ts";
import { idleFlags, mostConnections, recurrentFlags } from "./problems/recurrent_flags.ts";
import { recurrentKind } from "./problems/recurrent_kind.ts";
import { chooseSequences } from "./problems/sequences.ts";
import { ofGrid } from "./study/grid.ts";
import { recordedInterval } from "./study/resume.ts";
import { gridCommand, runCommand } from "./study/grid_program.ts";

/** Trains recurrent networks. */
export const trainRecurrentNetworks = gridCommand({
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
  ],
  flags: recurrentFlags,
  defaults: { optimizer: ["nag"], learningRate: [0.001], mu: [0.98] },
  lay(options, { earlier, optimizerOf }) {
    const { problem, hidden, init, updates, clipNorm } = options;
    const fanIn = options.fanIn ?? Math.min(mostConnections, hidden);
    if (init.includes("echo-state") && fanIn > hidden) {
      throw new InputError(
        `--fan-in ${fanIn} is more than the ${hidden} hidden units: it may be 1 to ${hidden}`,
      );
    }
    const sequences = chooseSequences(options);
    const { length, task, example, inputNames, outputNames } = sequences;
    const inputScale = options.inputScale ?? sequences.inputScale;
    const reportEvery = options.every ?? recordedInterval(earlier) ?? Math.ceil(updates / 100);
    const { symbols, items, centre, cue, spectralRadius, outputScale } = options;
    const kind = recurrentKind({
      optimizerOf,
      timeLoop: options.timeLoop,
      trainer: { gradientNorm: true, ...clipNorm !== undefined && { clipNorm } },
    });
    return Promise.resolve({
      kind,
      init,
      initScale: [1],
      idle: idleFlags(options),
      configure: (point) => ({
        network: "recurrent",
        ...{ problem, length, symbols, items, centre, cue, hidden },
        ...{ spectralRadius, inputScale, outputScale, clipNorm },
        ...point.init === "echo-state" && { fanIn },
        ...point.schedule === "warm-up" &&
          { warmUpUpdates: options.warmUpUpdates, warmUpMomentum: options.warmUpMomentum },
        ...ofGrid(point, { ...options, reportEvery }),
      }),
      details: {
        configuration: {
          ...{ length, fanIn, inputScale, reportEvery },
          biasesZeroOneLoss: task.biasesBaseline,
        },
      },
      chart: {
        figure: "test_loss",
        figureTitle: "test loss",
        unit: task.loss === "cross-entropy" ? "nats a sequence" : "squared error a sequence",
      },
      async draw({ best: { theta }, gpu, show }) {
        const { inputs, targets } = example;
        const outputs = await runRnn(gpu, { theta, inputs, batch: 1 });
        const title = `${problem}: a test sequence and the best network's output`;
        const shown = { title, task, length: example.length, inputs, targets, outputs };
        show("example.svg", await sequenceChart({ ...shown, inputNames, outputNames }));
      },
    });
  },
});

if (import.meta.main) await runCommand(trainRecurrentNetworks);
