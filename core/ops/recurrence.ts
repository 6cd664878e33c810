import accumulateSource from "../../shaders/common/accumulate.wgsl" with { type: "text" };
import source from "../../shaders/recurrence.wgsl" with { type: "text" };
import { InputError } from "../errors.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { type Matrix, padded } from "../gpu/matrix.ts";
import { MAX_ITERATIONS, type Plan } from "../gpu/plan.ts";
import type { Steps } from "../gpu/steps.ts";
import { type Activation, activationConstants, activationSource } from "./activation.ts";

/** Whether the loop over time runs inside a kernel or is a dispatch a step. */
export type TimeLoop = "kernel" | "dispatch";

/** Every {@linkcode TimeLoop}. */
export const timeLoops: readonly TimeLoop[] = ["kernel", "dispatch"];

/** One direction of a recurrent layer in time; see {@linkcode recurrence}. */
export interface Recurrence {
  /** States, [R, T + 1, B, H]; the slot before the first step holds zero. */
  history: Steps;
  /** What drives each step, [R, T, B, D]. */
  drive: Steps;
  /** [R, H, H], in the buffer of all parameters. */
  stateWeights: Matrix;
  /** [R, D, H], or [R, H, D] backward, in the same buffer. */
  driveWeights: Matrix;
  /** Forward: state_t = f(state_{t-1} W + drive_t V + bias), bias [R, 1, H] in the same buffer. */
  forward?: { bias: Matrix; activation: Activation };
  /** Backward: state_t = (state_{t+1} W' + drive_t U') f'(z_t), from the outputs [R, T + 1, B, H]. */
  backward?: { outputs: Steps; activation: Activation };
  /** Where a dispatch a step leaves the newest state, [R, B, H], to be read through its mirror. */
  carry: Matrix;
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
 * Records all steps of a recurrence, forward or backward. Each value is one fma chain over the state
 * and then the drive, so its bits depend on neither R nor how the loop over time runs.
 *
 * In a kernel the loop is split where an invocation would loop too often; see `MAX_ITERATIONS`.
 */
export function recurrence(
  plan: Plan,
  job: Recurrence,
  timeLoop: TimeLoop | RecurrenceLayout,
): void {
  checkShapes(job);
  const { history, backward } = job;
  const layout = typeof timeLoop === "string" ? layoutOf(plan.gpu, job, timeLoop) : timeLoop;
  const steps = history.steps - 1;
  const length = layout.locality === "dispatch" ? 1 : segmentLength(job, layout);
  for (let done = 0; done < steps; done += length) {
    record(plan, job, layout, {
      first: backward ? steps - 1 - done : done,
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
function iterations({ history, drive }: Recurrence, layout: RecurrenceLayout, count: number) {
  const { locality, rows, columns, lanes, groupRows } = layout;
  const width = history.stride / 4;
  const across = Math.ceil(width / columns);
  const load = locality === "workgroup" ? Math.ceil(groupRows * width / lanes) + 1 : 0;
  const tiles = {
    workgroup: Math.ceil(across * groupRows / rows / lanes),
    rows: across,
    dispatch: 1,
  }[locality];
  // Nested twice, a step counts two more than its loops have iterations: found on lavapipe, by the
  // first step that comes out wrong.
  return load + 4 + count * (4 + tiles * (width + 1 + drive.stride / 4 + 1 + 1));
}

function record(
  plan: Plan,
  job: Recurrence,
  layout: RecurrenceLayout,
  { first, count }: { first: number; count: number },
): void {
  const { history, drive, stateWeights, driveWeights, forward, backward, carry } = job;
  const { locality, rows, columns, lanes, groupRows } = layout;
  const { gpu } = plan;
  const textures = gpu.operands === "textures";
  const newest = locality === "dispatch" && textures ? carry : undefined;
  const width = history.stride / 4;
  const kernel = gpu.kernel(
    `recurrence_${backward ? "backward" : "forward"}`,
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
      BACKWARD: backward !== undefined,
      ...activationConstants((forward ?? backward)!.activation),
    },
  );
  const batch = padded(history.rows);
  const isFirst = first === (backward ? history.steps - 2 : 0);
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
      drive_length: drive.stride / 4,
      first,
      count,
      bias: (forward?.bias.offset ?? 0) / 4,
      weights: quads(
        stateWeights.offset,
        stateWeights.stride,
        driveWeights.offset,
        driveWeights.stride,
      ),
      history: quads(history.stepStride, history.replicaStride, stateWeights.replicaStride, 0),
      drive: quads(drive.stride, drive.stepStride, drive.replicaStride, 0),
    },
    history: history.buffer,
    parameters: stateWeights.buffer,
    drive: drive.buffer,
    ...(backward && { outputs: backward.outputs.buffer }),
    ...(newest && { newest: newest.buffer, next_newest: newest.buffer }),
  }, {
    groups: [groups, 1, history.replicas],
    iterations: iterations(job, layout, count),
  });
}

function checkShapes(
  { history, drive, stateWeights, driveWeights, forward, backward }: Recurrence,
) {
  const { replicas, rows, columns } = history;
  const wanted = backward ? [columns, drive.columns] : [drive.columns, columns];
  const fits = drive.steps === history.steps - 1 && drive.rows === rows &&
    drive.replicas === replicas && stateWeights.rows === columns &&
    stateWeights.columns === columns && driveWeights.rows === wanted[0] &&
    driveWeights.columns === wanted[1];
  const sameBuffer = [driveWeights, forward?.bias].every((part) =>
    part === undefined || part.buffer === stateWeights.buffer
  );
  if (!fits || !sameBuffer || (forward === undefined) === (backward === undefined)) {
    throw new RangeError(
      `a recurrence of [${replicas}, ${history.steps}, ${rows}, ${columns}] does not fit its ` +
        `drive of [${drive.replicas}, ${drive.steps}, ${drive.rows}, ${drive.columns}] or weights`,
    );
  }
}
