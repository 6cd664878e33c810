import {
  autoencoder,
  gaussian,
  glorot,
  type Initializer,
  InputError,
  openGPU,
  Profile,
  sparse,
} from "../mod.ts";
import { curves } from "./problems/curves.ts";
import { mnist } from "./problems/mnist.ts";
import type { Problem } from "./problems/problem.ts";
import { lossChart } from "./shared/charts.ts";
import { choice, choices, integer, integers, path, type Values, yesNo } from "./shared/flags.ts";
import { reconstructionSheet } from "./shared/images.ts";
import { runProgram } from "./shared/program.ts";
import { chooseRunFolder, recordRun } from "./shared/run_folder.ts";
import {
  expandGrid,
  initScale,
  momentumFlags,
  momentumOf,
  optimizerFlags,
  optimizerOf,
  type Setting,
} from "./shared/settings.ts";
import {
  adapterDetails,
  adapterPreferences,
  describeAdapter,
  ensureAdapter,
} from "./shared/setup.ts";
import { readTable } from "./shared/tables.ts";
import { memoryFor, printOutcomes, printProfile, trainGrid } from "./shared/training.ts";

const problems = { curves, mnist } satisfies Record<string, Problem>;

const flags = {
  problem: choice(["curves", "mnist"], {
    default: "curves",
    help: "The data, with the paper's network and loss for them.",
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
  ...optimizerFlags,
  ...momentumFlags,
  init: choices(["sparse", "glorot", "gaussian"], {
    default: ["sparse"],
    help: "The initial weights: sparse N(0, 1), Glorot's uniform, or N(0, 1) / sqrt(fan-in).",
  }),
  "fan-in": integer({
    default: 15,
    atLeast: 1,
    unit: "connections",
    help: "Incoming connections of a unit under sparse initialization.",
  }),
  "init-scale": initScale,
  "data-seed": integer({ default: 1, atLeast: 0, help: "Fixes the generated images of curves." }),
  data: path({ help: "The folder with the files of mnist." }),
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
  adapter: choice(adapterPreferences, { default: "any", help: "The GPU adapter to take." }),
  profile: yesNo({
    default: false,
    help: "Measures GPU time by kernel; steps are slower meanwhile.",
  }),
};

type Options = Values<typeof flags>;

await runProgram({
  usage: "deno run -A experiments/autoencoder.ts",
  summary:
    "Trains deep autoencoders on the GPU as Sutskever, Martens, Dahl and Hinton (2013) did. Comma " +
    "lists make a grid, all of whose networks are trained side by side.",
  flags,
}, train);

async function train(options: Options, interruption: AbortSignal): Promise<void> {
  const { updates, finish, batchSize } = options;
  if (finish > updates) {
    throw new InputError(
      `--finish ${finish} is longer than the run: it may be 0 to --updates ${updates}`,
    );
  }
  const problem: Problem = problems[options.problem];
  const layers = options.layers ?? problem.layers;
  const pixels = problem.layers[0];
  if (layers.length < 2 || layers[0] !== pixels) {
    throw new InputError(
      `--layers ${
        layers.join(",")
      } is no encoder of ${options.problem}: it begins with ${pixels} ` +
        `units, one a pixel, and has at least one more layer`,
    );
  }
  const settings = expandGrid(options);
  const folder = chooseRunFolder("autoencoder", options.out);
  const loaded = await problem.load(options);
  if (batchSize > loaded.trainCases) {
    throw new InputError(
      `--batch-size ${batchSize} is more than the ${loaded.trainCases} training cases: it may be 1 ` +
        `to ${loaded.trainCases}`,
    );
  }
  const adapter = await ensureAdapter(options.adapter, interruption);
  console.error(`adapter: ${describeAdapter(adapter)}`);
  using gpu = await openGPU({ adapter });
  const { train, test, examples } = loaded.upload(gpu);
  const { activation } = options;
  const { outputUnit, loss, image } = problem;
  const model = autoencoder({ layers, activation, outputUnit, loss, train, test });
  const profile = options.profile ? new Profile(gpu) : undefined;
  const details = {
    configuration: { ...options, layers, parameters: model.layout.parameterCount },
    adapter: adapterDetails(adapter),
  };
  await recordRun({ program: "autoencoder", folder, details, interruption }, async (run) => {
    const outcomes = await trainGrid({
      gpu,
      run,
      problem: options.problem,
      model,
      settings,
      replicaOf: (setting) => ({
        seed: setting.seed,
        optimizer: optimizerOf(setting, momentumOf(setting, options)),
        initializer: initializerOf(setting, options),
      }),
      batchSize,
      updates,
      every: options.every ?? reportInterval(options),
      evalCases: options.evalCases,
      figure: { name: "squaredError", column: "squared_error" },
      memory: memoryFor(gpu),
      profile,
      interruption,
    });
    const rows = readTable(await Deno.readTextFile(`${folder}/curve.csv`));
    if (rows.length > 0) run.write("loss.svg", await lossChart(rows));
    const best = outcomes.filter(({ status }) => status !== "diverged")
      .toSorted((a, b) => a.train - b.train)[0];
    if (best) {
      const shown = await model.reconstruct(gpu, best.theta, examples);
      const sheet = { ...image, columns: 12, scale: 2 };
      run.write("reconstructions.png", reconstructionSheet(examples, shown, sheet));
    }
    printOutcomes(outcomes, "squared error");
    if (profile) printProfile(profile);
    console.log(`\nresults in ${folder}`);
  });
}

/** A hundred reports, or fewer where evaluating would take more than about a tenth of the time. */
function reportInterval({ updates, evalCases, batchSize }: Options): number {
  // A forward pass is about a third of an update.
  return Math.max(Math.ceil(updates / 100), Math.ceil(10 * evalCases / (3 * batchSize)));
}

function initializerOf({ init, initScale: scale }: Setting, { fanIn }: Options): Initializer {
  if (init === "sparse") return sparse({ fanIn, scale });
  if (init === "glorot") return glorot({ scale });
  return (layer) => gaussian({ scale: scale / Math.sqrt(layer.fanIn) })(layer);
}
