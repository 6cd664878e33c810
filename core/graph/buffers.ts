import type { Gpu } from "../gpu/gpu.ts";
import {
  allocateFloats,
  allocateTensor,
  stepsOf,
  type Tensor,
  tensorLength,
  type TensorSizes,
  tensorWithin,
} from "../gpu/tensor.ts";
import { arenasOf } from "./arenas.ts";
import type { Extent, Footprint } from "./model.ts";
import type { Value } from "./operation.ts";
import type { Tape } from "./tape.ts";

/** What a value has a buffer for. */
type Part = "data" | "delta" | "tangent";

/** The sizes of a tensor for all cases, or of so many rows. */
type Sizes = Pick<TensorSizes, "columns" | "steps"> & { rows?: number | undefined };

/** The buffers of R networks: the data, deltas and tangents of the values of a tape. */
export class Buffers {
  /** How many networks, and cases. */
  readonly extent: Extent;
  readonly #gpu: Gpu;
  readonly #tape: Tape;
  readonly #parts: Readonly<Record<Part, Map<Value, Tensor>>>;
  readonly #scratch: Map<string, Tensor>;
  readonly #squares: Map<string, Tensor>;
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
    this.#takeAll(tape.values, "data");
    if (!withDeltas || lender) return;
    this.#takeAll(valuesWithDelta(tape), "delta");
    for (const value of scratchValues(tape)) {
      this.#scratch.set(shapeKey(value), this.take("share of a delta", value));
    }
  }

  /** Takes a tensor for all cases, or of so many rows. */
  take(label: string, sizes: Sizes): Tensor {
    return allocateTensor(this.#gpu, label, this.#whole(sizes));
  }

  #whole({ columns, steps, rows = this.extent.batch }: Sizes): TensorSizes {
    return { replicas: this.extent.replicas, steps, rows, columns };
  }

  /** [R, T, B, columns]. */
  data(value: Value): Tensor {
    return this.#parts.data.get(value)!;
  }

  /** Likewise; of values that have one. */
  delta(value: Value): Tensor {
    return this.#parts.delta.get(value)!;
  }

  /** Likewise; undefined where it does not move. */
  tangent(value: Value): Tensor | undefined {
    if (!this.#tape.moves(value)) return undefined;
    return this.#parts.tangent.get(value) ?? this.#take(value, "tangent");
  }

  /** Where a share is kept until it is added. */
  scratch(value: Value): Tensor {
    return this.#scratch.get(shapeKey(value))!;
  }

  /** Where the squares of data or of a delta go: one buffer for all values of a shape. */
  square(value: Value, of: "data" | "delta"): Tensor {
    const key = `${of} ${shapeKey(value)}`;
    const square = this.#squares.get(key) ?? this.take("squares", value);
    this.#squares.set(key, square);
    return square;
  }

  /** Takes tensors of values, in the buffers of {@linkcode arenasOf} where they fit. */
  #takeAll(values: readonly Value[], of: "data" | "delta"): void {
    // A mirror would be brought up to date for every value that is written.
    const arenas = this.#gpu.operands === "buffers" ? arenasOf(this.#tape)[of] : [];
    for (const arena of arenas) this.#takeArena(arena, of);
    for (const value of values) if (!this.#parts[of].has(value)) this.#take(value, of);
  }

  #takeArena(values: readonly Value[], of: Part): void {
    const sizes = values.map((value) => this.#whole(withSlot(value)));
    const lengths = sizes.map(tensorLength);
    const length = lengths.reduce((sum, length) => sum + length, 0);
    if (values.length < 2 || 4 * length > this.#gpu.maxBinding) return;
    const buffer = allocateFloats(this.#gpu, `${of} of ${values.length} values`, length);
    let offset = 0;
    values.forEach((value, i) => {
      this.#place(value, of, tensorWithin(buffer, sizes[i], offset));
      offset += lengths[i];
    });
  }

  #take(value: Value, of: Part): Tensor {
    return this.#place(value, of, this.take(`${of} of value ${value.id}`, withSlot(value)));
  }

  #place(value: Value, of: Part, slots: Tensor): Tensor {
    // Backward in time the slot of zeros is the last one.
    const first = value.isHistory && of !== "delta" ? 1 : 0;
    const tensor = stepsOf(slots, first, value.steps);
    this.#parts[of].set(value, tensor);
    return tensor;
  }

  /** Gives all buffers back but those of a lender. */
  free(): void {
    const { data, delta, tangent } = this.#parts;
    const others = this.#isLent ? [] : [delta, tangent, this.#scratch, this.#squares];
    const tensors = [data, ...others].flatMap((taken) => [...taken.values()]);
    for (const buffer of new Set(tensors.map(({ buffer }) => buffer))) this.#gpu.free(buffer);
  }
}

/** Bytes of one replica's {@linkcode Buffers}. */
export function tapeFootprint(tape: Tape, batch: number): Required<Footprint> {
  const bytes = ({ columns, steps, rows = batch }: Sizes) =>
    4 * tensorLength({ replicas: 1, rows, columns, steps });
  const data = tape.values.map(withSlot).map(bytes);
  const deltas = valuesWithDelta(tape).map(withSlot).map(bytes);
  const shares = scratchValues(tape).map(bytes);
  const sum = (all: readonly number[]) => all.reduce((a, b) => a + b, 0);
  return {
    largest: Math.max(...data, ...deltas, ...shares),
    total: sum([...data, ...deltas, ...shares]),
    shared: sum([...deltas, ...shares]),
    tangents: sum(deltas),
    squares: sum([...squaredValues(tape).values()].map(bytes)),
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

/** With the slot of zeros of a history. */
function withSlot({ columns, steps, isHistory, rows }: Value): Sizes {
  return { columns, steps: isHistory ? steps! + 1 : steps, rows };
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
