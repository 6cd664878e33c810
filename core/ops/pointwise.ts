import source from "../../shaders/pointwise.wgsl" with { type: "text" };
import { InputError } from "../errors.ts";
import type { Defect, Kernel } from "../gpu/kernel.ts";
import type { Binding, Plan } from "../gpu/plan.ts";
import type { StepScalars } from "../gpu/scalars.ts";
import type { Vector, VectorLayout } from "../gpu/vector.ts";
import { spread } from "./axpy.ts";
import { finiteSource, stepSource } from "./texts.ts";

/** Vec4 an invocation handles: the scalars of the step are read once for all of them. */
const EACH = 4;

/** Invocations of a workgroup. */
const WORKGROUP = 64;

/** Vectors [R, length] by the names that the lines call them; see {@linkcode pointwise}. */
export type VectorsByName = Readonly<Record<string, Vector>>;

/** Lines to run on every place of some vectors; see {@linkcode pointwise}. */
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

/**
 * Records lines of WGSL on every place of some vectors: an update of an optimizer, four numbers at a
 * time. A vector is a vec4f by its name, a scalar an f32. The lines hold the whole of the vectors'
 * memory, padding included: they must turn zeros into finite numbers there.
 *
 * Vectors may hold some of the tensors alone, or elsewhere, all such vectors alike. Then the others,
 * which have no group, are passed over. A job whose tensors have no group records nothing.
 *
 * Throws an {@linkcode InputError} where the adapter binds fewer buffers than there are vectors.
 */
export function pointwise(plan: Plan, job: Pointwise): void {
  const { name, body, reads = {}, updates, scalars, numbers = {}, measured, diverges } = job;
  const { gpu } = plan;
  const vectors = { ...updates, ...reads };
  const domain = domainOf(job);
  const shifted = shiftedOf(name, vectors, domain);
  const [other] = Object.values(shifted);
  const runs = runsOf(job, domain.layout, other?.layout);
  if (runs?.table.length === 0) return;
  const textures = fitTextures(plan, job);
  const texts = shaderTexts(job, textures, Object.keys(shifted));
  const kernel = gpu.kernel(
    name,
    [...scalars || diverges ? [stepSource] : [], finiteSource, source],
    {
      WORKGROUP,
      EACH,
      TEXTURES: textures,
      GROUPED: runs !== undefined,
      RUNS: runs?.table.length ?? 0,
      GROUPS: scalars?.groups ?? 1,
      SHIFTED: other !== undefined,
      SCALARS: (scalars?.names.length ?? 0) > 0,
      DIVERGES: diverges !== undefined,
      BODY: body,
      ...texts,
    },
    async (defect) => new InputError(`${name}: ${await placed(gpu.device, defect, body)}`),
  );
  const { length } = domain.layout;
  const workgroups = runs?.workgroups ?? Math.ceil(length / 4 / EACH / WORKGROUP);
  plan.dispatch(kernel, {
    nagare_pointwise: {
      length: length / 4,
      ...other && { other_length: other.layout.length / 4 },
      ...scalars && scalars.names.length > 0 && { scalars: scalars.first },
      ...diverges && { first: diverges.first },
      ...Object.fromEntries(
        Object.entries(vectors).map(([name, { first }]) => [`first_${name}`, first]),
      ),
      ...Object.fromEntries(
        Object.entries(numbers).map(([name, value]) => [`number_${name}`, value]),
      ),
      ...runs && { runs: runs.table },
      ...runs && other && { shifts: runs.shifts },
    },
    ...buffersOf(kernel, job),
    ...measured && { nagare_measured: measured.buffer },
    ...diverges && { nagare_diverged_at: diverges.at },
  }, {
    groups: spread(gpu, workgroups, domain.replicas),
    iterations: runs ? Math.ceil(Math.log2(runs.table.length)) + 1 : 0,
  });
}

/** The vector whose tensors the groups are of: the first that has as many. */
function domainOf({ updates, reads, groupOf }: Pointwise): Vector {
  const vectors = Object.values({ ...updates, ...reads });
  return vectors.find(({ layout: { tensors } }) => tensors.length === groupOf?.length) ??
    vectors[0];
}

/** The vectors whose tensors lie elsewhere than in that one: all of them alike. */
function shiftedOf(name: string, vectors: VectorsByName, domain: Vector): VectorsByName {
  const shifted = Object.entries(vectors)
    .filter(([, { layout }]) => !isSame(layout, domain.layout));
  const third = shifted.find(([, { layout }]) => !isSame(layout, shifted[0][1].layout));
  if (third) throw new RangeError(`${name} has vectors of three layouts, "${third[0]}" the third`);
  return Object.fromEntries(shifted);
}

function isSame(a: VectorLayout, b: VectorLayout): boolean {
  return a === b || a.length === b.length && a.tensors.length === b.tensors.length &&
      a.tensors.every(({ name, offset }, t) =>
        name === b.tensors[t].name && offset === b.tensors[t].offset
      );
}

/** Where each tensor of a layout ends. */
function endsOf({ tensors, length }: VectorLayout): number[] {
  return [...tensors.slice(1).map(({ offset }) => offset), length];
}

/** Runs of neighbouring tensors of one group; undefined where all tensors are of the first. */
function runsOf(
  { groupOf, name }: Pointwise,
  layout: VectorLayout,
  other: VectorLayout | undefined,
): { table: number[][]; shifts: number[][]; workgroups: number } | undefined {
  const groups = groupOf ?? layout.tensors.map(() => 0);
  if (groups.every((group) => group === 0) && !other) return undefined;
  const ends = endsOf(layout);
  const table: number[][] = [];
  const shifts: number[][] = [];
  let workgroups = 0;
  layout.tensors.forEach(({ name: tensor, offset }, t) => {
    const group = groups[t];
    if (group === undefined) return;
    const [begin, end] = [offset / 4, ends[t] / 4];
    const place = other ? placeOf(other, tensor, ends[t] - offset) : offset;
    if (place === undefined) throw new RangeError(`${name} lacks a vector with "${tensor}"`);
    const shift = begin - place / 4;
    const last = table.at(-1);
    if (last && last[2] === begin && last[3] === group && shifts.at(-1)![0] === shift) {
      last[2] = end;
    } else {
      table.push([0, begin, end, group]);
      shifts.push([shift, 0, 0, 0]);
    }
  });
  for (const run of table) {
    run[0] = workgroups;
    workgroups += Math.ceil((run[2] - run[1]) / EACH / WORKGROUP);
  }
  return { table, shifts, workgroups };
}

/** Where a tensor of so many floats lies. */
function placeOf(layout: VectorLayout, tensor: string, floats: number): number | undefined {
  const t = layout.tensors.findIndex(({ name }) => name === tensor);
  const offset = layout.tensors[t]?.offset;
  return endsOf(layout)[t] - offset === floats ? offset : undefined;
}

/** Whether vectors are read from textures: where the adapter mirrors, and binds as many. */
function fitTextures({ gpu }: Plan, job: Pointwise): boolean {
  const { name, reads = {}, updates, measured, diverges, scalars, when } = job;
  const { maxStorageTexturesPerShaderStage, maxStorageBuffersPerShaderStage } = gpu.device.limits;
  const [read, updated] = [reads, updates].map((vectors) => Object.keys(vectors).length);
  const textures = gpu.operands === "textures" && when === undefined &&
    read + updated <= maxStorageTexturesPerShaderStage;
  const besides = (measured ? 1 : 0) + (diverges ? 1 : 0) + (diverges || scalars ? 1 : 0);
  const buffers = updated + (textures ? 0 : read) + besides;
  if (buffers > maxStorageBuffersPerShaderStage) {
    // Of the updated vectors all but the parameters are states.
    const fit = maxStorageBuffersPerShaderStage - (buffers - updated) - 1;
    throw new InputError(
      `${name} needs ${buffers} storage buffers in one kernel; this adapter allows ` +
        `${maxStorageBuffersPerShaderStage}, so that ${fit} states fit: keep fewer states`,
    );
  }
  return textures;
}

/** The parts of the shader that the names fill. */
function shaderTexts(job: Pointwise, textures: boolean, shifted: readonly string[]) {
  const { reads = {}, updates, scalars, numbers = {}, measured, diverges, when } = job;
  const [read, updated] = [Object.keys(reads), Object.keys(updates)];
  let binding = 2;
  const declare = (name: string, kind: "operand" | "read" | "read_write", type = "vec4f") =>
    (kind === "operand" ? "// #operand\n" : "") +
    `@group(0) @binding(${binding++}) var<storage, ${kind === "read_write" ? kind : "read"}> ` +
    `nagare_${name}: array<${type}>;`;
  const place = (name: string) =>
    shifted.includes(name)
      ? `nagare_pointwise.first_${name} * nagare_pointwise.other_length + nagare_other`
      : `nagare_pointwise.first_${name} * nagare_pointwise.length + nagare_at`;
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
        `nagare_step.scalars[nagare_pointwise.scalars + nagare_set * ${scalars.names.length} + ${k}]`,
      ] as const
    ) ?? [],
    ...measured?.names.map((name, k) =>
      [name, `nagare_measured[nagare_replica * ${measured.names.length} + ${k}]`] as const
    ) ?? [],
    ...Object.keys(numbers).map((name) => [name, `nagare_pointwise.number_${name}`] as const),
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
    PARAMETERS: loaded.map(([name]) => `, ${name}: f32`).join(""),
    LOADS: [
      ...read.map((name) => `let ${name} = ${value(name)};`),
      ...updated.map((name) => `var ${name} = ${value(name)};`),
    ].join("\n  "),
    STORES: updated.map((name) => `nagare_${name}[${place(name)}] = ${name};`).join("\n  "),
    FINITE: diverges ? "all_finite(parameters)" : "true",
    SCALAR_LOADS: loaded.map(([name, text]) => `let nagare_s_${name} = ${text};`).join("\n  "),
    STOP: when === undefined
      ? "nagare_end"
      : `select(nagare_begin, nagare_end, nagare_s_${when} != 0)`,
    ARGUMENTS: loaded.map(([name]) => `, nagare_s_${name}`).join(""),
  };
}

/** Each vector's buffer under the names that the kernel declares. */
function buffersOf({ bindings }: Kernel, { reads, updates }: Pointwise): Record<string, Binding> {
  const buffers: Record<string, Binding> = {};
  for (const [name, { buffer }] of Object.entries({ ...reads, ...updates })) {
    for (const declared of [`nagare_${name}`, `nagare_old_${name}`]) {
      if (bindings.some(({ name }) => name === declared)) buffers[declared] = buffer;
    }
  }
  return buffers;
}

/** What a compiler said of a shader, in words that place it in the lines of the body. */
export async function placed(
  device: GPUDevice,
  { text, line, column, message }: Defect,
  body: string,
  called = "body",
): Promise<string> {
  const lines = body.split("\n");
  const own = line - text.slice(0, text.indexOf(body)).split("\n").length + 1;
  if (own >= 1 && own <= lines.length) {
    return `line ${own}, column ${column} of its ${called}: ${said(message)}`;
  }
  // Some defects are found when the whole is checked, without a place: by which line, is tried.
  for (const [i, last] of lines.entries()) {
    const cut = text.replace(body, () => lines.slice(0, i + 1).join("\n"));
    if (isInvalid(await defectOf(device, cut))) {
      return `line ${i + 1}, column ${last.search(/\S/) + 1} of its ${called}: ${said(message)}`;
    }
  }
  return said(message);
}

async function defectOf(device: GPUDevice, code: string): Promise<string | undefined> {
  device.pushErrorScope("validation");
  device.createShaderModule({ code });
  return (await device.popErrorScope())?.message;
}

/** Whether a text could be read, and does not hold. */
function isInvalid(message: string | undefined): boolean {
  return message !== undefined && !/pars/i.test(message.split("\n").find((line) => line.trim())!);
}

/** The line of a compiler's message that says what is wrong. */
function said(message: string): string {
  const lines = message.split("\n").map((part) => part.trim()).filter((part) => part !== "");
  const line = isInvalid(message) ? lines[lines.length - 1] : lines[0];
  return line.replace(/^(:|Shader '[^']*' (parsing )?error:)\s*/, "");
}
