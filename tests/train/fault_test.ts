import { assertEquals, assertRejects } from "@std/assert";
import { GPUFault, GPUMemoryError, InputError } from "../../core/errors.ts";
import type { Gpu } from "../../core/gpu/gpu.ts";
import { openGPU } from "../../core/gpu/open.ts";
import { Profile } from "../../core/gpu/profile.ts";
import { nesterov } from "../../core/optim/nesterov.ts";
import { Curvature } from "../../core/train/curvature.ts";
import { hutchinson } from "../../core/train/hutchinson.ts";
import { lanczos } from "../../core/train/lanczos.ts";
import { Trainer } from "../../core/train/trainer.ts";
import { Bench } from "../gpu/fixture.ts";
import { Problem } from "../models/problem.ts";
import { history, open, replica } from "./training.ts";

const replicas = [replica(1, nesterov({ learningRate: 0.1, momentum: 0.9 }))];

/** Runs a test on a GPU of its own, in both ways of reading operands: it is left broken. */
function faultTest(name: string, body: (bench: Bench, gpu: Gpu) => Promise<void>): void {
  for (const operands of ["buffers", "textures"] as const) {
    Deno.test(`${name} (${operands})`, async () => {
      using gpu = await openGPU({ operands });
      await body(new Bench(gpu), gpu);
    });
  }
}

function problemOf(bench: Bench) {
  const { model } = new Problem(bench, { layers: [17, 9, 3], cases: 23 });
  return { model, batchSize: 5, replicas };
}

/** Refused as a GPUFault, and once: what is asked for next is answered. */
async function refusedOnce(gpu: Gpu, act: () => Promise<unknown>): Promise<void> {
  await assertRejects(act, GPUFault);
  await gpu.settle();
}

/** Has the next buffer of this label come about as `make` says. */
function spoil(gpu: Gpu, label: string, make: (size: number) => GPUBuffer): void {
  const allocate = gpu.allocate.bind(gpu);
  gpu.allocate = (name, size, usage) => {
    if (name !== label) return allocate(name, size, usage);
    gpu.allocate = allocate;
    const buffer = make(size);
    gpu.allocatedBytes += buffer.size;
    return buffer;
  };
}

/** Gives the next buffer of this label, once it is there. */
function watch(gpu: Gpu, label: string): () => GPUBuffer {
  let found: GPUBuffer | undefined;
  const allocate = gpu.allocate.bind(gpu);
  gpu.allocate = (name, size, usage) => {
    const buffer = allocate(name, size, usage);
    if (name === label) found ??= buffer;
    return buffer;
  };
  return () => found!;
}

for (const label of ["velocity", "metrics ring", "step table"]) {
  faultTest(`Trainer.open() raises that ${label} could not be had`, async (bench, gpu) => {
    const problem = problemOf(bench);
    // No usage fits MAP_READ and STORAGE at once: the buffer is invalid, and nobody says so.
    const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.STORAGE;
    spoil(gpu, label, (size) => gpu.device.createBuffer({ label, size, usage }));
    const { allocatedBytes } = gpu;
    await refusedOnce(gpu, () => Trainer.open(gpu, problem));
    assertEquals(gpu.allocatedBytes, allocatedBytes);
  });
}

for (const label of ["velocity", "metrics ring", "readback", "plan uniforms", "figures"]) {
  faultTest(`Trainer.open() keeps nothing where ${label} is refused`, async (bench, gpu) => {
    const problem = problemOf(bench);
    const { allocatedBytes } = gpu;
    spoil(gpu, label, () => {
      throw new InputError(`${label} is too large`);
    });
    await assertRejects(() => Trainer.open(gpu, problem), InputError, `${label} is too large`);
    assertEquals(gpu.allocatedBytes, allocatedBytes);
  });
}

faultTest(
  "Trainer.open() refuses a step of more dispatches than can be measured",
  async (bench, gpu) => {
    const problem = problemOf(bench), profile = new Profile(gpu, 3);
    const { allocatedBytes } = gpu;
    await assertRejects(
      () => Trainer.open(gpu, { ...problem, profile }),
      InputError,
      "of which 3 can be measured: take shorter sequences, or no profile",
    );
    assertEquals(gpu.allocatedBytes, allocatedBytes);
    profile.free();
  },
);

/** Refused for want of memory, with nothing kept. */
async function refusedShort(gpu: Gpu, act: () => Promise<unknown>): Promise<void> {
  const { popErrorScope } = gpu.device;
  gpu.device.popErrorScope = async () => {
    await popErrorScope.call(gpu.device);
    return new GPUOutOfMemoryError("Not enough memory left");
  };
  const { allocatedBytes } = gpu;
  const { message } = await assertRejects(act, GPUMemoryError);
  assertEquals(message, "out of GPU memory: Not enough memory left");
  assertEquals(gpu.allocatedBytes, allocatedBytes);
  gpu.device.popErrorScope = popErrorScope;
}

faultTest("Trainer.open() says that memory is short, and the GPU goes on", async (bench, gpu) => {
  const problem = problemOf(bench);
  await refusedShort(gpu, () => Trainer.open(gpu, problem));
  const trainer = await open(bench, problem);
  await history(trainer, { updates: 3, evalCases: 0 });
});

faultTest("Curvature says that memory is short, and the GPU goes on", async (bench, gpu) => {
  const trainer = await open(bench, problemOf(bench));
  const options = { matrix: "hessian", cases: 5 } as const;
  await refusedShort(gpu, () => Curvature.of(trainer, options));
  const curvature = bench.take(await Curvature.of(trainer, options));
  for (const take of [lanczos, hutchinson]) {
    await refusedShort(gpu, () => take(curvature));
    await take(curvature);
  }
});

for (const label of ["direction", "steps of differences", "data of value 4", "Lanczos vector 3"]) {
  faultTest(`Curvature raises that ${label} could not be had`, async (bench, gpu) => {
    const trainer = await open(bench, problemOf(bench));
    const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.STORAGE;
    spoil(gpu, label, (size) => gpu.device.createBuffer({ label, size, usage }));
    const { allocatedBytes } = gpu;
    await refusedOnce(gpu, async () => {
      const options = { matrix: "hessian", cases: 5 } as const;
      const curvature = await Curvature.of(trainer, options);
      try {
        await lanczos(curvature);
      } finally {
        curvature.free();
      }
    });
    assertEquals(gpu.allocatedBytes, allocatedBytes);
  });
}

faultTest("lanczos() raises the loss of the device as one GPUFault", async (bench, gpu) => {
  const trainer = await open(bench, problemOf(bench));
  const curvature = await Curvature.of(trainer, { matrix: "hessian", cases: 5 });
  gpu.device.destroy();
  for (const take of [lanczos, hutchinson]) {
    await assertRejects(() => take(curvature), GPUFault);
  }
});

/** Each hands the queue what it must refuse. */
const invalidWork: Record<string, (gpu: Gpu) => void> = {
  "a buffer that was destroyed"(gpu) {
    const [from, to] = [0, 1].map(() => gpu.allocate("test", 16));
    const encoder = gpu.device.createCommandEncoder();
    encoder.copyBufferToBuffer(from, 0, to, 0, 16);
    gpu.free(from);
    gpu.device.queue.submit([encoder.finish()]);
    gpu.free(to);
  },
  "a copy beyond a buffer's end"(gpu) {
    const [from, to] = [0, 1].map(() => gpu.allocate("test", 16));
    const encoder = gpu.device.createCommandEncoder();
    encoder.copyBufferToBuffer(from, 0, to, 8, 16);
    gpu.device.queue.submit([encoder.finish()]);
    for (const buffer of [from, to]) gpu.free(buffer);
  },
};

for (const [what, submit] of Object.entries(invalidWork)) {
  faultTest(`Trainer.run() raises ${what} at its next report`, async (bench, gpu) => {
    const trainer = await open(bench, problemOf(bench));
    await history(trainer, { updates: 3, evalCases: 0 });
    submit(gpu);
    await refusedOnce(gpu, () => history(trainer, { updates: 6, evalCases: 0 }));
  });

  for (const read of ["save", "theta", "evaluate"] as const) {
    faultTest(`Trainer.${read}() raises ${what}`, async (bench, gpu) => {
      const trainer = await open(bench, problemOf(bench));
      submit(gpu);
      await refusedOnce(
        gpu,
        () => read === "evaluate" ? trainer.evaluate("train", 5) : trainer[read](),
      );
    });
  }
}

faultTest("Trainer gives no zeros for parameters that are gone", async (bench, gpu) => {
  const velocity = watch(gpu, "velocity");
  const trainer = await open(bench, problemOf(bench));
  await history(trainer, { updates: 3, evalCases: 0 });
  velocity().destroy();
  for (
    const read of [() => trainer.save(), () => trainer.theta(), () => trainer.evaluate("train")]
  ) {
    await assertRejects(read, GPUFault);
  }
  await assertRejects(() => history(trainer, { updates: 6, evalCases: 0 }), GPUFault);
});

faultTest("Trainer.save() raises the loss of the device as one GPUFault", async (bench, gpu) => {
  const trainer = await open(bench, problemOf(bench));
  gpu.device.destroy();
  await assertRejects(() => trainer.save(), GPUFault);
});
