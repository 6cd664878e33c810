import { Classifier } from "../mod.ts";
import { classified, confusionChart, mistakesChart } from "./charts/class_charts.ts";
import { chooseBlocks } from "./problems/block_flags.ts";
import { loadLabelled } from "./problems/classifier_data.ts";
import { chooseLayers, classifierFlags, idleFlags } from "./problems/classifier_flags.ts";
import { shapeOfLayers } from "./problems/classifier_layers.ts";
import { classifierKind } from "./problems/classifier_kind.ts";
import { identityOf } from "./problems/problem.ts";
import { gridFlags, initScale, ofGrid, reportInterval } from "./study/grid.ts";
import { gridCommand, gridProgram, runCommand } from "./study/grid_program.ts";
import { recordedInterval } from "./study/resume.ts";

/** Trains classifiers. */
export const classifierProgram = gridProgram({
  name: "classifier",
  summary:
    "Trains networks that tell classes apart, by the cross-entropy of a softmax. Comma lists make a " +
    "grid, all of whose networks are trained side by side.",
  examples: [
    {
      command: "--problem mnist --data FOLDER --optimizer nag,sgd --seed 1,2,3",
      does: "compares Nesterov's gradient with plain descent on handwritten digits",
    },
    {
      command: "--problem mnist --data FOLDER --layers 28x28,conv8@5x5,pool2,conv16@5x5,pool2,10",
      does: "trains a convolutional network",
    },
    {
      command:
        "--problem mnist --data FOLDER --patch-size 7 --optimizer adamw --learning-rate 0.002",
      does: "trains a Transformer of 16 patches an image",
    },
    {
      command: "--problem custom --data x.npy --labels y.npy --layers 4,20,3 --dropout 0.1",
      does: "tells three classes of your own apart",
    },
  ],
  flags: { ...classifierFlags, ...gridFlags, "init-scale": initScale },
  defaults: { optimizer: ["nag"], learningRate: [0.05], mu: [0.9] },
  async lay(options, session) {
    const { problem, activation, fanIn, batchNorm, dropout, l2, patchSize } = options;
    const layers = chooseLayers(options), { classes } = shapeOfLayers(layers);
    const blocks = patchSize !== undefined && chooseBlocks(options);
    const { earlier, optimizerOf } = session;
    const { loaded, on: dataOn } = await loadLabelled({ ...options, layers }, session);
    const { source, remark, image, examples, exampleLabels, labels, sample } = loaded;
    const reportEvery = options.every ?? recordedInterval(earlier) ?? reportInterval(options);
    const kind = classifierKind({ dataOn, sample, labels: labels!, optimizerOf });
    const { figure: { split, column, title, unit } } = kind;
    const cases = split === "test" ? "test" : "training";
    return {
      kind,
      init: options.init,
      initScale: options.initScale,
      idle: idleFlags(options),
      configure: (point) => ({
        network: "classifier",
        ...{ problem, data: identityOf(source), testCases: labels?.test?.length },
        ...{ layers, activation },
        ...blocks && { patchSize, ...blocks },
        ...batchNorm && { batchNorm },
        ...dropout > 0 && { dropout },
        ...l2 > 0 && { l2 },
        ...point.init === "sparse" && { fanIn },
        ...ofGrid(point, { ...options, reportEvery }),
      }),
      details: { configuration: { layers, reportEvery }, data: source },
      remark,
      chart: { figure: `${split}_${column}`, figureTitle: `${cases} ${title}`, unit },
      async draw({ best: { model, theta }, gpu, show }) {
        if (!(model instanceof Classifier)) return;
        const made = await model.predict(gpu, theta, examples);
        const of = classified(made, { name: `${cases} cases`, classes, labels: exampleLabels });
        show("confusion.svg", await confusionChart(of));
        const mistakes = image && await mistakesChart(of, examples, image);
        if (mistakes !== undefined) show("mistakes.svg", mistakes);
      },
    };
  },
});

/** The command line of {@linkcode classifierProgram}. */
export const trainClassifiers = gridCommand(classifierProgram);

if (import.meta.main) await runCommand(trainClassifiers);
