import source from "../../shaders/vector_sums.wgsl" with { type: "text" };
import { InputError } from "../errors.ts";
import type { Binding, Plan } from "../gpu/plan.ts";
import type { StepScalars } from "../gpu/scalars.ts";
import type { Vector } from "../gpu/vector.ts";
import { spread } from "./axpy.ts";
import { placed } from "./defect.ts";
import type { VectorsByName } from "./lines.ts";
import { finiteSource, stepSource } from "./texts.ts";
import { lanes, treeSumSource } from "./tree_sum.ts";

/** Floats that a workgroup adds. It fixes the order of the sums: the same on all adapters. */
const PIECE = 4096;

/** Sums over vectors, and lines on what they come to; see {@linkcode vectorSums}. */
export interface VectorSums {
  /** What profiles and messages call it. */
  readonly name: string;
  /** [R, length] all of them. */
  readonly vectors: VectorsByName;
  /** By name a vec4f in WGSL of the vectors, whose numbers are added over all places; may be none. */
  readonly sums: Readonly<Record<string, string>>;
  /**
   * WGSL on f32 in a block of its own, once a replica: it reads the sums and the scalars, and reads
   * and writes the numbers of `measured`. `is_finite()` tells what is no number.
   */
  readonly body: string;
  /** f32 that differ with the step and the replica: those of the first group of tensors. */
  readonly scalars?: StepScalars;
  /** What the lines leave, [R, names] float32. */
  readonly measured: { readonly buffer: GPUBuffer; readonly names: readonly string[] };
  /**
   * f32 by place that the lines read and write as `series[first + i]`, [R, length]: what they note of
   * one run after another.
   */
  readonly series?: { readonly buffer: GPUBuffer; readonly length: number };
  /** A buffer of at least {@linkcode partialFloats} float32. */
  readonly partials: GPUBuffer;
}

/** Float32 that sums over vectors need between their two dispatches. */
export function partialFloats(
  { layout: { length }, replicas }: Vector,
  sums: number,
): number {
  return replicas * piecesOf(length) * sums;
}

/**
 * Records sums over all places of some vectors for each replica, the padding included, and lines
 * that make numbers of them without a readback: norms, dot products and what follows from them.
 * Pieces of 4,096 floats are summed by a workgroup each, then the pieces of a replica by one: an
 * order that the length alone fixes. Without a sum the lines alone run.
 *
 * Throws an {@linkcode InputError} where vectors differ in length, or the adapter binds fewer buffers.
 */
export function vectorSums(plan: Plan, job: VectorSums): void {
  const { vectors, sums, partials } = job;
  const [first, ...others] = Object.values(vectors);
  if (first === undefined) throw new InputError(`${job.name} has no vector to sum over: give one`);
  const { layout: { length }, replicas } = first;
  if (others.some(({ layout }) => layout.length !== length)) {
    throw new InputError(
      `${job.name} sums over vectors of different tensors: take sums of those that hold all tensors`,
    );
  }
  const pieces = Object.keys(sums).length > 0 ? piecesOf(length) : 0;
  if (pieces > 0) recordPieces(plan, job, { length, replicas, pieces, partials });
  recordLines(plan, job, { replicas, pieces, partials });
}

interface Parts {
  replicas: number;
  pieces: number;
  partials: GPUBuffer;
}

function recordPieces(plan: Plan, job: VectorSums, parts: Parts & { length: number }): void {
  const { gpu } = plan;
  const { name, vectors, sums } = job;
  const { length, replicas, pieces, partials } = parts;
  const names = Object.keys(vectors);
  const textures = fitTextures(plan, job);
  const terms = Object.values(sums).map((term, k) => `nagare_sum_${k} += ${term};`).join("\n    ");
  const kernel = gpu.kernel(
    name,
    [treeSumSource, source],
    {
      ...constants(job, textures),
      LINES: false,
      SERIES: false,
      MEMBERS: names.map((name) => `first_${name}: u32,`).join("\n  "),
      DECLARATIONS: names.map((name, i) =>
        "// #operand\n" +
        `@group(0) @binding(${2 + i}) var<storage, read> nagare_${name}: array<vec4f>;`
      ).join("\n"),
      LOADS: names.map((name) =>
        `let ${name} = nagare_${name}_at(nagare_sums.first_${name} * nagare_sums.length + nagare_at);`
      ).join("\n    "),
      TERMS: terms,
      PARAMETERS: "",
      ARGUMENTS: "",
      STORES: "",
      BODY: "",
    },
    async (defect) => new InputError(`${name}: ${await placed(gpu.device, defect, terms, "sums")}`),
  );
  plan.dispatch(kernel, {
    nagare_sums: {
      length: length / 4,
      pieces,
      ...Object.fromEntries(names.map((name) => [`first_${name}`, vectors[name].first])),
    },
    nagare_partials: partials,
    ...Object.fromEntries(
      names.map((name): [string, Binding] => [`nagare_${name}`, vectors[name].buffer]),
    ),
  }, {
    groups: spread(gpu, pieces, replicas),
    iterations: PIECE / 4 / lanes + 1 + treeIterations(job),
  });
}

function recordLines(plan: Plan, job: VectorSums, { replicas, pieces, partials }: Parts): void {
  const { gpu } = plan;
  const { name, body, sums, scalars, measured, series } = job;
  const read = scalars?.names ?? [];
  const step = read.length > 0 ? [stepSource] : [];
  const kernel = gpu.kernel(name, [...step, finiteSource, treeSumSource, source], {
    ...constants(job, false),
    LINES: true,
    SERIES: series !== undefined,
    MEMBERS: "",
    DECLARATIONS: "",
    PARAMETERS: Object.keys(sums).map((name) => `, ${name}: f32`).join(""),
    ARGUMENTS: Object.keys(sums).map((_, k) => `, nagare_total_${k}`).join(""),
    LOADS: [
      ...read.map((name, k) =>
        `let ${name} = nagare_step.scalars[nagare_sums.scalars + nagare_replica * ${
          read.length * scalars!.groups
        } + ${k}];`
      ),
      ...measured.names.map((name, k) =>
        `var ${name} = nagare_measured[nagare_replica * ${measured.names.length} + ${k}];`
      ),
      ...series ? [`let first = nagare_replica * ${series.length};`] : [],
    ].join("\n  "),
    STORES: measured.names.map((name, k) =>
      `nagare_measured[nagare_replica * ${measured.names.length} + ${k}] = ${name};`
    ).join("\n  "),
    BODY: body,
    TERMS: "",
  }, async (defect) => new InputError(`${name}: ${await placed(gpu.device, defect, body)}`));
  plan.dispatch(kernel, {
    nagare_sums: { pieces, scalars: scalars?.first ?? 0 },
    nagare_partials: partials,
    nagare_measured: measured.buffer,
    ...series && { series: series.buffer },
  }, {
    groups: [1, 1, replicas],
    iterations: Math.ceil(pieces / lanes) + 1 + treeIterations(job),
  });
}

function constants({ sums }: VectorSums, textures: boolean) {
  return {
    LANES: lanes,
    PIECE: PIECE / 4,
    SUMS: Object.keys(sums).length,
    TEXTURES: textures,
  };
}

/** Of all the trees of a kernel, with the tests that end them. */
function treeIterations({ sums }: VectorSums): number {
  return Object.keys(sums).length * (Math.log2(lanes) + 1);
}

/** Whether vectors are read from textures: where the adapter mirrors, and binds as many. */
function fitTextures({ gpu }: Plan, { name, vectors }: VectorSums): boolean {
  const { maxStorageTexturesPerShaderStage, maxStorageBuffersPerShaderStage } = gpu.device.limits;
  const { length: count } = Object.keys(vectors);
  if (gpu.operands === "textures" && count <= maxStorageTexturesPerShaderStage) return true;
  if (count < maxStorageBuffersPerShaderStage) return false;
  throw new InputError(
    `${name} needs ${count + 1} storage buffers in one kernel; this adapter allows ` +
      `${maxStorageBuffersPerShaderStage}: take sums of fewer vectors`,
  );
}

function piecesOf(length: number): number {
  return Math.ceil(length / PIECE);
}
