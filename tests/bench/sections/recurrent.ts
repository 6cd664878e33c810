import { echoState, type Gpu, markedTask, nesterov, rnn, Trainer } from "../../../mod.ts";
import { type TimeLoop, timeLoops } from "../../../core/ops/recurrence.ts";
import { medianSeconds } from "../median.ts";
import type { Row } from "../report.ts";
import { compareRecurrentPeers } from "./peers.ts";
import type { Setting } from "./section.ts";

const batchSize = 100;

/** Our recurrent update for both ways to run the loop over time, then beside jax-js. */
export async function measureRecurrent(setting: Setting): Promise<void> {
  const { gpu } = await setting.machine();
  const rows: Row[] = [];
  for (const length of [20, 80, 200]) {
    for (const replicas of gpu.isSoftware ? [1, 8] : [1, 8, 16]) {
      for (const timeLoop of timeLoops) {
        const size = { length, replicas, timeLoop };
        const { seconds, dispatches } = await timeUpdate(gpu, size, setting.rounds);
        rows.push({ T: length, R: replicas, time_loop: timeLoop, ms: 1000 * seconds, dispatches });
      }
    }
  }
  const title = "A recurrent update: add, sequences of T to 1.1 T, batch 100, 100 units";
  setting.report.table("recurrent", title, rows);
  await compareRecurrentPeers(setting);
}

async function timeUpdate(
  gpu: Gpu,
  { length, replicas, timeLoop }: { length: number; replicas: number; timeLoop: TimeLoop },
  rounds: number,
): Promise<{ seconds: number; dispatches: number }> {
  const trainer = await Trainer.open(gpu, {
    model: rnn({ task: markedTask({ problem: "add", length }), timeLoop }),
    replicas: Array.from({ length: replicas }, (_, seed) => ({
      seed,
      optimizer: nesterov({ learningRate: 1e-4, momentum: 0.9 }),
      initializer: echoState({ inputScale: 0.001 }),
    })),
    batchSize,
  });
  const steps = gpu.isSoftware ? Math.max(1, Math.round(1600 / length / replicas / 4)) : 200;
  const seconds = await medianSeconds(rounds, async () => {
    const updates = trainer.update + steps;
    for await (const _ of trainer.run({ updates, evalCases: 0 }));
  });
  const dispatches = trainer.dispatchesPerUpdate;
  trainer.free();
  return { seconds: seconds / steps, dispatches };
}
