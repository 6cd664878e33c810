import { Autoencoder } from "../mod.ts";
import { montage, reconstructionSheet } from "./charts/images.ts";
import { autoencoderFlags, chooseNetwork, idleFlags } from "./problems/autoencoder_flags.ts";
import { autoencoderKind } from "./problems/autoencoder_kind.ts";
import { identityOf, loadProblem } from "./problems/problem.ts";
import { problems } from "./problems/problems.ts";
import { gridFlags, initScale, ofGrid, reportInterval } from "./study/grid.ts";
import { gridCommand, gridProgram, runCommand } from "./study/grid_program.ts";
import { recordedInterval } from "./study/resume.ts";

/** Trains deep autoencoders. */
export const autoencoderProgram = gridProgram({
  name: "autoencoder",
  summary:
    "Trains deep autoencoders on the GPU as Sutskever, Martens, Dahl and Hinton (2013) did. Comma " +
    "lists make a grid, all of whose networks are trained side by side.",
  examples: [
    {
      command: "--optimizer nag,sgd --mu 0.9 --learning-rate 0.05 --schedule-period 4 " +
        "--layers 784,100,50,25,6 --updates 2000",
      does: "compares Nesterov's gradient with plain descent on generated curves",
    },
    {
      command: "--problem mnist --data FOLDER --optimizer nag,adamw,./mine.ts --seed 1,2,3",
      does: "holds an optimizer of your own against two others, with three seeds each",
    },
  ],
  flags: { ...autoencoderFlags, ...gridFlags, "init-scale": initScale },
  defaults: { optimizer: ["nag"], learningRate: [0.01], mu: [0.99] },
  async lay(options, { earlier, interruption, optimizerOf, once }) {
    const { problem, data, testData, header, dataSeed, batchSize, activation, l2, fanIn } = options;
    const { trainCases } = options, network = chooseNetwork(options);
    const { layers: [width], outputUnit } = network;
    const load = () => problems[problem].load({ ...options, width, outputUnit, interruption });
    const { loaded, on: dataOn } = await once(
      { problem, data, testData, header, dataSeed, batchSize, trainCases, width, outputUnit },
      () => loadProblem(load, { ...options, earlier }),
    );
    const { source, remark, image, examples, sample } = loaded;
    const reportEvery = options.every ?? recordedInterval(earlier) ?? reportInterval(options);
    const sheet = image && { ...image, columns: 12 };
    const kind = autoencoderKind({ dataOn, sample, optimizerOf });
    return {
      kind,
      init: options.init,
      initScale: options.initScale,
      idle: idleFlags(options),
      configure: (point) => ({
        network: "autoencoder",
        ...{ problem, data: identityOf(source), ...network, activation },
        ...l2 > 0 && { l2 },
        ...point.init === "sparse" && { fanIn },
        ...ofGrid(point, { ...options, reportEvery }),
      }),
      details: { configuration: { ...network, reportEvery }, data: source },
      remark,
      chart: {
        figure: "train_squared_error",
        figureTitle: "training squared error",
        unit: kind.figure.unit,
      },
      begin(run) {
        if (!sheet || loaded.montage.length === 0) return;
        run.write("montage.png", montage(loaded.montage, sheet));
      },
      async draw({ best: { model, theta }, gpu, show }) {
        if (!sheet || !(model instanceof Autoencoder)) return;
        const made = await model.reconstruct(gpu, theta, examples);
        show("reconstructions.png", reconstructionSheet(examples, made, sheet));
      },
    };
  },
});

/** The command line of {@linkcode autoencoderProgram}. */
export const trainAutoencoders = gridCommand(autoencoderProgram);

if (import.meta.main) await runCommand(trainAutoencoders);
