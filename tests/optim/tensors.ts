// Tensors with a gradient that can be written down, trained on the GPU and by the float64 rules.

import type { Plan } from "../../core/gpu/plan.ts";
import { Vector, VectorLayout } from "../../core/gpu/vector.ts";
import type { Gpu } from "../../core/gpu/gpu.ts";
import type { Optimizer } from "../../core/optim/family.ts";
import type { Rule, TensorValues } from "../../core/reference/rules/rule.ts";
import type { Graph, Model } from "../../core/graph/model.ts";
import { type Replica, Trainer, type TrainerOptions } from "../../core/train/trainer.ts";
import stepSource from "../../shaders/common/step.wgsl" with { type: "text" };
import { type Bench, draw } from "../gpu/fixture.ts";

/** Tensors where a descent starts, and what their gradient is. */
export interface Landscape {
  readonly start: readonly TensorValues[];
  /** The gradient at a point after some updates, in float64. */
  gradient(point: readonly ArrayLike<number>[], updates: number): Float64Array[];
}

/** Many bowls: the gradient of each number is curvature (x - minimum). */
export function bowls(shapes: readonly Omit<TensorValues, "values">[]): Landscape {
  const drawn = (first: number) =>
    shapes.map(({ rows, columns }, t) => Float64Array.from(draw(rows * columns, first + t)));
  const [start, minimum] = [drawn(10), drawn(30)];
  const curvature = drawn(50).map((tensor) => tensor.map((x) => Math.fround(1.125 + x)));
  return {
    start: shapes.map((shape, t) => ({ ...shape, values: start[t] })),
    gradient: (point) =>
      curvature.map((tensor, t) => tensor.map((h, i) => h * (point[t][i] - minimum[t][i]))),
  };
}

/** Shapes that are no multiples of anything, weights and biases. */
export const oddShapes: readonly Omit<TensorValues, "values">[] = [
  { rows: 17, columns: 3 },
  { rows: 1, columns: 3, bias: true },
  { rows: 3, columns: 129 },
  { rows: 1, columns: 129, bias: true },
  { rows: 129, columns: 1 },
  { rows: 1, columns: 1, bias: true },
];

/**
 * A model whose gradient is that of a landscape, affine in every number: it is probed in float64 and
 * computed on the GPU as slope x + offset, where all slopes may be a matrix on the right.
 */
export class LandscapeModel implements Model {
  readonly layout: VectorLayout;
  readonly cases = { train: 1, test: 0 };
  readonly figures: readonly string[] = [];
  readonly #landscape: Landscape;
  readonly #updates: number;

  constructor(landscape: Landscape, updates: number) {
    this.#landscape = landscape;
    this.#updates = updates;
    this.layout = new VectorLayout(
      landscape.start.map(({ rows, columns, bias = false }, t) => ({
        name: `tensor ${t}`,
        rows,
        columns,
        isBias: bias,
      })),
    );
  }

  initialValues(): Float64Array[] {
    return this.#landscape.start.map(({ values }) => Float64Array.from(values));
  }

  footprint(): { largest: number; total: number } {
    return { largest: 16, total: 16 };
  }

  build(gpu: Gpu, { replicas }: { replicas: number }): Graph {
    return new LandscapeGraph(gpu, this.layout, this.#landscape, this.#updates, replicas);
  }
}

class LandscapeGraph implements Graph {
  readonly #gpu: Gpu;
  /** By row of the matrix on the right: what each number of that row adds to its neighbours. */
  readonly #slopes: Vector[] = [];
  readonly #offsets: GPUBuffer;
  readonly #layout: VectorLayout;

  constructor(
    gpu: Gpu,
    layout: VectorLayout,
    { start, gradient }: Landscape,
    updates: number,
    replicas: number,
  ) {
    this.#gpu = gpu;
    this.#layout = layout;
    const zeros = start.map(({ values }) => new Float64Array(values.length));
    const offsets = Array.from({ length: updates }, (_, t) => layout.pack(gradient(zeros, t)));
    this.#offsets = gpu.upload("offsets", Float32Array.from(offsets.flatMap((all) => [...all])));
    const width = isCoupled(start, gradient) ? start[0].columns : 1;
    for (let k = 0; k < width; k++) {
      // A one in column k of every row, or everywhere.
      const probe = start.map(({ values, columns }) =>
        Float64Array.from(values, (_, i) => width === 1 || i % columns === k ? 1 : 0)
      );
      const [at, base] = [gradient(probe, 0), gradient(zeros, 0)];
      const slope = new Vector(gpu, "slope", layout, replicas);
      const values = at.map((tensor, t) => tensor.map((x, i) => x - base[t][i]));
      for (let r = 0; r < replicas; r++) slope.write(r, values);
      this.#slopes.push(slope);
    }
  }

  recordCases(): void {}

  recordLoss(): void {}

  recordGradient(plan: Plan, inputs: Parameters<Graph["recordGradient"]>[1]): void {
    const { parameters, gradient, caseLoss: _ } = inputs;
    const kernel = this.#gpu.kernel("landscape", [stepSource, SHADER], {
      WIDTH: this.#slopes.length,
    });
    plan.dispatch(kernel, {
      shape: {
        length: this.#layout.length,
        stride: this.#layout.tensors[0].stride,
        rows: Math.floor(this.#offsets.size / 4 / this.#layout.length),
      },
      offsets: this.#offsets,
      parameters: parameters.buffer,
      gradient: gradient.buffer,
      ...Object.fromEntries(this.#slopes.map(({ buffer }, k) => [`slope_${k}`, buffer])),
    }, { groups: [Math.ceil(this.#layout.length / 64), 1, parameters.replicas], iterations: 0 });
  }

  recordFigures(): void {}

  free(): void {
    this.#gpu.free(this.#offsets);
    for (const slope of this.#slopes) slope.free();
  }
}

const SHADER = `
  struct Shape { length: u32, stride: u32, rows: u32 }
  @group(0) @binding(0) var<uniform> shape: Shape;
  @group(0) @binding(1) var<storage, read> offsets: array<f32>;
  @group(0) @binding(2) var<storage, read> parameters: array<f32>;
  @group(0) @binding(3) var<storage, read_write> gradient: array<f32>;
  // #for k in WIDTH
  @group(0) @binding(1\${k}) var<storage, read> slope_\${k}: array<f32>;
  // #end
  @compute @workgroup_size(64)
  fn main(@builtin(global_invocation_id) id: vec3u) {
    let i = id.x;
    if i >= shape.length { return; }
    let at = id.z * shape.length + i;
    let row = at - i % shape.stride;
    let last = min(nagare_step.update, shape.rows - 1);
    var sum = offsets[last * shape.length + i];
    // #for k in WIDTH
    let from_\${k} = select(row + \${k}, at, \${WIDTH} == 1);
    sum = fma(slope_\${k}[at], parameters[from_\${k}], sum);
    // #end
    gradient[at] = sum;
  }`;

/** Whether the gradient of a number depends on its neighbours in the row. */
function isCoupled(start: readonly TensorValues[], gradient: Landscape["gradient"]): boolean {
  const probe = start.map(({ values }) => new Float64Array(values.length));
  const base = gradient(probe, 0)[0][1];
  probe[0][0] = 1;
  return gradient(probe, 0)[0][1] !== base;
}

/** A trainer of a landscape, freed after the test. */
export async function openOn(
  bench: Bench,
  landscape: Landscape,
  optimizers: readonly Optimizer[],
  options: Partial<TrainerOptions> & { updates?: number } = {},
): Promise<Trainer> {
  const { updates = 1, ...others } = options;
  const replicas = optimizers.map((optimizer): Replica => ({
    seed: 1,
    optimizer,
    initializer: () => {
      throw new Error("a landscape has its own start");
    },
  }));
  const model = new LandscapeModel(landscape, updates);
  return bench.take(await Trainer.open(bench.gpu, { model, replicas, batchSize: 1, ...others }));
}

/** Trains up to an update. */
export async function train(trainer: Trainer, updates: number): Promise<void> {
  for await (const _ of trainer.run({ updates, evalCases: 0 }));
}

/** The same updates of a rule in float64. */
export function follow(rule: Rule, { gradient }: Landscape, updates: number): Rule {
  for (let t = 0; t < updates; t++) rule.step((point) => gradient(point, t));
  return rule;
}

/** The largest difference of two lists of tensors, as a share of the largest number. */
export function difference(
  actual: readonly ArrayLike<number>[],
  expected: readonly ArrayLike<number>[],
): number {
  let [most, largest] = [0, 0];
  expected.forEach((tensor, t) => {
    for (let i = 0; i < tensor.length; i++) {
      const error = Math.abs(actual[t][i] - tensor[i]);
      if (!(error <= most)) most = error;
      largest = Math.max(largest, Math.abs(tensor[i]));
    }
  });
  return most / largest;
}
