import source from "../../shaders/pointwise.wgsl" with { type: "text" };
import type { Plan } from "../gpu/plan.ts";
import type { Vector, VectorLayout } from "../gpu/vector.ts";
import { spread } from "./axpy.ts";
import {
  checkBuffers,
  composeLines,
  isSameLayout,
  linesBindings,
  type Pointwise,
  type VectorsByName,
} from "./lines.ts";

export type { Pointwise, VectorsByName };

/** Vec4 an invocation handles: the scalars of the step are read once for all of them. */
const EACH = 4;

/** Invocations of a workgroup. */
const WORKGROUP = 64;

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
  const { name, reads = {}, updates } = job;
  const { gpu } = plan;
  const domain = domainOf(job);
  const shifted = shiftedOf(name, { ...updates, ...reads }, domain);
  const [other] = Object.values(shifted);
  const runs = runsOf(job, domain.layout, other?.layout);
  if (runs?.table.length === 0) return;
  const textures = fitTextures(plan, job);
  const lines = composeLines(gpu, job, { textures, shifted: Object.keys(shifted) });
  const kernel = gpu.kernel(name, [...lines.sources, source], {
    ...lines.constants,
    WORKGROUP,
    EACH,
    TEXTURES: textures,
    GROUPED: runs !== undefined,
    RUNS: runs?.table.length ?? 0,
  }, lines.explain);
  const workgroups = runs?.workgroups ??
    Math.ceil(domain.layout.length / 4 / EACH / WORKGROUP);
  plan.dispatch(kernel, {
    ...runs && { nagare_runs: { runs: runs.table, ...other && { shifts: runs.shifts } } },
    ...linesBindings(kernel, job, domain.layout, other?.layout),
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
    .filter(([, { layout }]) => !isSameLayout(layout, domain.layout));
  const third = shifted.find(([, { layout }]) => !isSameLayout(layout, shifted[0][1].layout));
  if (third) throw new RangeError(`${name} has vectors of three layouts, "${third[0]}" the third`);
  return Object.fromEntries(shifted);
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
  const { reads = {}, updates, when } = job;
  const read = Object.keys(reads).length;
  const textures = gpu.operands === "textures" && when === undefined &&
    read + Object.keys(updates).length <= gpu.device.limits.maxStorageTexturesPerShaderStage;
  checkBuffers(gpu, job, textures ? 0 : read);
  return textures;
}
