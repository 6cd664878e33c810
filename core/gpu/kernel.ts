import { type UniformType, uniformType } from "./uniform.ts";

/** A compiled compute shader and the bindings its text declares. */
export interface Kernel {
  /** What profiles and messages call it. */
  readonly name: string;
  /** The compiled shader. */
  readonly pipeline: GPUComputePipeline;
  /** The layout of group 0. */
  readonly layout: GPUBindGroupLayout;
  /**
   * What group 0 declares.
   *
   * @ignore
   */
  readonly bindings: readonly BindingSlot[];
  /** Whether it reads the scalars of the step (group 1, see shaders/common/step.wgsl). */
  readonly readsStep: boolean;
  /** Fulfilled once what is wrong with it was reported, if anything is. */
  readonly compiled: Promise<void>;
}

/** What is wrong with a shader's text. */
export interface Defect {
  /** The whole text, as it was compiled. */
  readonly text: string;
  /** What the compiler said. */
  readonly message: string;
  /** Line of the text, from 1; 0 where it was not told. */
  readonly line: number;
  /** Place in the line, from 1; 0 where it was not told. */
  readonly column: number;
}

/** One binding of a kernel's group 0. */
export interface BindingSlot {
  /** As the shader names it. */
  readonly name: string;
  /** Its number. */
  readonly binding: number;
  /** A uniform, a buffer that is read or written, or a mirror. */
  readonly kind: "uniform" | "read" | "write" | "texture";
  /** Of a uniform: what it holds. */
  readonly type?: UniformType;
}

const DECLARATION =
  /@group\((\d)\)\s*@binding\((\d+)\)\s*var(?:<(uniform|storage)(?:,\s*(read|read_write))?>)?\s*(\w+)\s*:\s*(\w+)/g;

/**
 * Compiles `text`. The layout is read off its declarations, so that a shader says once what it
 * binds; a dispatch names its buffers as the shader does.
 */
export function createKernel(
  device: GPUDevice,
  name: string,
  text: string,
  report: (defect: Defect) => void | Promise<void>,
): Kernel {
  const code = text.replaceAll(/\/\/.*/g, "");
  const declarations = [...code.matchAll(DECLARATION)].map((match) => {
    const kind = kindOf(match[3], match[4]);
    return {
      group: Number(match[1]),
      binding: Number(match[2]),
      kind,
      name: match[5],
      ...kind === "uniform" && { type: uniformType(code, match[6]) },
    };
  });
  const own = declarations.filter(({ group }) => group === 0);
  const readsStep = declarations.some(({ group }) => group === 1);
  const layout = device.createBindGroupLayout({
    label: name,
    entries: own.map(({ binding, kind }) => ({
      binding,
      visibility: GPUShaderStage.COMPUTE,
      ...LAYOUTS[kind],
    })),
  });
  const bindGroupLayouts = readsStep ? [layout, stepLayout(device)] : [layout];
  device.pushErrorScope("validation");
  const module = device.createShaderModule({ label: name, code: text });
  const pipeline = device.createComputePipeline({
    label: name,
    layout: device.createPipelineLayout({ label: name, bindGroupLayouts }),
    compute: { module },
  });
  const compiled = device.popErrorScope().then(async (error) => {
    if (error) await report({ text, message: error.message, ...await placeOf(module) });
  });
  return { name, pipeline, layout, bindings: own, readsStep, compiled };
}

/** Where a compiler found the first error of a shader; zeros where it does not say. */
async function placeOf(module: GPUShaderModule): Promise<{ line: number; column: number }> {
  const { messages } = await module.getCompilationInfo();
  const first = messages.find(({ type }) => type === "error");
  return { line: first?.lineNum ?? 0, column: first?.linePos ?? 0 };
}

const LAYOUTS: Record<
  BindingSlot["kind"],
  Omit<GPUBindGroupLayoutEntry, "binding" | "visibility">
> = {
  uniform: { buffer: { type: "uniform" } },
  read: { buffer: { type: "read-only-storage" } },
  write: { buffer: { type: "storage" } },
  texture: { storageTexture: { access: "read-only", format: "rgba32float" } },
};

function kindOf(space: string | undefined, access: string | undefined): BindingSlot["kind"] {
  if (space === undefined) return "texture";
  if (space === "uniform") return "uniform";
  return access === "read_write" ? "write" : "read";
}

const stepLayouts = new WeakMap<GPUDevice, GPUBindGroupLayout>();

/** The layout of group 1, one for all kernels of a device: the row of the step table in force. */
export function stepLayout(device: GPUDevice): GPUBindGroupLayout {
  let layout = stepLayouts.get(device);
  if (!layout) {
    layout = device.createBindGroupLayout({
      label: "step",
      entries: [{
        binding: 0,
        visibility: GPUShaderStage.COMPUTE,
        buffer: { type: "read-only-storage", hasDynamicOffset: true },
      }],
    });
    stepLayouts.set(device, layout);
  }
  return layout;
}
