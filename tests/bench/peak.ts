import type { Gpu } from "../../mod.ts";
import { Plan } from "../../mod.ts";
import { medianSeconds } from "./median.ts";
import source from "./peak.wgsl" with { type: "text" };

/**
 * Chains of multiply-adds side by side, of as many numbers each. Which of them a compiler keeps in
 * registers differs, so the best counts.
 */
const forms = [
  { TYPE: "vec4f", WIDTH: 4, CHAINS: 8 },
  { TYPE: "vec4f", WIDTH: 4, CHAINS: 3 },
  { TYPE: "f32", WIDTH: 1, CHAINS: 14 },
  { TYPE: "f32", WIDTH: 1, CHAINS: 10 },
];

/** GFLOP/s of multiply-adds in registers, a multiply-add counted as two. */
export async function arithmeticPeak(gpu: Gpu): Promise<number> {
  let best = 0;
  for (const form of forms) best = Math.max(best, await peakOf(gpu, form));
  return best;
}

async function peakOf(gpu: Gpu, form: typeof forms[number]): Promise<number> {
  const invocations = gpu.isSoftware ? 2 ** 13 : 2 ** 20;
  const [LOOPS, UNROLLED] = [gpu.isSoftware ? 1000 : 2000, 8];
  const kernel = gpu.kernel("peak", [source], { ...form, UNROLLED, LOOPS });
  const out = gpu.allocate("peak", 16 * invocations);
  const plan = new Plan(gpu);
  plan.dispatch(kernel, { out }, { groups: [invocations / 64, 1, 1], iterations: LOOPS });
  plan.seal();
  const operations = invocations * LOOPS * UNROLLED * form.CHAINS * form.WIDTH * 2;
  const seconds = await medianSeconds(5, async () => {
    plan.submit();
    await gpu.settle();
  });
  plan.free();
  gpu.free(out);
  return operations / seconds / 1e9;
}

/** GB/s of copies between two buffers, bytes read and bytes written counted both. */
export async function copyBandwidth(gpu: Gpu): Promise<number> {
  const size = 2 ** 26;
  const copies = gpu.isSoftware ? 4 : 100;
  const [from, to] = ["from", "to"].map((label) => gpu.allocate(label, size));
  const seconds = await medianSeconds(5, async () => {
    const encoder = gpu.device.createCommandEncoder();
    for (let i = 0; i < copies; i++) encoder.copyBufferToBuffer(from, 0, to, 0, size);
    gpu.device.queue.submit([encoder.finish()]);
    await gpu.settle();
  });
  for (const buffer of [from, to]) gpu.free(buffer);
  return 2 * size * copies / seconds / 1e9;
}
