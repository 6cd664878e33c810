import { assertEquals } from "@std/assert";
import { openGPU } from "../../core/gpu/open.ts";
import { type StepRow, StepTable } from "../../core/gpu/scalars.ts";
import { Plan } from "../../core/gpu/plan.ts";
import { nesterov } from "../../core/optim/nesterov.ts";
import { sparse } from "../../core/init/sparse.ts";
import { Dataset } from "../../core/data/dataset.ts";
import { Trainer } from "../../core/train/trainer.ts";
import { autoencoder } from "../../models/autoencoder.ts";
import stepSource from "../../shaders/common/step.wgsl" with { type: "text" };
import { gpuTest } from "./fixture.ts";

/** Appends all that a kernel can read of its step to a list. */
const reader = `
  @group(0) @binding(0) var<storage, read_write> out: array<f32>;
  @compute @workgroup_size(1)
  fn main() {
    let at = u32(out[0]);
    for (var i = 0u; i < 12; i++) {
      out[at + 1 + i] = nagare_step.scalars[i];
    }
    out[at + 13] = f32(nagare_step.update);
    out[at + 14] = f32(nagare_step.slot);
    out[at + 15] = f32(nagare_step.position);
    out[at + 16] = f32(nagare_step.epoch);
    out[0] = f32(at + 16);
  }`;

gpuTest("StepTable hands each step of a submit its own row", async (bench) => {
  const { gpu } = bench;
  const rows = [0, 1, 2, 3, 4].map((i): StepRow => ({
    update: 100 + i,
    slot: 200 + i,
    position: 300 + i,
    epoch: 400 + i,
    scalars: Array.from({ length: 12 }, (_, k) => i + k / 16),
  }));
  const out = bench.buffer(new Float32Array(1 + 16 * rows.length));
  const plan = bench.take(new Plan(gpu));
  plan.dispatch(gpu.kernel("read step", [stepSource, reader]), { out }, {
    groups: [1, 1, 1],
    iterations: 12,
  });
  plan.seal();
  const table = bench.take(new StepTable(gpu, { capacity: 8, scalars: 12 }));
  table.write(rows);
  const encoder = gpu.device.createCommandEncoder();
  rows.forEach((_, i) => plan.encode(encoder, { bind: (pass) => table.bind(pass, i) }));
  gpu.device.queue.submit([encoder.finish()]);
  const read = await bench.floats(out);
  const wanted = rows.flatMap(({ update, slot, position, epoch, scalars }) => [
    ...scalars,
    ...[update, slot, position, epoch],
  ]);
  assertEquals([...read.slice(1, 1 + wanted.length)], wanted);
});

/** The device, said to bind at every multiple of 16 bytes, and what it binds as a step. */
function finelyAligned(device: GPUDevice): { device: GPUDevice; sizes: number[] } {
  const sizes: number[] = [];
  const wrapped = new Proxy(device, {
    get(target, name) {
      const value = Reflect.get(target, name, target);
      if (name === "limits") return withAlignment(target.limits);
      if (typeof value !== "function") return value;
      return (...given: unknown[]) => {
        const [descriptor] = given as [GPUBindGroupDescriptor];
        if (name === "createBindGroup" && descriptor.label === "step") {
          for (const { resource } of descriptor.entries) {
            sizes.push((resource as GPUBufferBinding).size!);
          }
        }
        return value.apply(target, given);
      };
    },
  });
  return { device: wrapped, sizes };
}

function withAlignment(limits: GPUSupportedLimits): GPUSupportedLimits {
  return new Proxy(limits, {
    get: (target, name) =>
      name === "minStorageBufferOffsetAlignment" ? 16 : Reflect.get(target, name, target),
  });
}

gpuTest("a StepTable's row is never shorter than its struct", async (bench) => {
  const { device, sizes } = finelyAligned(bench.gpu.device);
  using gpu = await openGPU({ device });
  for (const scalars of [0, 1, 4, 5, 12]) {
    bench.take(new StepTable(gpu, { capacity: 2, scalars })).free();
  }
  assertEquals(sizes, [32, 32, 32, 48, 64]);
});

gpuTest("evaluate() works where buffers are bound at every 16 bytes", async (bench) => {
  const { device, sizes } = finelyAligned(bench.gpu.device);
  using gpu = await openGPU({ device, operands: bench.gpu.operands });
  // One minibatch, one row: the adapter itself may well bind at fewer places.
  const train = new Dataset(gpu, new Uint8Array(32).map((_, i) => 8 * i), { width: 8 });
  const trainer = await Trainer.open(gpu, {
    model: autoencoder({ layers: [8, 4, 2], train }),
    replicas: [{
      seed: 1,
      optimizer: nesterov({ learningRate: 0.1, momentum: 0.9 }),
      initializer: sparse(),
    }],
    batchSize: 4,
  });
  try {
    const [{ squaredError }] = await trainer.evaluate("train");
    assertEquals(Number.isFinite(squaredError), true);
    assertEquals(sizes.length > 0, true);
  } finally {
    trainer.free();
    train.free();
  }
});
