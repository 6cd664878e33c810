import {
  echoState,
  exportNetwork,
  fastestTimeLoop,
  gaussian,
  type Gpu,
  type Initializer,
  InputError,
  type Model,
  orthogonal,
  replicasThatFit,
  rnn,
  runRnn,
  type Schedule,
  type SequenceTask,
  type TimeLoop,
  timeLoops,
  warmUp,
} from "../mod.ts";
import { chooseSequences, sequenceProblems } from "./problems/sequences.ts";
import { lossChart } from "./charts/loss_chart.ts";
import { findRounds } from "./study/checkpoints.ts";
import { Ending } from "./study/ending.ts";
import {
  choice,
  choices,
  integer,
  number,
  numbers,
  path,
  refuseIdle,
  type Values,
  yesNo,
} from "./terminal/flags.ts";
import { Machine } from "./study/machine.ts";
import {
  compareFigures,
  finiteOnes,
  type Outcome,
  printEnd,
  printProfile,
  rowsDiverged,
} from "./study/outcomes.ts";
import { runProgram } from "./terminal/program.ts";
import { resumeRun, runFlags, sayAdapter } from "./study/resume.ts";
import { chooseRunFolder, recordRun } from "./study/run_folder.ts";
import { sequenceChart } from "./charts/sequence_chart.ts";
import {
  expandGrid,
  machineFlags,
  momentumFlags,
  momentumOf,
  optimizerFlags,
  optimizerOf,
  type Setting,
} from "./study/settings.ts";
import { ensureAdapter } from "./study/adapter.ts";
import { alignTable, shortestFloat32 } from "./files/tables.ts";
import { print } from "./terminal/terminal.ts";
import { memoryFor, trainGrid } from "./study/training.ts";
import { tuningFiles } from "./files/tuning_files.ts";

/** Of a hidden unit, where --fan-in does not say (paper, Table 4). */
const mostConnections = 15;

const flags = {
  problem: choice(sequenceProblems, {
    default: "add",
    help: "Adding, multiplication, or memorization of 5 of 2, 10 of 5 or other numbers of symbols.",
  }),
  length: integer({
    atLeast: 1,
    unit: "steps",
    shown: "the paper's: 80, for mem-5 200",
    help: "T: the shortest sequence of add and mul, the blanks of memorization.",
  }),
  symbols: integer({ atLeast: 2, help: "Of memorization: different symbols." }),
  items: integer({ atLeast: 1, help: "Of memorization: symbols to be remembered." }),
  hidden: integer({ default: 100, atLeast: 1, unit: "units", help: "Hidden tanh units." }),
  ...optimizerFlags,
  "learning-rate": numbers({
    default: [0.001],
    above: 0,
    help: "The learning rate, constant within a run.",
  }),
  "batch-size": integer({
    default: 100,
    atLeast: 1,
    unit: "sequences",
    help: "Fresh sequences of a minibatch.",
  }),
  mu: numbers({
    default: [0.98],
    atLeast: 0,
    below: 1,
    help: "The momentum after the warm-up, or the cap of another schedule. Means nothing to sgd.",
  }),
  schedule: choices(["warm-up", "paper", "nesterov1983", "constant"], {
    default: ["warm-up"],
    help: "How the momentum runs: a smaller one first, as for the paper's recurrent networks, or " +
      "as for its autoencoders.",
  }),
  "warm-up-updates": integer({ default: 1000, atLeast: 0, unit: "updates", help: "Of warm-up." }),
  "warm-up-momentum": number({ default: 0.9, atLeast: 0, below: 1, help: "Of warm-up." }),
  "schedule-period": momentumFlags["schedule-period"],
  finish: momentumFlags.finish,
  init: choices(["echo-state", "gaussian", "orthogonal"], {
    default: ["echo-state"],
    help: "Recurrent weights: sparse and rescaled to the spectral radius, Gaussian N(0, 1) / " +
      "sqrt(units) times it, whose radius is about that, or an orthogonal matrix times it.",
  }),
  "spectral-radius": number({ default: 1.1, above: 0, help: "Of the recurrent weights." }),
  "fan-in": integer({
    atLeast: 1,
    unit: "connections",
    shown: `${mostConnections}, or as many as there are units`,
    help: "Incoming recurrent connections of a hidden unit under echo-state.",
  }),
  "input-scale": number({
    above: 0,
    shown: "0.001 for add and mul, 0.1 for memorization",
    help: "Standard deviation of the input weights.",
  }),
  "output-scale": number({
    default: 0.1,
    above: 0,
    help: "Standard deviation of the output weights.",
  }),
  centre: yesNo({ default: true, help: "Subtracts the mean of the inputs." }),
  cue: yesNo({
    default: false,
    help: "Of add and mul: marks the first and the last step with -1.",
  }),
  "clip-norm": number({ above: 0, shown: "off", help: "Shortens longer gradients to this norm." }),
  "time-loop": choice(timeLoops, {
    shown: "the faster one, measured",
    help: "Whether the loop over time runs inside a kernel or is a dispatch a step: the same bits.",
  }),
  "eval-cases": integer({
    default: 1000,
    atLeast: 1,
    unit: "sequences",
    help: "Test sequences, always the same, that a report evaluates; the last one takes 10,000.",
  }),
  out: path({
    shown: "results/rnn/DATE-TIME",
    help: "The folder for the results; it may hold no run yet.",
  }),
  ...runFlags,
  ...machineFlags,
};

type Options = Values<typeof flags>;

await runProgram({
  usage: "deno run -A experiments/rnn.ts",
  summary:
    "Trains recurrent networks on problems with long-term dependencies, as Sutskever, Martens, Dahl " +
    "and Hinton (2013) did. Comma lists make a grid, all of whose networks are trained side by side.",
  flags,
}, train);

async function train(given: Options, interruption: AbortSignal): Promise<void> {
  const { options, earlier } = resumeRun("rnn", flags, given);
  const ending = new Ending(interruption, options.maxTime);
  const { updates, finish, hidden, init, batchSize } = options;
  const fanIn = options.fanIn ?? Math.min(mostConnections, hidden);
  const isEchoState = init.includes("echo-state");
  if (finish > updates) {
    throw new InputError(
      `--finish ${finish} is longer than the run: it may be 0 to --updates ${updates}`,
    );
  }
  refuseIdle({
    "fan-in": !isEchoState && "--init echo-state",
    "schedule-period": !options.schedule.includes("paper") && "--schedule paper",
    "warm-up-updates": !options.schedule.includes("warm-up") && "--schedule warm-up",
    "warm-up-momentum": !options.schedule.includes("warm-up") && "--schedule warm-up",
  });
  if (isEchoState && fanIn > hidden) {
    throw new InputError(
      `--fan-in ${fanIn} is more than the ${hidden} hidden units: it may be 1 to ${hidden}`,
    );
  }
  const problem = chooseSequences(options);
  const { task } = problem;
  const settings = expandGrid({ ...options, initScale: [1] });
  const folder = options.resume ?? chooseRunFolder("rnn", options.out);
  let timeLoop = options.timeLoop;
  using machine = await Machine.open({
    adapter: () => ensureAdapter(options.adapter, interruption),
    profile: options.profile,
    tuning: options.tune ? tuningFiles() : undefined,
    async model(gpu) {
      checkMemory(gpu, rnn({ hidden, task }), { batchSize, steps: task.steps });
      timeLoop ??= await fastestOf(gpu, { hidden, task }, options, settings);
      return rnn({ hidden, task, timeLoop });
    },
  });
  const { model } = machine;
  const found = earlier && await findRounds(folder, { settings, model });
  const inputScale = options.inputScale ?? problem.inputScale;
  const { biasesBaseline } = task;
  const details = {
    configuration: {
      ...options,
      fanIn,
      timeLoop,
      length: problem.length,
      inputScale,
      parameters: model.layout.parameterCount,
      biasesZeroOneLoss: biasesBaseline,
    },
    ...sayAdapter(machine.adapter, earlier),
  };
  const isMadeUp = (options.out ?? options.resume) === undefined;
  const recording = { program: "rnn", folder, details, interruption, earlier, isMadeUp };
  await recordRun(recording, async (run) => {
    const { outcomes, rows } = await trainGrid({
      machine,
      run,
      problem: options.problem,
      settings,
      replicaOf: (setting) => ({
        seed: setting.seed,
        optimizer: optimizerOf(setting, scheduleOf(setting, options)),
        initializer: initializerOf(setting, { ...options, fanIn, inputScale }),
      }),
      batchSize,
      updates,
      every: options.every ?? Math.ceil(updates / 100),
      evalCases: options.evalCases,
      evalSplit: "test",
      figure: { name: "zeroOneLoss", column: "zero_one_loss" },
      curveColumns: [
        { name: "train_loss", cell: ({ trainLoss }) => shortestFloat32(trainLoss) },
        { name: "test_loss", cell: ({ figures }) => shortestFloat32(figures.loss) },
        { name: "zero_one_loss", cell: ({ figures }) => shortestFloat32(figures.zeroOneLoss) },
        { name: "gradient_norm", cell: ({ gradientNorm }) => shortestFloat32(gradientNorm ?? NaN) },
      ],
      summaryColumns: [
        { name: "test_loss", cell: ({ figures }) => shortestFloat32(figures.loss) },
        { name: "zero_one_loss", cell: ({ error }) => shortestFloat32(error) },
        { name: "best_zero_one_loss", cell: ({ best }) => best && shortestFloat32(best) },
        { name: "biases_zero_one_loss", cell: () => biasesBaseline },
      ],
      trainer: {
        gradientNorm: true,
        ...options.clipNorm !== undefined && { clipNorm: options.clipNorm },
      },
      memory: memoryFor(machine.gpu),
      checkpointEvery: options.checkpointEvery,
      stopWhenDiverged: options.stopWhenDiverged,
      ending,
      found,
    });
    if (rows.length > 0) {
      const loss = task.loss === "cross-entropy" ? "nats a sequence" : "squared error a sequence";
      const isDiverged = rowsDiverged(outcomes, options.problem);
      const chart = { figure: "test_loss", figureTitle: "test loss", unit: loss, isDiverged };
      run.write("loss.svg", await lossChart(rows, chart));
    }
    const [best] = finiteOnes(outcomes, ({ figures }) => figures.loss);
    if (best) {
      run.write("network.safetensors", exportNetwork(model.layout, best.theta));
      const { example: { length, inputs, targets }, inputNames, outputNames } = problem;
      const outputs = await runRnn(machine.gpu, { theta: best.theta, inputs, batch: 1 });
      const title = `${options.problem}: a test sequence and the best network's output`;
      run.write(
        "example.svg",
        await sequenceChart({
          ...{ title, task, length, inputs, targets, outputs, inputNames, outputNames },
        }),
      );
    }
    printSequenceOutcomes(outcomes, biasesBaseline ?? NaN);
    if (machine.profile) printProfile(machine.profile);
    printEnd(run.folder, outcomes);
  });
}

/** The faster time loop for as many of the networks as are trained side by side. */
function fastestOf(
  gpu: Gpu,
  network: { hidden: number; task: SequenceTask },
  { batchSize }: Options,
  settings: readonly Setting[],
): Promise<TimeLoop> {
  const fit = replicasThatFit(gpu, rnn(network), { batchSize, budget: memoryFor(gpu) });
  const replicas = Math.min(settings.length, fit);
  return fastestTimeLoop(gpu, network, { replicas, batch: batchSize });
}

/** Says what fits where one network's states do not fit into a buffer. */
function checkMemory(
  gpu: Gpu,
  model: Model,
  { batchSize, steps }: { batchSize: number; steps: number },
): void {
  const { largest } = model.footprint(batchSize);
  if (largest <= gpu.maxBinding) return;
  const share = gpu.maxBinding / largest;
  throw new InputError(
    `the hidden states of ${steps} steps and ${batchSize} sequences need ${
      Math.ceil(largest / 2 ** 20)
    } MiB in one buffer; this adapter allows ${
      Math.floor(gpu.maxBinding / 2 ** 20)
    } MiB: at most about ${Math.floor(steps * share)} steps fit, or a --batch-size of about ${
      Math.floor(batchSize * share)
    }`,
  );
}

function scheduleOf(setting: Setting, options: Options): Schedule {
  const { warmUpUpdates: length, warmUpMomentum: momentum } = options;
  if (setting.schedule !== "warm-up") return momentumOf(setting, options);
  return warmUp(momentumOf({ ...setting, schedule: "constant" }, options), { length, momentum });
}

function initializerOf(
  { init }: Setting,
  { fanIn, spectralRadius, outputScale, inputScale }: Options & {
    fanIn: number;
    inputScale: number;
  },
): Initializer {
  if (init === "echo-state") return echoState({ fanIn, spectralRadius, inputScale, outputScale });
  const initializers = {
    input: gaussian({ deviation: inputScale }),
    // The eigenvalues of N(0, 1) / sqrt(n) fill the unit circle, orthogonal ones lie on it.
    recurrent: init === "gaussian"
      ? gaussian({ scale: spectralRadius })
      : orthogonal({ gain: spectralRadius }),
    output: gaussian({ deviation: outputScale }),
  };
  return (layer) => initializers[layer.role ?? "recurrent"](layer);
}

/** Prints a row for each network on stdout, the best first. */
function printSequenceOutcomes(outcomes: readonly Outcome[], biases: number): void {
  const heading = ["optimizer", "mu", "rate", "init", "seed", "test loss", "zero-one loss"];
  const rows = outcomes.toSorted((a, b) =>
    compareFigures(a.error, b.error) || compareFigures(a.figures.loss, b.figures.loss)
  )
    .map(({ setting, figures, error, status, divergedAt }) => [
      setting.optimizer,
      setting.mu,
      setting.learningRate,
      setting.init,
      setting.seed,
      figures.loss.toPrecision(4),
      error.toFixed(4),
      biases.toFixed(4),
      divergedAt === undefined ? status : `${status} at ${divergedAt}`,
    ]);
  print(alignTable([[...heading, "biases alone", "status"], ...rows]));
}
