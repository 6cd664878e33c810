import type { Gpu } from "../gpu/gpu.ts";
import { allocateMatrix, type Matrix, padded } from "../gpu/matrix.ts";
import { allocateSteps, rowsOf, type Steps } from "../gpu/steps.ts";
import type { Extent, Footprint } from "./model.ts";
import type { Value } from "./operation.ts";
import type { Tape } from "./tape.ts";

/** What a value has a buffer for. */
type Part = "data" | "delta" | "tangent";

/** A buffer of a value: as a matrix, and of sequences step by step. */
interface Place {
  matrix: Matrix;
  steps?: Steps;
}

/** The buffers of R networks: the data, deltas and tangents of the values of a tape. */
export class Buffers {
  /** How many networks, and cases. */
  readonly extent: Extent;
  readonly #gpu: Gpu;
  readonly #tape: Tape;
  readonly #parts: Readonly<Record<Part, Map<Value, Place>>>;
  readonly #scratch: Map<string, Matrix>;
  readonly #squares: Map<string, Matrix>;
  readonly #isLent: boolean;

  /**
   * Takes data and deltas; tangents are taken when they are first asked for. With a `lender`, whose
   * extent is the same, data alone: the rest is used in turn with it.
   */
  constructor(
    gpu: Gpu,
    tape: Tape,
    extent: Extent,
    { withDeltas = true, lender }: { withDeltas?: boolean; lender?: Buffers | undefined } = {},
  ) {
    this.#gpu = gpu;
    this.#tape = tape;
    this.extent = extent;
    this.#isLent = lender !== undefined;
    this.#parts = {
      data: new Map(),
      delta: lender ? lender.#parts.delta : new Map(),
      tangent: lender ? lender.#parts.tangent : new Map(),
    };
    this.#scratch = lender ? lender.#scratch : new Map();
    this.#squares = lender ? lender.#squares : new Map();
    for (const value of tape.values) this.#take(value, "data");
    if (!withDeltas || lender) return;
    for (const value of valuesWithDelta(tape)) this.#take(value, "delta");
    for (const value of scratchValues(tape)) {
      this.#scratch.set(shapeKey(value), this.#place("share of a delta", value, false).matrix);
    }
  }

  /** Takes a matrix for all cases. */
  take(label: string, columns: number): Matrix {
    const { replicas, batch: rows } = this.extent;
    return allocateMatrix(this.#gpu, label, { replicas, rows, columns });
  }

  /** [R, B, columns]. */
  data(value: Value): Matrix {
    return this.#parts.data.get(value)!.matrix;
  }

  /** Likewise; of values that have one. */
  delta(value: Value): Matrix {
    return this.#parts.delta.get(value)!.matrix;
  }

  /** Likewise; undefined where it does not move. */
  tangent(value: Value): Matrix | undefined {
    if (!this.#tape.moves(value)) return undefined;
    return (this.#parts.tangent.get(value) ?? this.#take(value, "tangent")).matrix;
  }

  /** The same step by step, of sequences: [R, T, B, columns], a history with its slot of zeros. */
  steps(value: Value, of: Part): Steps {
    return (this.#parts[of].get(value) ?? this.#take(value, of)).steps!;
  }

  /** Where a share is kept until it is added. */
  scratch(value: Value): Matrix {
    return this.#scratch.get(shapeKey(value))!;
  }

  /** Where the squares of data or of a delta go: one buffer for all values of a shape. */
  square(value: Value, of: "data" | "delta"): Matrix {
    const key = `${of} ${shapeKey(value)}`;
    const square = this.#squares.get(key) ?? this.#place("squares", value, false).matrix;
    this.#squares.set(key, square);
    return square;
  }

  #take(value: Value, of: Part): Place {
    const place = this.#place(`${of} of value ${value.id}`, value, value.isHistory, of);
    this.#parts[of].set(value, place);
    return place;
  }

  #place(label: string, { columns, steps }: Value, isHistory: boolean, of?: Part): Place {
    if (steps === undefined) return { matrix: this.take(label, columns) };
    const { replicas, batch: rows } = this.extent;
    const shape = { replicas, steps: steps + (isHistory ? 1 : 0), rows, columns };
    const all = allocateSteps(this.#gpu, label, shape);
    // Backward in time the slot of zeros is the last one.
    return { matrix: rowsOf(all, isHistory && of !== "delta" ? 1 : 0, steps), steps: all };
  }

  /** Gives all buffers back but those of a lender. */
  free(): void {
    const { data, delta, tangent } = this.#parts;
    for (const part of this.#isLent ? [data] : [data, delta, tangent]) {
      for (const { matrix } of part.values()) this.#gpu.free(matrix.buffer);
    }
    if (this.#isLent) return;
    for (const { buffer } of [...this.#scratch.values(), ...this.#squares.values()]) {
      this.#gpu.free(buffer);
    }
  }
}

/** Bytes of one replica's {@linkcode Buffers}. */
export function tapeFootprint(tape: Tape, batch: number): Required<Footprint> {
  const bytes = ({ columns, steps, isHistory }: Value, canBeHistory = true) =>
    4 * padded(batch) * padded(columns) * ((steps ?? 1) + (isHistory && canBeHistory ? 1 : 0));
  const data = tape.values.map((value) => bytes(value));
  const deltas = valuesWithDelta(tape).map((value) => bytes(value));
  const shares = scratchValues(tape).map((value) => bytes(value, false));
  const sum = (all: readonly number[]) => all.reduce((a, b) => a + b, 0);
  return {
    largest: Math.max(...data, ...deltas, ...shares),
    total: sum([...data, ...deltas, ...shares]),
    shared: sum([...deltas, ...shares]),
    tangents: sum(deltas),
    squares: sum([...squaredValues(tape).values()].map((value) => bytes(value, false))),
  };
}

/** Values whose squares are asked for, one of each shape. */
function squaredValues(tape: Tape): Map<string, Value> {
  const squared = tape.operations.filter(({ squares }) => squares !== undefined);
  return new Map(squared.flatMap(({ reads, writes }) => [
    ...reads.map((value) => [`data ${shapeKey(value)}`, value] as const),
    [`delta ${shapeKey(writes)}`, writes] as const,
  ]));
}

function valuesWithDelta(tape: Tape): Value[] {
  return tape.values.filter((value) => tape.moves(value));
}

/** Of each shape one of the values with several shares, of which one is not fused. */
function scratchValues(tape: Tape): Value[] {
  const needed = tape.values.filter((value) =>
    tape.moves(value) && tape.readers(value).length > 1 &&
    tape.readers(value).some(({ fuses }) => !fuses)
  );
  return [...new Map(needed.map((value) => [shapeKey(value), value])).values()];
}

function shapeKey({ columns, steps }: Value): string {
  return `${columns} ${steps}`;
}
