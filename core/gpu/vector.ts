import type { Gpu } from "./gpu.ts";
import { allocateFloats, padded, type Tensor, unpad } from "./tensor.ts";

/**
 * A named tensor of a network: a weight matrix of `rows` x `columns`, biases with one row, or a
 * statistic.
 */
export interface TensorShape {
  /** What messages and files call it. */
  readonly name: string;
  /** Units of the layer below; 1 for a bias. */
  readonly rows: number;
  /** Units of the layer. */
  readonly columns: number;
  /** Whether these are biases, which no weight decay reaches. */
  readonly isBias?: boolean;
}

/** Where a tensor lies in a replica's vector; both count floats. */
export interface TensorPlace extends TensorShape {
  /** From a row to the next. */
  readonly stride: number;
  /** Where its first row begins. */
  readonly offset: number;
}

/** Where the tensors of a model lie within the vector of one replica. */
export class VectorLayout {
  /** The tensors, one after another. */
  readonly tensors: readonly TensorPlace[];
  /** Floats of one replica's vector, padding included. */
  readonly length: number;
  /**
   * Where the statistics of a network lie, in a vector of their own; undefined where it keeps none.
   * See `Tape.statistic()`.
   */
  readonly statistics: VectorLayout | undefined;

  /** Lays tensors of these shapes one after another, and statistics likewise. */
  constructor(shapes: readonly TensorShape[], statistics: readonly TensorShape[] = []) {
    this.statistics = statistics.length > 0 ? new VectorLayout(statistics) : undefined;
    let offset = 0;
    this.tensors = shapes.map(({ name, rows, columns, isBias = false }) => {
      const place = { name, rows, columns, isBias, stride: padded(columns), offset };
      offset += padded(rows) * place.stride; // of one row too: it may be a product's operand
      return place;
    });
    this.length = offset;
  }

  /** Parameters of one replica, without padding. */
  get parameterCount(): number {
    return this.tensors.reduce((sum, { rows, columns }) => sum + rows * columns, 0);
  }

  /** What theta is of, in order: the parameters, and the statistics behind them. */
  get theta(): readonly TensorShape[] {
    return [...this.tensors, ...this.statistics?.tensors ?? []];
  }

  /** The vector of the statistics in theta; undefined where the network keeps none. */
  packStatistics(theta: readonly ArrayLike<number>[]): Float32Array<ArrayBuffer> | undefined {
    return this.statistics?.pack(theta.slice(this.tensors.length));
  }

  /** The vector of tensors that are given row by row: rounded to float32, zeros in the padding. */
  pack(values: readonly ArrayLike<number>[]): Float32Array<ArrayBuffer> {
    const out = new Float32Array(this.length);
    this.tensors.forEach(({ rows, columns, stride, offset, name }, t) => {
      if (values[t]?.length !== rows * columns) {
        throw new RangeError(
          `${name} holds ${rows} x ${columns} values; ${values[t]?.length ?? 0} were given`,
        );
      }
      for (let i = 0; i < rows; i++) {
        for (let j = 0; j < columns; j++) out[offset + i * stride + j] = values[t][i * columns + j];
      }
    });
    return out;
  }
}

/**
 * R vectors, one a replica, each holding all tensors of a model one after another: parameters,
 * velocities, gradients. One buffer, so that an update is one dispatch.
 */
export class Vector {
  /** Where it lies. */
  readonly gpu: Gpu;
  /** The tensors of each replica. */
  readonly layout: VectorLayout;
  /** R. */
  readonly replicas: number;
  /** [first + R, layout.length] float32, or more. */
  readonly buffer: GPUBuffer;
  /** Vectors that lie in the buffer before those of the first replica. */
  readonly first: number;

  /** Takes a buffer for R replicas, all zero; or is R of those that another one holds. */
  constructor(
    gpu: Gpu,
    label: string,
    layout: VectorLayout,
    replicas: number,
    within?: { buffer: GPUBuffer; first: number },
  ) {
    this.gpu = gpu;
    this.layout = layout;
    this.replicas = replicas;
    this.first = within?.first ?? 0;
    this.buffer = within?.buffer ?? allocateFloats(gpu, label, replicas * layout.length);
  }

  /** Some neighbouring replicas, in the same buffer; only the whole gives it back. */
  slice(first: number, replicas: number): Vector {
    const { gpu, layout, buffer } = this;
    return new Vector(gpu, buffer.label, layout, replicas, { buffer, first: this.first + first });
  }

  /** Tensor `i` of every replica. */
  tensor(i: number): Tensor {
    const { rows, columns, stride, offset: within } = this.layout.tensors[i];
    const { buffer, replicas, first, layout: { length: replicaStride } } = this;
    const strides = { stride, stepStride: padded(rows) * stride, replicaStride };
    const offset = first * replicaStride + within;
    return { buffer, replicas, steps: 1, rows, columns, ...strides, offset };
  }

  /** Writes the tensors of one replica, each row by row, rounded to float32. */
  write(replica: number, values: readonly ArrayLike<number>[]): void {
    this.writePacked(replica, this.layout.pack(values));
  }

  /** Reads the tensors of one replica back, each row by row, after all work submitted so far. */
  async read(replica: number): Promise<Float32Array<ArrayBuffer>[]> {
    const contents = await this.readPacked(replica);
    return this.layout.tensors.map((place, t) =>
      unpad({ ...this.tensor(t), replicas: 1, offset: place.offset }, contents)
    );
  }

  /** Writes the vector of one replica to the bit, padding included. */
  writePacked(replica: number, contents: Float32Array<ArrayBuffer>): void {
    this.gpu.write(this.buffer, contents, 4 * (this.first + replica) * this.layout.length);
  }

  /** Reads the vector of one replica to the bit, padding included. */
  async readPacked(replica: number): Promise<Float32Array<ArrayBuffer>> {
    const size = 4 * this.layout.length;
    if (size === 0) return new Float32Array();
    return new Float32Array(await this.gpu.read(this.buffer, (this.first + replica) * size, size));
  }

  /** Gives the buffer back. */
  free(): void {
    this.gpu.free(this.buffer);
  }
}
