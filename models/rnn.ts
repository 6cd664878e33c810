import { checkChoice } from "../core/checks.ts";
import { InputError } from "../core/errors.ts";
import type { Gpu } from "../core/gpu/gpu.ts";
import { pad, padded, unpad } from "../core/gpu/matrix.ts";
import { Plan } from "../core/gpu/plan.ts";
import { rowsOf, type Steps } from "../core/gpu/steps.ts";
import type { Initializer } from "../core/init/initializer.ts";
import { type TimeLoop, timeLoops } from "../core/ops/recurrence.ts";
import {
  sequenceCurvature,
  sequenceLoss,
  type SequenceLossInputs,
  zeroOneLoss,
} from "../core/ops/sequence_loss.ts";
import { Vector, type VectorLayout } from "../core/gpu/vector.ts";
import { LayeredGraph } from "../core/graph/layered_graph.ts";
import type { Extent, Graph, Model, Split } from "../core/graph/model.ts";
import type { Tape } from "../core/graph/tape.ts";
import {
  checkTask,
  recurrentFootprint,
  recurrentLayout,
  RecurrentNetwork,
  type RecurrentShape,
  recurrentTape,
} from "./recurrent_network.ts";
import { checkCount, type SequenceTask, type TaskCases } from "./problems/sequence_tasks.ts";

/** A recurrent network and its sequences; see {@linkcode rnn}. */
export interface RnnOptions {
  /** Hidden units; 100 in the paper. */
  hidden?: number;
  /** What is learned: {@linkcode markedTask}, {@linkcode memorizationTask}, `sequenceData()`. */
  task: SequenceTask;
  /** How the loop over time runs. By default a kernel holds it; see `fastestTimeLoop()`. */
  timeLoop?: TimeLoop;
}

/**
 * A recurrent network as the paper trains them (section 4): one hidden layer of tanh units,
 * h_t = tanh(h_{t-1} W + x_t V + b), linear outputs z_t = h_t U + c, its gradient by backpropagation
 * through time. The figures of an evaluation are the loss and the zero-one loss of the task.
 *
 * Throws an {@linkcode InputError} for a number of hidden units, a task or a time loop that is none.
 *
 * ```ts
 * import { echoState, markedTask, nesterov, openGPU, rnn, Trainer } from "../mod.ts";
 *
 * using gpu = await openGPU();
 * const trainer = await Trainer.open(gpu, {
 *   model: rnn({ hidden: 20, task: markedTask({ problem: "add", length: 10 }) }),
 *   replicas: [{
 *     seed: 1,
 *     optimizer: nesterov({ learningRate: 0.01, momentum: 0.9 }),
 *     initializer: echoState({ inputScale: 0.001 }),
 *   }],
 *   batchSize: 10,
 * });
 * for await (const report of trainer.run({ updates: 10, evalCases: 100 })) {
 *   console.log(report.replicas[0].figures.zeroOneLoss);
 * }
 * ```
 */
export function rnn({ hidden = 100, task, timeLoop = "kernel" }: RnnOptions): Model {
  checkCount("number of hidden units", hidden);
  checkTask(task);
  checkChoice("time loop", timeLoop, timeLoops, "fastestTimeLoop() finds the faster one");
  return new Rnn(hidden, task, timeLoop);
}

class Rnn implements Model {
  readonly layout: VectorLayout;
  readonly figures = ["loss", "zeroOneLoss"];
  readonly #shape: RecurrentShape;
  readonly #task: SequenceTask;
  readonly #timeLoop: TimeLoop;
  readonly #tape: Tape;

  constructor(hidden: number, task: SequenceTask, timeLoop: TimeLoop) {
    this.#task = task;
    this.#timeLoop = timeLoop;
    const { inputs, outputs, steps, targets, outputBiases: biases } = task;
    this.#shape = { inputs, hidden, outputs, steps, targets, biases };
    this.#tape = recurrentTape(this.#shape, timeLoop).tape;
    this.layout = this.#tape.layout;
  }

  get cases(): Record<Split, number> {
    return { ...this.#task.cases };
  }

  initialValues(seed: number, initializer: Initializer): Float64Array[] {
    return this.#tape.initialValues(seed, initializer);
  }

  footprint(batch: number): { largest: number; total: number } {
    const { largest, total } = recurrentFootprint(this.#shape, batch);
    return { largest, total: total + 4 * padded(batch) * this.figures.length };
  }

  build(gpu: Gpu, extent: Extent): Graph {
    const { loss, zeroOne } = this.#task;
    return gpu.takeAll(() => {
      const network = new RecurrentNetwork(gpu, this.#shape, extent, this.#timeLoop);
      const { tape, output, buffers, outputs: z, targets, lengths } = network;
      return new LayeredGraph<SequenceLossInputs>(gpu, {
        ...{ tape, output, buffers, l2: 0 },
        feed: {
          rows: { loss, z, targets, lengths },
          record: (plan, seeds, cases) => this.#record(plan, network, seeds, cases),
        },
        loss: {
          name: loss,
          record: sequenceLoss,
          curvature: (plan, { tangent, ...rows }, out) =>
            sequenceCurvature(plan, rows, { tangent, out }),
        },
        figures: [
          {
            name: "loss",
            record: (plan, rows, caseLoss) => sequenceLoss(plan, rows, { caseLoss }),
          },
          {
            name: "zeroOneLoss",
            record: (plan, rows, out) => zeroOneLoss(plan, rows, zeroOne, out),
          },
        ],
        free: () => network.free(),
      });
    });
  }

  #record(plan: Plan, into: RecurrentNetwork, seeds: GPUBuffer, cases: TaskCases): void {
    if (cases !== "minibatch" && this.#task.cases[cases.split] < 1) {
      throw new InputError(`there are no ${cases.split} cases`);
    }
    this.#task.record(plan, into, seeds, cases);
  }
}

/** What {@linkcode runRnn} computes: a trained network and the sequences it is to read. */
export interface RnnRun {
  /** The tensors of one replica, as `Trainer.theta()` gives them. */
  theta: readonly ArrayLike<number>[];
  /** [T, B, inputs] */
  inputs: ArrayLike<number>;
  /** B. */
  batch: number;
}

/**
 * The outputs z_t = h_t U + c of a recurrent network at every step of `batch` sequences, [T, B,
 * outputs], before any softmax.
 *
 * Throws an {@linkcode InputError} where the inputs are no whole number of steps, or theta is not
 * that of a recurrent network.
 */
export async function runRnn(
  gpu: Gpu,
  { theta, inputs, batch }: RnnRun,
): Promise<Float32Array<ArrayBuffer>> {
  checkCount("number of sequences", batch);
  checkTheta(theta);
  const [hidden, outputs] = [theta[2].length, theta[4].length];
  const width = theta[0].length / hidden;
  const steps = inputs.length / (width * batch);
  if (!Number.isInteger(steps) || steps < 1) {
    throw new InputError(
      `${inputs.length} inputs are no whole number of steps of ${batch} sequences of ${width}: ` +
        `give them as [T, ${batch}, ${width}]`,
    );
  }
  const shape: RecurrentShape = { inputs: width, hidden, outputs, steps, targets: "last" };
  const network = new RecurrentNetwork(gpu, shape, { replicas: 1, batch }, "kernel");
  const parameters = new Vector(gpu, "theta", recurrentLayout(shape), 1);
  const plan = new Plan(gpu);
  try {
    parameters.write(0, theta);
    gpu.write(network.inputs.buffer, pad(stepsAsReplicas(network.inputs), inputs));
    network.at(parameters, network.lengths).forward(plan);
    plan.seal().submit();
    const contents = await gpu.read(network.outputs.buffer);
    return unpad(stepsAsReplicas(network.outputs), new Float32Array(contents));
  } finally {
    for (const part of [network, parameters, plan]) part.free();
  }
}

function checkTheta(theta: RnnRun["theta"]): void {
  const [input, recurrent, hidden, output, outputs] = theta.map(({ length }) => length);
  const fits = theta.length === 5 && input >= 1 && input % hidden === 0 &&
    recurrent === hidden ** 2 && output === hidden * outputs;
  if (fits) return;
  throw new InputError(
    `theta of ${theta.map(({ length }) => length).join(", ") || "no"} values is none of a ` +
      `recurrent network: give [in x H, H x H, H, H x out, out], as Trainer.theta() reads them`,
  );
}

/** The steps of one replica as matrices, [T, B, columns]. */
function stepsAsReplicas(all: Steps) {
  return {
    ...rowsOf(all, 0, 1),
    replicas: all.steps,
    rows: all.rows,
    replicaStride: all.stepStride,
  };
}
