import { autoencoder, exportNetwork, InputError } from "../mod.ts";
import { curves } from "./problems/curves.ts";
import { custom } from "./problems/custom.ts";
import { faces } from "./problems/faces.ts";
import { mnist } from "./problems/mnist.ts";
import { chooseNetwork, type ProblemName, problemNames } from "./problems/network.ts";
import { type Problem, requireBatch, uploader } from "./problems/problem.ts";
import { lossChart } from "./charts/loss_chart.ts";
import { findRounds } from "./study/checkpoints.ts";
import { Ending } from "./study/ending.ts";
import {
  choice,
  choices,
  integer,
  integers,
  number,
  path,
  refuseIdle,
  type Values,
  yesNo,
} from "./terminal/flags.ts";
import { montage, reconstructionSheet } from "./charts/images.ts";
import { type InitializerName, initializerNames, initializerOf } from "./study/initializers.ts";
import { Machine } from "./study/machine.ts";
import {
  finiteOnes,
  printEnd,
  printOutcomes,
  printProfile,
  rowsDiverged,
} from "./study/outcomes.ts";
import { runProgram } from "./terminal/program.ts";
import { loadAgain, requireSameData, resumeRun, runFlags, sayAdapter } from "./study/resume.ts";
import { chooseRunFolder, recordRun } from "./study/run_folder.ts";
import {
  expandGrid,
  initScale,
  machineFlags,
  momentumFlags,
  momentumOf,
  optimizerFlags,
  optimizerOf,
} from "./study/settings.ts";
import { ensureAdapter } from "./study/adapter.ts";
import { say } from "./terminal/terminal.ts";
import { memoryFor, trainGrid } from "./study/training.ts";
import { tuningFiles } from "./files/tuning_files.ts";

const problems: Record<ProblemName, Problem> = { curves, mnist, faces, custom };

const flags = {
  problem: choice(problemNames, {
    default: "curves",
    help: "The data, with the paper's network and loss for them; custom are your own.",
  }),
  layers: integers({
    atLeast: 1,
    repeats: true,
    unit: "units",
    shown: "the paper's network",
    help: "The encoder from the input to the code; the decoder mirrors it.",
  }),
  activation: choice(["sigmoid", "tanh", "relu"], {
    default: "sigmoid",
    help: "Of the hidden layers; the code layer is linear.",
  }),
  "output-unit": choice(["logistic", "linear"], {
    shown: "logistic",
    help: "Of custom: the units of the output; logistic ones take values in [0, 1].",
  }),
  loss: choice(["cross-entropy", "squared-error"], {
    shown: "cross-entropy, or squared-error where the output is linear",
    help: "Of custom: what is minimised, summed over values and averaged over cases.",
  }),
  l2: number({
    default: 0,
    atLeast: 0,
    help: "Weight decay: l2/2 |weights|^2 is minimised besides; the losses told are without it.",
  }),
  ...optimizerFlags,
  ...momentumFlags,
  init: choices(initializerNames, {
    default: ["sparse"],
    help: "The initial weights: sparse N(0, 1), Glorot's uniform, Gaussian N(0, 1) / " +
      "sqrt(fan-in), He's sqrt(2) times that, or an orthogonal matrix, each times --init-scale.",
  }),
  "fan-in": integer({
    default: 15,
    atLeast: 1,
    unit: "connections",
    help: "Incoming connections of a unit under sparse initialization.",
  }),
  "init-scale": initScale,
  "data-seed": integer({ default: 1, atLeast: 0, help: "Fixes the generated images of curves." }),
  data: path({
    help: "The folder with the files of mnist or faces, or with the original one of curves; of " +
      "custom the .npy, CSV, IDX, .npz or .mat file, of the latter two FILE#NAME for one of several " +
      "arrays.",
  }),
  header: yesNo({
    shown: "what the first rows tell",
    help: "Of custom: whether the first row of a CSV file names the columns.",
  }),
  download: yesNo({
    default: false,
    help: "Fetches the files of mnist that the folder of --data lacks.",
  }),
  "eval-cases": integer({
    default: 2000,
    atLeast: 1,
    unit: "cases",
    help: "Training cases, always the same, that a report evaluates; the last one takes all.",
  }),
  out: path({
    shown: "results/autoencoder/DATE-TIME",
    help: "The folder for the results; it may hold no run yet.",
  }),
  ...runFlags,
  ...machineFlags,
};

type Options = Values<typeof flags>;

await runProgram({
  usage: "deno run -A experiments/autoencoder.ts",
  summary:
    "Trains deep autoencoders on the GPU as Sutskever, Martens, Dahl and Hinton (2013) did. Comma " +
    "lists make a grid, all of whose networks are trained side by side.",
  flags,
}, train);

async function train(given: Options, interruption: AbortSignal): Promise<void> {
  const { options, earlier } = resumeRun("autoencoder", flags, given);
  const { updates, finish, batchSize } = options;
  const ending = new Ending(interruption, options.maxTime);
  if (finish > updates) {
    throw new InputError(
      `--finish ${finish} is longer than the run: it may be 0 to --updates ${updates}`,
    );
  }
  refuseIdle({
    "data-seed": (options.problem !== "curves" || options.data !== undefined) &&
      "images that are generated",
    header: options.problem !== "custom" && "the CSV file of --problem custom",
    "fan-in": !options.init.includes("sparse") && "--init sparse",
    "schedule-period": !options.schedule.includes("paper") && "--schedule paper",
  });
  const network = chooseNetwork(options);
  if (options.download && options.problem !== "mnist") {
    throw new InputError(`--download yes is for mnist alone: ${options.problem} is on no mirror`);
  }
  const settings = expandGrid(options);
  const folder = options.resume ?? chooseRunFolder("autoencoder", options.out);
  const [width] = network.layers;
  const { outputUnit } = network;
  const load = () =>
    problems[options.problem].load({ ...options, width, outputUnit, interruption });
  const loaded = await loadAgain({ earlier, data: options.data }, load);
  const { examples, montage: shown, image, source, remark } = loaded;
  requireBatch(batchSize, loaded);
  requireSameData(earlier, source);
  const { activation, l2 } = options;
  const upload = uploader(loaded, load);
  using machine = await Machine.open({
    adapter: () => ensureAdapter(options.adapter, interruption),
    profile: options.profile,
    tuning: options.tune ? tuningFiles() : undefined,
    model: async (gpu) => autoencoder({ ...network, activation, l2, ...await upload(gpu) }),
  });
  const { model } = machine;
  const found = earlier && await findRounds(folder, { settings, model });
  const details = {
    configuration: {
      ...options,
      ...network,
      outputUnit: outputUnit === "linear" ? "linear" : "logistic",
      parameters: model.layout.parameterCount,
    },
    data: source,
    ...sayAdapter(machine.adapter, earlier),
  };
  await recordRun(
    {
      ...{ program: "autoencoder", folder, details, interruption, earlier },
      isMadeUp: (options.out ?? options.resume) === undefined,
    },
    async (run) => {
      if (remark) say(remark);
      if (image && shown.length > 0) {
        run.write("montage.png", montage(shown, { ...image, columns: 12 }));
      }
      const { outcomes, rows } = await trainGrid({
        machine,
        run,
        problem: options.problem,
        settings,
        replicaOf: (setting) => ({
          seed: setting.seed,
          optimizer: optimizerOf(setting, momentumOf(setting, options)),
          initializer: initializerOf(setting.init as InitializerName, { // of the flag's names
            scale: setting.initScale,
            fanIn: options.fanIn,
          }),
        }),
        batchSize,
        updates,
        every: options.every ?? reportInterval(options),
        evalCases: options.evalCases,
        figure: { name: "squaredError", column: "squared_error" },
        memory: memoryFor(machine.gpu),
        checkpointEvery: options.checkpointEvery,
        stopWhenDiverged: options.stopWhenDiverged,
        ending,
        found,
      });
      const isDiverged = rowsDiverged(outcomes, options.problem);
      if (rows.length > 0) run.write("loss.svg", await lossChart(rows, { isDiverged }));
      const [best] = finiteOnes(outcomes, ({ error }) => error);
      if (best) run.write("network.safetensors", exportNetwork(model.layout, best.theta));
      if (best && image) {
        const made = await machine.model.reconstruct(machine.gpu, best.theta, examples);
        run.write(
          "reconstructions.png",
          reconstructionSheet(examples, made, { ...image, columns: 12 }),
        );
      }
      printOutcomes(outcomes, "squared error");
      if (machine.profile) printProfile(machine.profile);
      printEnd(run.folder, outcomes);
    },
  );
}

/** A hundred reports, or fewer where evaluating would take more than about a tenth of the time. */
function reportInterval({ updates, evalCases, batchSize }: Options): number {
  // A forward pass is about a third of an update.
  return Math.max(Math.ceil(updates / 100), Math.ceil(10 * evalCases / (3 * batchSize)));
}
