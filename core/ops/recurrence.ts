import accumulateSource from "../../shaders/common/accumulate.wgsl" with { type: "text" };
import source from "../../shaders/recurrence.wgsl" with { type: "text" };
import { InputError } from "../errors.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { MAX_ITERATIONS, type Plan } from "../gpu/plan.ts";
import { padded, type Tensor } from "../gpu/tensor.ts";
import { type Activation, activationConstants, activationSource } from "./activation.ts";
import { shapeText } from "./epilogue.ts";

/** Whether the loop over time runs inside a kernel or is a dispatch a step. */
export type TimeLoop = "kernel" | "dispatch";

/** Every {@linkcode TimeLoop}. */
export const timeLoops: readonly TimeLoop[] = ["kernel", "dispatch"];

/** A recurrence in time; see {@linkcode recurrence}. */
export interface Recurrence {
  /**
   * States, [R, T, B, H], within the T + 1 slots of a buffer: forward the slot before the first step
   * holds zero, backward that after the last one does.
   */
  history: Tensor;
  /** M, [R, H, H]. */
  weights: Tensor;
  /** What drives each step, and its D, in the buffer of M. Default: nothing. */
  drive?: Driven;
  /** Whether M and D are taken transposed; D is [R, H, D] then. */
  transposed?: boolean;
  /** From which end it runs. Default: forward. */
  direction?: "forward" | "backward";
  /** Whether a sum begins with what is in the step's slot, instead of zero. */
  adds?: boolean;
  /**
   * What becomes of a sum: f(z + bias) with the bias [R, 1, H] in the buffer of M, or z f' at the
   * outputs of a forward recurrence [R, T, B, H].
   */
  then: { activate: Activation; bias: Tensor } | { slopeOf: Activation; outputs: Tensor };
  /**
   * With slopes: added to a state in the end, `times` a replica's factor [R] float32 times the tangent
   * of the output [R, T, B, H].
   */
  damps?: { times: number; factors: GPUBuffer; tangents: Tensor };
  /** Where a dispatch a step leaves the newest state, [R, B, H], to be read through its mirror. */
  carry: Tensor;
}

/** What drives a recurrence. */
export interface Driven {
  /** The values of each step, [R, T, B, D], alone in their buffer. */
  values: Tensor;
  /** [R, D, H]. */
  weights: Tensor;
}

/** How a recurrence is spread over invocations and dispatches. */
export interface RecurrenceLayout {
  /**
   * Where the state stays between two steps: an invocation carries whole rows, a workgroup carries
   * rows together, or a dispatch is one step; see shaders/recurrence.wgsl.
   */
  locality: "rows" | "workgroup" | "dispatch";
  /** The rows of the state an invocation computes at once, */
  rows: number;
  /** and its columns, in vec4. */
  columns: number;
  /** Invocations of a workgroup. */
  lanes: number;
  /** Rows that a workgroup carries together, a multiple of `rows`. */
  groupRows: number;
}

/**
 * Records all steps of a recurrence, state_t = then(state M + drive_t D) with the state of the step
 * before, or backward of the step after. Each value is one fma chain over the state and then the
 * drive, so its bits depend on neither R nor how the loop over time runs.
 *
 * In a kernel the loop is split where an invocation would loop too often; see `MAX_ITERATIONS`.
 */
export function recurrence(
  plan: Plan,
  job: Recurrence,
  timeLoop: TimeLoop | RecurrenceLayout,
): void {
  checkShapes(job);
  const { history: { steps }, direction } = job;
  const layout = typeof timeLoop === "string" ? layoutOf(plan.gpu, job, timeLoop) : timeLoop;
  const length = layout.locality === "dispatch" ? 1 : segmentLength(job, layout);
  for (let done = 0; done < steps; done += length) {
    record(plan, job, layout, {
      first: direction === "backward" ? steps - 1 - done : done,
      count: Math.min(length, steps - done),
    });
  }
}

function layoutOf(gpu: Gpu, { history }: Recurrence, timeLoop: TimeLoop): RecurrenceLayout {
  const width = history.stride / 4;
  if (!gpu.isSoftware) {
    return timeLoop === "dispatch"
      ? { locality: "dispatch", rows: 4, columns: 1, lanes: 64, groupRows: 4 }
      : { locality: "workgroup", rows: 2, columns: 1, lanes: 128, groupRows: 8 };
  }
  const lanes = 8; // of a vector
  if (timeLoop === "dispatch") {
    return { locality: "dispatch", rows: 8, columns: 2, lanes, groupRows: 8 };
  }
  // A state read back from a buffer is dear there: few, wide passes over it. And few rows an
  // invocation, where the batch is small, so that two cores have something to do.
  const rows = Math.min(8, Math.ceil(padded(history.rows) / (2 * lanes)));
  const columns = Math.ceil(width / Math.ceil(width / WIDEST));
  return { locality: "rows", rows, columns, lanes, groupRows: rows };
}

/** Columns, in vec4, past which compiling takes longer than it saves. */
const WIDEST = 13;

/** The most steps one dispatch may go through. */
function segmentLength(job: Recurrence, layout: RecurrenceLayout): number {
  const load = iterations(job, layout, 0);
  const step = iterations(job, layout, 1) - load;
  const length = Math.floor((MAX_ITERATIONS - load) / step);
  if (length < 1) {
    throw new InputError(
      `${job.history.columns} hidden units are too many for a loop over time inside a kernel: ` +
        `use fewer units or the time loop "dispatch"`,
    );
  }
  return length;
}

/** Iterations of an invocation that goes through `count` steps, the tests that end loops counted. */
function iterations(
  { history, drive, adds }: Recurrence,
  layout: RecurrenceLayout,
  count: number,
): number {
  const { locality, rows, columns, lanes, groupRows } = layout;
  const width = history.stride / 4;
  const across = Math.ceil(width / columns);
  const load = locality === "workgroup" ? Math.ceil(groupRows * width / lanes) + 1 : 0;
  const tiles = {
    workgroup: Math.ceil(across * groupRows / rows / lanes),
    rows: across,
    dispatch: 1,
  }[locality];
  const driving = drive ? drive.values.stride / 4 + 1 : 0;
  // Sums begin, where they add, and end row by row.
  const rowLoops = adds ? 2 : 1;
  // A loop that ends goes once more through the loops within it: found on lavapipe, by the first
  // step that comes out wrong.
  const last = 2 + 2 + rowLoops;
  const tile = width + 1 + driving + rowLoops * (rows + 1);
  return load + last + count * (last + tiles * (1 + tile));
}

function record(
  plan: Plan,
  job: Recurrence,
  layout: RecurrenceLayout,
  { first, count }: { first: number; count: number },
): void {
  const { history, weights, drive, transposed = false, adds = false, then, carry, damps } = job;
  const isBackward = job.direction === "backward";
  const outputs = "slopeOf" in then ? then.outputs : undefined;
  const { locality, rows, columns, lanes, groupRows } = layout;
  const { gpu } = plan;
  const textures = gpu.operands === "textures";
  const newest = locality === "dispatch" && textures ? carry : undefined;
  const width = history.stride / 4;
  const kernel = gpu.kernel(
    `recurrence_${isBackward ? "backward" : "forward"}`,
    [activationSource, accumulateSource, source],
    {
      ROWS: rows,
      COLUMNS: columns,
      LANES: lanes,
      GROUP_ROWS: groupRows,
      STATE_LENGTH: 2 * groupRows * width,
      ROWWISE: locality === "rows",
      WORKGROUP: locality === "workgroup",
      NEWEST: newest !== undefined,
      BACKWARD: isBackward,
      TRANSPOSED: transposed,
      SLOPE: outputs !== undefined,
      ADDS: adds,
      DRIVE: drive !== undefined,
      DAMPED: damps !== undefined,
      ...activationConstants("slopeOf" in then ? then.slopeOf : then.activate),
    },
  );
  const batch = padded(history.rows);
  const isFirst = first === (isBackward ? history.steps - 1 : 0);
  const invocations = Math.ceil(batch / rows) *
    (locality === "dispatch" ? Math.ceil(width / columns) : 1);
  const groups = locality === "workgroup"
    ? Math.ceil(batch / groupRows)
    : Math.ceil(invocations / lanes);
  const quads = (...floats: number[]) => floats.map((count) => count / 4);
  plan.dispatch(kernel, {
    shape: {
      rows: batch,
      columns: width,
      units: history.columns,
      state_length: locality === "dispatch" && isFirst ? 0 : width,
      drive_length: (drive?.values.stride ?? 0) / 4,
      first,
      count,
      cases: history.rows,
      damping: damps?.times ?? 0,
      bias: ("bias" in then ? then.bias.offset : 0) / 4,
      weights: quads(
        weights.offset,
        weights.stride,
        drive?.weights.offset ?? 0,
        drive?.weights.stride ?? 0,
      ),
      history: quads(history.stepStride, history.replicaStride, weights.replicaStride, 0),
      drive: drive
        ? quads(drive.values.stride, drive.values.stepStride, drive.values.replicaStride, 0)
        : [0, 0, 0, 0],
    },
    history: history.buffer,
    parameters: weights.buffer,
    ...(drive && { drive: drive.values.buffer }),
    ...(outputs && { outputs: outputs.buffer }),
    ...(damps && { factors: damps.factors, tangents: damps.tangents.buffer }),
    ...(newest && { newest: newest.buffer, next_newest: newest.buffer }),
  }, {
    groups: [groups, 1, history.replicas],
    iterations: iterations(job, layout, count),
  });
}

function checkShapes(job: Recurrence): void {
  const { history, weights, drive, transposed, direction, then, damps } = job;
  const { replicas, columns } = history;
  const others = ["outputs" in then ? then.outputs : undefined, damps?.tangents]
    .filter((other) => other !== undefined);
  const [before, behind] = direction === "backward" ? [0, 1] : [1, 0];
  const areHistories = isWithin(history, before, behind) &&
    others.every((other) => shapeText(other) === shapeText(history) && isWithin(other, 1, 0)) &&
    (damps === undefined || "outputs" in then);
  const isDriven = !drive ||
    shapeText({ ...drive.values, columns }) === shapeText(history) &&
      isWithin(drive.values, 0, 0) &&
      drive.weights.rows === (transposed ? columns : drive.values.columns) &&
      drive.weights.columns === (transposed ? drive.values.columns : columns);
  const fits = weights.replicas === replicas && weights.rows === columns &&
    weights.columns === columns;
  const sameBuffer = [drive?.weights, "bias" in then ? then.bias : undefined].every((part) =>
    part === undefined || part.buffer === weights.buffer
  );
  if (areHistories && isDriven && fits && sameBuffer) return;
  throw new RangeError(
    `a recurrence of ${shapeText(history)} does not fit its slots, its drive, its outputs, or ` +
      `weights of ${shapeText(weights)}`,
  );
}

/** Whether a replica's steps have so many slots before and behind them in the buffer, and no others. */
function isWithin(tensor: Tensor, before: number, behind: number): boolean {
  const { steps, stepStride, replicaStride, offset } = tensor;
  return offset === before * stepStride && replicaStride === (before + steps + behind) * stepStride;
}
