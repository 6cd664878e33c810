import { type Gpu, type Plan, StepTable } from "../../mod.ts";
import { medianSeconds } from "./median.ts";

/** Long enough for the wait at the end of a submit to weigh little; it is subtracted besides. */
const SUBMIT_SECONDS = 0.2;

/** Seconds that one replay of `plan` takes among many in one submit, as a median over rounds. */
export async function secondsPerReplay(gpu: Gpu, plan: Plan, rounds: number): Promise<number> {
  const table = new StepTable(gpu, { capacity: 1, scalars: 4 });
  const scalars = [0, 0, 0, 0]; // a learning rate, a momentum and leads
  table.write([{ update: 0, slot: 0, position: 0, epoch: 0, scalars }]);
  const submit = (count: number) => async () => {
    const encoder = gpu.device.createCommandEncoder();
    for (let i = 0; i < count; i++) plan.encode(encoder, { bind: (pass) => table.bind(pass, 0) });
    gpu.device.queue.submit([encoder.finish()]);
    await gpu.settle();
  };
  const waiting = await medianSeconds(rounds, submit(0));
  let count = 1;
  let seconds = await medianSeconds(1, submit(count));
  while (seconds < SUBMIT_SECONDS && count < 4096) {
    count *= Math.max(2, Math.floor(SUBMIT_SECONDS / seconds));
    seconds = await medianSeconds(1, submit(count));
  }
  const whole = await medianSeconds(rounds, submit(count));
  table.free();
  return Math.max(0, whole - waiting) / count;
}
