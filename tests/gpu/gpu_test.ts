import {
  assertEquals,
  assertGreater,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { GPUFault, InputError } from "../../core/errors.ts";
import { Gpu } from "../../core/gpu/gpu.ts";
import { openGPU } from "../../core/gpu/open.ts";
import { gpuTest } from "./fixture.ts";

gpuTest("Gpu.allocate() counts what it takes, and free() what it gives back", ({ gpu }) => {
  const { allocations, allocatedBytes } = gpu;
  const buffer = gpu.allocate("test", 17);
  assertEquals(buffer.size, 32);
  assertEquals(gpu.allocations, allocations + 1);
  assertEquals(gpu.allocatedBytes, allocatedBytes + 32);
  gpu.free(buffer);
  assertEquals(gpu.allocations, allocations + 1);
  assertEquals(gpu.allocatedBytes, allocatedBytes);
});

gpuTest("Gpu.allocate() refuses what the adapter cannot bind", ({ gpu }) => {
  const error = assertThrows(
    () => gpu.allocate("weights", gpu.maxBinding + 16),
    InputError,
    "weights needs",
  );
  assertStringIncludes(error.message, "use fewer replicas, a smaller batch or smaller layers");
});

gpuTest("Gpu.write() writes at an offset and refuses to overrun", async (bench) => {
  const { gpu } = bench;
  const buffer = bench.buffer(Uint32Array.of(1, 2, 3, 4));
  gpu.write(buffer, Uint32Array.of(7, 8), 8);
  const refused: [ArrayBufferView<ArrayBuffer>, number][] = [
    [new Uint32Array(5), 0], // too long
    [new Uint32Array(2), 12], // across the end
    [new Uint32Array(1), 16], // past the end
    [new Uint32Array(1), 2], // between two words
    [new Uint8Array(3), 0], // no whole words
  ];
  for (const [data, offset] of refused) {
    assertThrows(() => gpu.write(buffer, data, offset), RangeError, `at ${offset} into test`);
  }
  assertEquals(await bench.integers(buffer), Uint32Array.of(1, 2, 7, 8));
});

gpuTest("Gpu.read() reads a part of a buffer", async (bench) => {
  const buffer = bench.buffer(Uint32Array.of(1, 2, 3, 4));
  assertEquals(new Uint32Array(await bench.gpu.read(buffer, 4, 8)), Uint32Array.of(2, 3));
});

gpuTest("Gpu.kernel() compiles a text once", ({ gpu }) => {
  const source = "@compute @workgroup_size(${N}) fn main() {}";
  const kernel = gpu.kernel("test", [source], { N: 1 });
  assertEquals(gpu.kernel("test", [source], { N: 1 }) === kernel, true);
  assertEquals(gpu.kernel("test", [source], { N: 2 }) === kernel, false);
});

gpuTest("Gpu.kernel() reads the bindings off the shader", ({ gpu }) => {
  const source = `
    @group(0) @binding(3) var<storage, read_write> out: array<f32>;
    @group(0) @binding(0) var<uniform> shape: vec4u;
    @group(0) @binding(1) var<storage, read> a: array<f32>;
    @group(0) @binding(2) var image: texture_storage_2d<rgba32float, read>;
    @compute @workgroup_size(1)
    fn main() { out[0] = a[shape.x] + textureLoad(image, vec2u(0)).x; }`;
  const { bindings, readsStep } = gpu.kernel("test", [source]);
  assertEquals(bindings.map(({ name, binding, kind }) => ({ name, binding, kind })), [
    { name: "out", binding: 3, kind: "write" },
    { name: "shape", binding: 0, kind: "uniform" },
    { name: "a", binding: 1, kind: "read" },
    { name: "image", binding: 2, kind: "texture" },
  ]);
  assertEquals(readsStep, false);
});

gpuTest("Gpu.settle() raises a defective shader as one GPUFault, once", async ({ gpu }) => {
  gpu.kernel("crooked", ["fn main() { this is no WGSL }"]);
  await assertRejects(() => gpu.settle(), GPUFault, "crooked: ");
  await gpu.settle();
});

gpuTest("Gpu.settle() raises several errors as one GPUFault", async ({ gpu }) => {
  const buffer = gpu.allocate("test", 16);
  for (let i = 0; i < 3; i++) {
    gpu.device.createBuffer({ size: 16, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.STORAGE });
  }
  await assertRejects(() => gpu.settle(), GPUFault, "(and 2 more)");
  gpu.free(buffer);
  await gpu.settle();
});

gpuTest("Gpu.read() raises what went wrong before it", async (bench) => {
  const buffer = bench.buffer(Uint32Array.of(1));
  bench.gpu.kernel("crooked as well", ["fn main() { neither is this }"]);
  await assertRejects(() => bench.gpu.read(buffer), GPUFault, "crooked as well");
});

gpuTest(
  "Gpu.read() raises the first of what went wrong meanwhile, and how many more",
  async (bench) => {
    const { gpu } = bench, reading = gpu.read(bench.buffer(Uint32Array.of(1)));
    for (const fault of ["the cause", "what came of it"]) gpu.recordFault(fault);
    const { message } = await assertRejects(() => reading, GPUFault);
    assertEquals(message, "the cause (and 1 more)");
  },
);

gpuTest("Gpu.read() raises what went wrong in each of several reads at once", async ({ gpu }) => {
  const buffers = [1, 2, 3].map(() => gpu.allocate("test", 16));
  for (const buffer of buffers) gpu.free(buffer);
  const reads = await Promise.allSettled(buffers.map((buffer) => gpu.read(buffer)));
  assertEquals(reads.map(({ status }) => status), ["rejected", "rejected", "rejected"]);
  await gpu.settle();
});

Deno.test("openGPU() takes every limit of the adapter", async () => {
  using gpu = await openGPU();
  const adapter = await navigator.gpu.requestAdapter();
  const { maxStorageBufferBindingSize, maxBufferSize } = adapter!.limits;
  assertEquals(gpu.maxBinding, Math.min(maxStorageBufferBindingSize, maxBufferSize));
  assertGreater(gpu.description.length, 0);
});

Deno.test("openGPU() leaves a device it was handed open, and destroys its own", async () => {
  const owner = await openGPU();
  const guest = await openGPU({ device: owner.device, operands: "textures" });
  assertEquals(guest.operands, "textures");
  assertEquals(guest.description, owner.description);
  guest.close();
  const buffer = owner.upload("test", Uint32Array.of(5));
  assertEquals(new Uint32Array(await owner.read(buffer, 0, 4))[0], 5);
  owner.close();
  assertEquals((await owner.device.lost).reason, "destroyed");
  await owner.settle(); // closed on purpose: no fault
});

Deno.test("Gpu.settle() raises the loss of the device", async () => {
  const adapter = await navigator.gpu.requestAdapter();
  const device = await adapter!.requestDevice();
  using gpu = await openGPU({ device });
  device.destroy();
  await device.lost;
  await assertRejects(() => gpu.settle(), GPUFault, "the device was lost (destroyed)");
});

/** What an adapter may say of itself, what that is in words, and whether it computes on the CPU. */
const adapters: [info: Partial<GPUAdapterInfo>, description: string, isSoftware: boolean][] = [
  [{ vendor: "google", architecture: "swiftshader" }, "google swiftshader", true],
  [{ vendor: "nvidia", architecture: "hopper" }, "nvidia hopper", false],
  [{ vendor: "nvidia", architecture: "hopper", device: "0x2330" }, "nvidia hopper", false],
  [{ vendor: "apple" }, "apple", false],
  [{ architecture: "metal-3" }, "metal-3", false],
  [{ device: "0x2330" }, "0x2330", false],
  [{}, "unnamed adapter", false],
  [{ isFallbackAdapter: true }, "unnamed adapter", true],
  [{ vendor: "microsoft", isFallbackAdapter: true }, "microsoft", true],
  [{ vendor: "4318", device: "9008", description: "NVIDIA H100" }, "NVIDIA H100", false],
  [{ vendor: "65541", description: "llvmpipe (LLVM 15.0.6)" }, "llvmpipe (LLVM 15.0.6)", true],
  [{ vendor: "6880", description: "SwiftShader Device" }, "SwiftShader Device", true],
  [{ architecture: "swiftshader", description: "a CPU" }, "a CPU", true],
];

gpuTest("Gpu.description and Gpu.isSoftware take what the adapter tells", ({ gpu: { device } }) => {
  const silent = { vendor: "", architecture: "", device: "", description: "" };
  for (const [told, description, isSoftware] of adapters) {
    const info = { ...silent, isFallbackAdapter: false, ...told } as GPUAdapterInfo;
    const gpu = new Gpu(device, info, { owned: false, operands: undefined });
    assertEquals([gpu.description, gpu.isSoftware], [description, isSoftware]);
    assertEquals(gpu.operands, isSoftware ? "textures" : "buffers");
  }
});
