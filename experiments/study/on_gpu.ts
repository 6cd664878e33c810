import { type Gpu, GPUFault, GPUMemoryError, openGPU } from "../../mod.ts";
import { describeFault, mostReopenings } from "./machine.ts";
import { type AdapterPreference, describeAdapter, ensureAdapter } from "./adapter.ts";
import { say } from "../terminal/terminal.ts";

/** Where work is done: a GPU, and its adapter as cells record it. */
export interface OpenedGPU {
  readonly gpu: Gpu;
  readonly adapter: string;
}

/**
 * Does work that goes on, when it is repeated, from what it left in its folder. Where the GPU fails
 * it is opened anew, and the work is repeated.
 */
export async function onGPU(
  preference: AdapterPreference,
  interruption: AbortSignal,
  work: (opened: OpenedGPU) => Promise<void>,
): Promise<void> {
  for (let reopenings = 0;; reopenings++) {
    const adapter = await ensureAdapter(preference, interruption);
    if (reopenings === 0) say(`adapter: ${describeAdapter(adapter)}`);
    using gpu = await openGPU({ adapter });
    try {
      return await work({ gpu, adapter: describeAdapter(adapter) });
    } catch (error) {
      if (interruption.aborted) {
        say("interrupted: the same command goes on where this one stopped");
      }
      if (!(error instanceof GPUFault) || error instanceof GPUMemoryError) throw error;
      const reason = await describeFault(gpu, error);
      if (reopenings === mostReopenings) {
        throw new GPUFault(
          `${reason}; it was opened anew ${mostReopenings} times before: repeat the command once ` +
            "the GPU works, and it goes on",
        );
      }
      say(
        `warning: ${reason}; the GPU is opened anew (${reopenings + 1} of at most ` +
          `${mostReopenings} times), and training goes on from the last checkpoint`,
      );
    }
  }
}
