import type { Gpu } from "../gpu/gpu.ts";
import { allocateMatrix, type Matrix, padded } from "../gpu/matrix.ts";
import type { Extent } from "./model.ts";
import type { Value } from "./operation.ts";
import type { Tape } from "./tape.ts";

/** The buffers of R networks: the data, deltas and tangents of the values of a tape. */
export class Buffers {
  /** How many networks, and cases. */
  readonly extent: Extent;
  readonly #gpu: Gpu;
  readonly #tape: Tape;
  readonly #data: readonly Matrix[];
  readonly #deltas = new Map<Value, Matrix>();
  readonly #tangents = new Map<Value, Matrix>();
  readonly #scratch = new Map<number, Matrix>();

  /** Takes data and deltas; tangents are taken when they are first asked for. */
  constructor(gpu: Gpu, tape: Tape, extent: Extent, { withDeltas = true } = {}) {
    this.#gpu = gpu;
    this.#tape = tape;
    this.extent = extent;
    this.#data = tape.values.map((value) => this.take(`value ${value.id}`, value.columns));
    if (!withDeltas) return;
    for (const value of valuesWithDelta(tape)) {
      this.#deltas.set(value, this.take(`delta ${value.id}`, value.columns));
    }
    for (const columns of scratchColumns(tape)) {
      this.#scratch.set(columns, this.take("share of a delta", columns));
    }
  }

  /** Takes a matrix for all cases. */
  take(label: string, columns: number): Matrix {
    const { replicas, batch: rows } = this.extent;
    return allocateMatrix(this.#gpu, label, { replicas, rows, columns });
  }

  /** [R, B, columns]. */
  data(value: Value): Matrix {
    return this.#data[value.id];
  }

  /** Likewise; of values that have one. */
  delta(value: Value): Matrix {
    return this.#deltas.get(value)!;
  }

  /** Where a share is kept until it is added. */
  scratch({ columns }: Value): Matrix {
    return this.#scratch.get(columns)!;
  }

  /** Likewise; undefined where it does not move. */
  tangent(value: Value): Matrix | undefined {
    if (!this.#tape.moves(value)) return undefined;
    if (!this.#tangents.has(value)) {
      this.#tangents.set(value, this.take(`tangent ${value.id}`, value.columns));
    }
    return this.#tangents.get(value);
  }

  /** Gives all buffers back. */
  free(): void {
    const maps = [this.#deltas, this.#tangents, this.#scratch];
    for (const matrix of [...this.#data, ...maps.flatMap((map) => [...map.values()])]) {
      this.#gpu.free(matrix.buffer);
    }
  }
}

/** Bytes of one replica's {@linkcode Buffers}: the largest, and all. */
export function tapeFootprint(tape: Tape, batch: number): { largest: number; total: number } {
  const columns = [
    ...tape.values.map(({ columns }) => columns),
    ...valuesWithDelta(tape).map(({ columns }) => columns),
    ...scratchColumns(tape),
  ];
  const bytes = columns.map((count) => 4 * padded(batch) * padded(count));
  return { largest: Math.max(...bytes), total: bytes.reduce((a, b) => a + b) };
}

function valuesWithDelta(tape: Tape): Value[] {
  return tape.values.filter((value) => tape.moves(value));
}

/** Widths of the values with several shares, of which one is not fused. */
function scratchColumns(tape: Tape): Set<number> {
  const needed = tape.values.filter((value) =>
    tape.moves(value) && tape.readers(value).length > 1 &&
    tape.readers(value).some(({ fuses }) => !fuses)
  );
  return new Set(needed.map(({ columns }) => columns));
}
