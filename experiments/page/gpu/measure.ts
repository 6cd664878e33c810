import {
  autoencoder,
  Dataset,
  echoState,
  generateCurves,
  type Gpu,
  markedTask,
  type Model,
  nesterov,
  paperProblems,
  rnn,
  sparse,
  Trainer,
  type TrainerOptions,
} from "../../../mod.ts";
import type { MeasuredTime } from "../messages.ts";

/** Networks side by side. */
const counts = [1, 16];
/** Each of the four figures takes about a quarter of 20 seconds. */
const share_ms = 5000;

/**
 * Measures an update of the paper's Curves autoencoder, batch 200, and of its recurrent network on
 * `add`, T = 80, batch 100, of one and of 16 networks side by side, in about 20 seconds. What one
 * network tells to take too long is left out.
 */
export async function measure(
  gpu: Gpu,
  tell: (what: string) => void,
): Promise<MeasuredTime[]> {
  const { train } = generateCurves({ seed: 1, train: 2000, test: 0 });
  const data = new Dataset(gpu, train, { width: 784 });
  const curves = autoencoder({ ...paperProblems.curves, train: data });
  const add = rnn({ task: markedTask({ problem: "add", length: 80 }) });
  try {
    return [
      ...await measureModel(gpu, "curves", tell, { ...task(curves, 200), initializer: sparse() }),
      ...await measureModel(gpu, "add", tell, {
        ...task(add, 100),
        initializer: echoState({ inputScale: 0.1 }),
      }),
    ];
  } finally {
    data.free();
  }
}

interface Task extends Pick<TrainerOptions, "model" | "batchSize"> {
  readonly initializer: TrainerOptions["replicas"][number]["initializer"];
}

function task(model: Model, batchSize: number) {
  return { model, batchSize };
}

async function measureModel(
  gpu: Gpu,
  name: string,
  tell: (what: string) => void,
  task: Task,
): Promise<MeasuredTime[]> {
  const times: MeasuredTime[] = [];
  let ofOne = 0;
  for (const count of counts) {
    tell(`${name}, ${count === 1 ? "one network" : `${count} networks`}`);
    // Two updates at least: the first compiles.
    const isTooLong = 2 * count * ofOne > 2 * share_ms;
    const milliseconds = isTooLong ? undefined : await updateTime(gpu, count, task);
    ofOne ||= milliseconds ?? 0;
    times.push({ column: `${name}_${count}_ms`, milliseconds });
  }
  return times;
}

/** Milliseconds an update. */
async function updateTime(gpu: Gpu, count: number, { initializer, ...task }: Task) {
  const optimizer = nesterov({ learningRate: 1e-3, momentum: 0.9 });
  const trainer = await Trainer.open(gpu, {
    ...task,
    replicas: Array.from({ length: count }, (_, i) => ({ seed: i + 1, optimizer, initializer })),
  });
  try {
    const begin = performance.now();
    const train = async (updates: number) => {
      const start = performance.now();
      for await (const _ of trainer.run({ updates: trainer.update + updates, evalCases: 0 }));
      return (performance.now() - start) / updates;
    };
    await train(1);
    let time = await train(1);
    for (let left; (left = share_ms - (performance.now() - begin)) > 2 * time;) {
      // Longer and longer, so that what a report costs is spread over many updates.
      time = await train(Math.max(1, Math.floor(left / 2 / time)));
    }
    return time;
  } finally {
    trainer.free();
  }
}
