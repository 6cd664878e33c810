import { InputError } from "../errors.ts";
import type { Gpu } from "./gpu.ts";
import type { BindingSlot, Kernel } from "./kernel.ts";
import { encodeUniform, type UniformValue } from "./uniform.ts";
import type { Profile } from "./profile.ts";

/** What a kernel binds under a name: a buffer, or the contents of a uniform fixed with the plan. */
export type Binding = GPUBuffer | UniformValue;

/** How often a kernel runs. */
export interface DispatchSize {
  /** Workgroups along x, y and z. */
  readonly groups: readonly [number, number, number];
  /**
   * Iterations of all loops of one invocation together, the test that ends a loop counted as one more
   * for each loop but the last; see {@linkcode MAX_ITERATIONS}.
   */
  readonly iterations: number;
}

/** A choice between ways to compute the same bits. */
export interface Choice<Variant> {
  /** The operation and the size of its operands, roughly: what is chosen holds for all of that key. */
  readonly key: string;
  /** The ways, each told from the others by its JSON. */
  readonly variants: readonly Variant[];
  /** What is used where nothing was measured. */
  readonly fallback: Variant;
  /** Records one of them. */
  record(plan: Plan, variant: Variant): void;
}

/** Past this many iterations lavapipe ends an invocation's loops and goes on with a wrong result. */
export const MAX_ITERATIONS = 65_535;

/** What to encode of a plan; see {@linkcode Plan.encode}. */
export interface EncodeOptions {
  /** The first dispatch. */
  from?: number;
  /** The dispatch to end before. */
  to?: number;
  /** Binds the row of the step table in each pass. */
  bind?: (pass: GPUComputePassEncoder) => void;
  /** Puts each dispatch into a pass of its own, between two timestamps. */
  profile?: Pick<Profile, "next"> | undefined;
}

interface Dispatch {
  readonly kernel: Kernel;
  readonly groups: DispatchSize["groups"];
  readonly bindings: Readonly<Record<string, GPUBuffer | Uint8Array<ArrayBuffer>>>;
  /** Buffers whose mirrors are brought up to date before it. */
  readonly refresh: readonly GPUBuffer[];
}

interface Resolved extends Omit<Dispatch, "bindings"> {
  readonly group: GPUBindGroup;
}

/**
 * Dispatches recorded once and replayed: operations record into a plan, {@linkcode Plan.seal}
 * resolves pipelines, bind groups and grids, {@linkcode Plan.encode} replays them in a tight loop.
 *
 * A kernel of your own is a text, the buffers and uniforms by the names that it declares, and a size:
 *
 * ```ts
 * import { openGPU, Plan } from "../../mod.ts";
 *
 * using gpu = await openGPU();
 * const kernel = gpu.kernel("double", [`
 *   struct Shape { length: u32 }
 *   @group(0) @binding(0) var<uniform> shape: Shape;
 *   @group(0) @binding(1) var<storage, read_write> values: array<f32>;
 *   @compute @workgroup_size(64)
 *   fn main(@builtin(global_invocation_id) id: vec3u) {
 *     if id.x < shape.length { values[id.x] *= 2; }
 *   }`]);
 * const values = gpu.upload("values", Float32Array.of(1, 2, 3));
 * const plan = new Plan(gpu);
 * plan.dispatch(kernel, { shape: { length: 3 }, values }, { groups: [1, 1, 1], iterations: 0 });
 * plan.seal().submit();
 * console.log(new Float32Array(await gpu.read(values, 0, 12))); // 2, 4, 6
 * ```
 *
 * A kernel that declares a texture where it is given a buffer reads the buffer's mirror. The plan
 * knows from the declarations which buffers were written since, and copies only those again.
 */
export class Plan {
  /** Where it runs. */
  readonly gpu: Gpu;
  #recorded: Dispatch[] = [];
  #resolved: Resolved[] = [];
  #fresh = new Set<GPUBuffer>();
  #undecided = new Map<string, Choice<unknown>>();
  #uniforms: GPUBuffer | undefined;

  /** An empty plan. */
  constructor(gpu: Gpu) {
    this.gpu = gpu;
  }

  /** Dispatches of one replay. */
  get length(): number {
    return this.#recorded.length;
  }

  /** Passes of one replay at most: mirrors are brought up to date between passes. */
  get passes(): number {
    return 1 + this.#recorded.filter(({ refresh }) => refresh.length > 0).length;
  }

  /** The choices made without a measurement, one a key; see `Tuning.decide()`. */
  get undecided(): readonly Choice<unknown>[] {
    return [...this.#undecided.values()];
  }

  /** The variant to record: the one found fastest, or the fallback where none was measured. */
  choose<Variant>(choice: Choice<Variant>): Variant {
    const { tuning } = this.gpu;
    if (!tuning || choice.variants.length < 2) return choice.fallback;
    const found = tuning.find(choice);
    if (found === undefined) this.#undecided.set(choice.key, choice);
    return found ?? choice.fallback;
  }

  /** Records `kernel` with its bindings by the names its shader declares. */
  dispatch(
    kernel: Kernel,
    bindings: Readonly<Record<string, Binding>>,
    extent: DispatchSize,
  ): void {
    const { groups, iterations } = extent;
    const declared = kernel.bindings.map(({ name }) => name).toSorted().join(", ");
    const given = Object.keys(bindings).toSorted().join(", ");
    if (declared !== given) {
      throw new Error(`${kernel.name} binds ${declared}; it was given ${given}`);
    }
    const most = this.gpu.device.limits.maxComputeWorkgroupsPerDimension;
    if (groups.some((count) => count > most)) {
      throw new InputError(
        `${kernel.name} would need ${groups.join(" x ")} workgroups; this adapter allows ${most} ` +
          `along each axis: use fewer replicas or a smaller batch`,
      );
    }
    if (iterations > MAX_ITERATIONS) {
      throw new InputError(
        `${kernel.name} would loop ${iterations} times in one invocation, of at most ` +
          `${MAX_ITERATIONS}: use a smaller batch, a shorter sequence or smaller layers`,
      );
    }
    const encoded = Object.fromEntries(kernel.bindings.map(({ name, type }) => [
      name,
      type
        ? encodeUniform(name, type, bindings[name] as UniformValue)
        : bindings[name] as GPUBuffer,
    ]));
    const bound = (kind: BindingSlot["kind"]) =>
      kernel.bindings.filter((slot) => slot.kind === kind)
        .map(({ name }) => bindings[name] as GPUBuffer);
    const refresh = [...new Set(bound("texture"))].filter((buffer) => !this.#fresh.has(buffer));
    for (const buffer of refresh) this.#fresh.add(buffer);
    for (const buffer of bound("write")) this.#fresh.delete(buffer);
    this.#recorded.push({ kernel, bindings: encoded, groups, refresh });
  }

  /** Resolves everything recorded; nothing is allocated after it. */
  seal(): this {
    const uniforms = this.#placeUniforms();
    this.#resolved = this.#recorded.map(({ kernel, bindings, groups, refresh }) => ({
      kernel,
      groups,
      refresh,
      group: this.gpu.device.createBindGroup({
        label: kernel.name,
        layout: kernel.layout,
        entries: kernel.bindings.map((slot) => {
          const given = bindings[slot.name];
          const resource = given instanceof Uint8Array
            ? uniforms.get(given)!
            : slot.kind === "texture"
            ? this.gpu.mirror(given).createView()
            : { buffer: given };
          return { binding: slot.binding, resource };
        }),
      }),
    }));
    return this;
  }

  /** Writes the contents of all uniforms into one buffer and says where each of them lies. */
  #placeUniforms(): Map<Uint8Array, GPUBufferBinding> {
    const contents = this.#recorded.flatMap(({ bindings }) =>
      Object.values(bindings).filter((binding) => binding instanceof Uint8Array)
    );
    const alignment = this.gpu.device.limits.minUniformBufferOffsetAlignment;
    const slot = (data: Uint8Array) => Math.ceil(data.byteLength / alignment) * alignment;
    const size = contents.reduce((sum, data) => sum + slot(data), 0);
    const { UNIFORM, COPY_DST } = GPUBufferUsage;
    const buffer = this.gpu.allocate("plan uniforms", size, UNIFORM | COPY_DST);
    this.#uniforms = buffer;
    const places = new Map<Uint8Array, GPUBufferBinding>();
    let offset = 0;
    for (const data of contents) {
      this.gpu.write(buffer, data, offset);
      places.set(data, { buffer, offset, size: data.byteLength });
      offset += slot(data);
    }
    return places;
  }

  /** Encodes one replay, in the order recorded. */
  encode(encoder: GPUCommandEncoder, options: EncodeOptions = {}): void {
    const { from = 0, to = this.#resolved.length, bind, profile } = options;
    let pass: GPUComputePassEncoder | undefined;
    const endPass = () => {
      pass?.end();
      pass = undefined;
    };
    for (let i = from; i < to; i++) {
      const { kernel, group, groups, refresh } = this.#resolved[i];
      if (refresh.length > 0 || profile) endPass();
      for (const buffer of refresh) this.gpu.refreshMirror(encoder, buffer);
      if (!pass) {
        const timestampWrites = profile?.next(kernel.name);
        pass = encoder.beginComputePass(timestampWrites && { timestampWrites });
        bind?.(pass);
      }
      pass.setPipeline(kernel.pipeline);
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(groups[0], groups[1], groups[2]);
    }
    endPass();
  }

  /** Submits one replay outside of any step. */
  submit(): void {
    const encoder = this.gpu.device.createCommandEncoder();
    this.encode(encoder);
    this.gpu.device.queue.submit([encoder.finish()]);
  }

  /** Gives back what {@linkcode Plan.seal} took. */
  free(): void {
    if (this.#uniforms) this.gpu.free(this.#uniforms);
    this.#uniforms = undefined;
  }
}
