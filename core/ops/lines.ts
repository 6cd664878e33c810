import source from "../../shaders/common/lines.wgsl" with { type: "text" };
import { InputError } from "../errors.ts";
import type { Constants } from "../gpu/compose.ts";
import type { Gpu } from "../gpu/gpu.ts";
import type { Defect, Kernel } from "../gpu/kernel.ts";
import type { Binding } from "../gpu/plan.ts";
import type { StepScalars } from "../gpu/scalars.ts";
import type { Vector, VectorLayout } from "../gpu/vector.ts";
import { placed } from "./defect.ts";
import { finiteSource, stepSource } from "./texts.ts";

/** Vectors [R, length] by the names that the lines call them; see `pointwise()`. */
export type VectorsByName = Readonly<Record<string, Vector>>;

/** Lines to run on every place of some vectors; see `pointwise()`. */
export interface Pointwise {
  /** What profiles and messages call it. */
  readonly name: string;
  /** WGSL on vec4f, in a block of its own. */
  readonly body: string;
  /** What it reads and leaves as it is. */
  readonly reads?: VectorsByName;
  /** What it reads and writes. The first of all vectors gives the layout. */
  readonly updates: VectorsByName;
  /** f32 that differ with the step, the replica and the group of a tensor. */
  readonly scalars?: StepScalars;
  /**
   * A scalar: where it is 0 nothing is read or written. Vectors are then read from buffers, since
   * mirrors would be brought up to date for nothing.
   */
  readonly when?: string;
  /** f32 that are fixed with the plan. */
  readonly numbers?: Readonly<Record<string, number>>;
  /** f32 of each replica that another kernel left in a buffer, [R, names]. */
  readonly measured?: { readonly buffer: GPUBuffer; readonly names: readonly string[] };
  /**
   * The group of each tensor of the first vector that has as many; a tensor without one is left as it
   * is. Default: one group of all tensors of the first vector.
   */
  readonly groupOf?: readonly (number | undefined)[];
  /**
   * Where the update is noted at which a replica's `parameters` were first not finite, the first
   * replica here being number `first`.
   */
  readonly diverges?: { readonly at: GPUBuffer; readonly first: number };
}

/** How lines meet the kernel that they are part of. */
export interface LinesOptions {
  /** Whether vectors are read from textures. */
  textures: boolean;
  /** Vectors whose tensors lie elsewhere than in the first one. */
  shifted?: readonly string[];
  /** A vector that the kernel hands over, four numbers at a time, instead of having it read. */
  given?: string;
}

/** WGSL of lines, to be put before a kernel's `main`; see shaders/common/lines.wgsl. */
export interface ComposedLines {
  readonly sources: readonly string[];
  readonly constants: Constants;
  /** What is wrong with the kernel, in words that place it in the lines. */
  explain(defect: Defect): Promise<Error>;
}

/** The WGSL of the lines of a job. */
export function composeLines(gpu: Gpu, job: Pointwise, options: LinesOptions): ComposedLines {
  const { name, body, scalars, diverges } = job;
  const { shifted = [] } = options;
  return {
    sources: [...scalars || diverges ? [stepSource] : [], finiteSource, source],
    constants: {
      GROUPS: scalars?.groups ?? 1,
      SHIFTED: shifted.length > 0,
      SCALARS: (scalars?.names.length ?? 0) > 0,
      DIVERGES: diverges !== undefined,
      BODY: body,
      ...shaderTexts(job, { ...options, shifted }),
    },
    explain: async (defect) => new InputError(`${name}: ${await placed(gpu.device, defect, body)}`),
  };
}

/** What a kernel binds for lines, whose vectors are of one layout, or two. */
export function linesBindings(
  { bindings }: Kernel,
  { reads, updates, scalars, numbers = {}, measured, diverges }: Pointwise,
  { length }: VectorLayout,
  other?: VectorLayout,
): Record<string, Binding> {
  const declares = (wanted: string) => bindings.some(({ name }) => name === wanted);
  const vectors = Object.entries({ ...reads, ...updates })
    .filter(([name]) => declares(`nagare_${name}`));
  return {
    nagare_lines: {
      length: length / 4,
      ...other && { other_length: other.length / 4 },
      ...scalars && scalars.names.length > 0 && { scalars: scalars.first },
      ...diverges && { first: diverges.first },
      ...Object.fromEntries(vectors.map(([name, { first }]) => [`first_${name}`, first])),
      ...Object.fromEntries(
        Object.entries(numbers).map(([name, value]) => [`number_${name}`, value]),
      ),
    },
    ...Object.fromEntries(
      vectors.flatMap(([name, { buffer }]) =>
        [`nagare_${name}`, `nagare_old_${name}`].filter(declares).map((name) => [name, buffer])
      ),
    ),
    ...measured && { nagare_measured: measured.buffer },
    ...diverges && { nagare_diverged_at: diverges.at },
  };
}

/** Buffers that lines bind besides those that are only read. */
export function buffersOfLines({ updates, measured, diverges, scalars }: Pointwise): number {
  const besides = (measured ? 1 : 0) + (diverges ? 1 : 0) + (diverges || scalars ? 1 : 0);
  return Object.keys(updates).length + besides;
}

/** Throws where an adapter binds fewer buffers than lines need, `read` of them to read alone. */
export function checkBuffers({ device }: Gpu, job: Pointwise, read: number): void {
  const { maxStorageBuffersPerShaderStage: most } = device.limits;
  const buffers = buffersOfLines(job) + read;
  if (buffers <= most) return;
  // Of the updated vectors all but the parameters are states.
  const fit = most - (buffers - Object.keys(job.updates).length) - 1;
  throw new InputError(
    `${job.name} needs ${buffers} storage buffers in one kernel; this adapter allows ` +
      `${most}, so that ${fit} states fit: keep fewer states`,
  );
}

/** Whether the tensors of two layouts lie alike. */
export function isSameLayout(a: VectorLayout, b: VectorLayout): boolean {
  return a === b || a.length === b.length && a.tensors.length === b.tensors.length &&
      a.tensors.every(({ name, offset }, t) =>
        name === b.tensors[t].name && offset === b.tensors[t].offset
      );
}

/** The parts of the shader that the names fill. */
function shaderTexts(
  job: Pointwise,
  { textures, shifted, given }: LinesOptions & { shifted: readonly string[] },
) {
  const { reads = {}, updates, scalars, numbers = {}, measured, diverges, when } = job;
  const read = Object.keys(reads).filter((name) => name !== given);
  const updated = Object.keys(updates);
  let binding = 8;
  const declare = (name: string, kind: "operand" | "read" | "read_write", type = "vec4f") =>
    (kind === "operand" ? "// #operand\n" : "") +
    `@group(0) @binding(${binding++}) var<storage, ${kind === "read_write" ? kind : "read"}> ` +
    `nagare_${name}: array<${type}>;`;
  const place = (name: string) =>
    shifted.includes(name)
      ? `nagare_lines.first_${name} * nagare_lines.other_length + nagare_other`
      : `nagare_lines.first_${name} * nagare_lines.length + nagare_at`;
  const value = (name: string) =>
    read.includes(name)
      ? `nagare_${name}_at(${place(name)})`
      : textures
      ? `nagare_old_${name}_at(${place(name)})`
      : `nagare_${name}[${place(name)}]`;
  const loaded = [
    ...scalars?.names.map((name, k) =>
      [
        name,
        `nagare_step.scalars[nagare_lines.scalars + nagare_set * ${scalars.names.length} + ${k}]`,
      ] as const
    ) ?? [],
    ...measured?.names.map((name, k) =>
      [name, `nagare_measured[nagare_replica * ${measured.names.length} + ${k}]`] as const
    ) ?? [],
    ...Object.keys(numbers).map((name) => [name, `nagare_lines.number_${name}`] as const),
  ];
  return {
    MEMBERS: [
      ...[...read, ...updated].map((name) => `first_${name}: u32,`),
      ...Object.keys(numbers).map((name) => `number_${name}: f32,`),
    ].join("\n  "),
    DECLARATIONS: [
      ...read.map((name) => declare(name, "operand")),
      ...updated.flatMap((name) => [
        declare(name, "read_write"),
        ...textures ? [declare(`old_${name}`, "operand")] : [],
      ]),
      ...measured ? [declare("measured", "read", "f32")] : [],
    ].join("\n"),
    SCALARS_READ: loaded.map(([name]) => `var<private> nagare_s_${name}: f32;`).join("\n"),
    SCALAR_LOADS: loaded.map(([name, text]) => `nagare_s_${name} = ${text};`).join("\n  "),
    GIVEN: given ? ", nagare_given: vec4f" : "",
    LOADS: [
      ...loaded.map(([name]) => `let ${name} = nagare_s_${name};`),
      ...given ? [`let ${given} = nagare_given;`] : [],
      ...read.map((name) => `let ${name} = ${value(name)};`),
      ...updated.map((name) => `var ${name} = ${value(name)};`),
    ].join("\n  "),
    STORES: updated.map((name) => `nagare_${name}[${place(name)}] = ${name};`).join("\n  "),
    FINITE: diverges ? "all_finite(parameters)" : "true",
    STOP: when === undefined
      ? "nagare_end"
      : `select(nagare_begin, nagare_end, nagare_s_${when} != 0)`,
  };
}
