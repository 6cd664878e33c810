import { InputError } from "../errors.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { allocateFloats } from "../gpu/tensor.ts";
import { Plan } from "../gpu/plan.ts";
import { Readback } from "../gpu/readback.ts";
import { Vector } from "../gpu/vector.ts";
import { pointwise } from "../ops/pointwise.ts";
import { partialFloats, vectorSums } from "../ops/vector_sums.ts";

/** Numbers of each replica that {@linkcode ConjugateGradient} works by, float32 on the GPU. */
export const conjugateGradientNumbers = [
  // What is asked for.
  ...["most_steps", "tolerance", "guards"],
  // What comes of it.
  ...["running", "iterations", "value", "reset", "s", "alpha", "beta"],
] as const;

/** Numbers of each replica by name, [R, names] float32. */
export interface ReplicaNumbers {
  readonly buffer: GPUBuffer;
  readonly names: readonly string[];
}

/** What {@linkcode ConjugateGradient} is made of; vectors are [R, P]. */
export interface ConjugateGradientParts {
  /** g. */
  readonly gradient: Vector;
  /** x: where it begins, and what it comes to. */
  readonly x: Vector;
  /** Scratch: the residual A x + g, the direction p, and what `product` makes of it. */
  readonly scratch: {
    readonly residual: Vector;
    readonly direction: Vector;
    readonly image: Vector;
  };
  /** M by place. Default: ones. */
  readonly preconditioner?: Vector;
  /** Records image = A direction, A symmetric and positive definite. */
  readonly product: (plan: Plan, direction: Vector, image: Vector) => void;
  /** Where {@linkcode conjugateGradientNumbers} are, among others perhaps. */
  readonly numbers: ReplicaNumbers;
  /** The most that `most_steps` will be. */
  readonly longest: number;
}

/** Steps after which the host looks whether any replica still runs. */
const LOOK_STEPS = 10;

/**
 * Preconditioned conjugate gradient of R replicas at once, recorded: each minimises its own
 * q(x) = x'Ax/2 + g'x from its own x, for as many steps as it is asked for.
 *
 * A replica stops by its own numbers alone, and keeps its bits however long the others go on. Nothing
 * is read back to decide a step; the host looks now and then whether all have stopped.
 */
export class ConjugateGradient {
  readonly #gpu: Gpu;
  readonly #parts: ConjugateGradientParts;
  readonly #partials: GPUBuffer;
  /** q(x_i) by step, [R, longest + 1]. */
  readonly #values: { buffer: GPUBuffer; length: number };
  readonly #readback: Readback;

  /** Takes what it needs besides its parts. */
  constructor(gpu: Gpu, parts: ConjugateGradientParts) {
    const { x, longest, numbers } = parts;
    const length = longest + 1;
    this.#gpu = gpu;
    this.#parts = parts;
    this.#partials = allocateFloats(gpu, "partial sums", partialFloats(x, 2));
    this.#values = { buffer: allocateFloats(gpu, "values", x.replicas * length), length };
    this.#readback = new Readback(gpu, {
      bytes: 4 * x.replicas * numbers.names.length,
      depth: 2,
    });
  }

  /** Records what begins at x, or at zero where x is worse and the replica `guards`. */
  recordBegin(plan: Plan): void {
    const { gradient, x, product, scratch: { residual, image } } = this.#parts;
    const numbers = { measured: this.#parts.numbers };
    product(plan, x, image);
    pointwise(plan, {
      name: "cg residual",
      body: "residual = image + gradient;",
      reads: { image, gradient },
      updates: { residual },
    });
    this.#sums(
      plan,
      "cg start",
      {
        half: "x * (residual + gradient)",
      },
      `
    reset = select(0f, 1f, (guards > 0) & (half > 0));`,
    );
    pointwise(plan, {
      name: "cg reset",
      body: `
        x = select(x, vec4f(), reset > 0);
        residual = select(residual, gradient, reset > 0);`,
      reads: { gradient },
      updates: { x, residual },
      ...numbers,
    });
    this.#sums(
      plan,
      "cg begin",
      this.#products,
      `
    s = square;
    value = half / 2;
    series[first] = value;
    iterations = 0;
    running = select(0f, 1f, (most_steps > 0) & is_finite(s) & (s > 0));`,
    );
    this.#recordDirection(plan, "-y");
  }

  /** Records a step of the replicas that still run. */
  recordStep(plan: Plan): void {
    const { x, product, scratch: { residual, direction, image } } = this.#parts;
    product(plan, direction, image);
    this.#sums(
      plan,
      "cg step length",
      { along: "direction * image" },
      `
    // By rounding A may seem not to be positive: x of before is kept.
    running = select(0f, running, is_finite(along) & (along > 0));
    alpha = select(alpha, s / along, running > 0);`,
    );
    pointwise(plan, {
      name: "cg step",
      body: `
        x = select(x, fma(vec4f(alpha), direction, x), running > 0);
        residual = select(residual, fma(vec4f(alpha), image, residual), running > 0);`,
      reads: { direction, image },
      updates: { x, residual },
      measured: this.#parts.numbers,
    });
    this.#sums(
      plan,
      "cg progress",
      this.#products,
      `
    if running > 0 {
      iterations += 1;
      beta = square / s;
      s = square;
      value = half / 2;
      let i = u32(iterations);
      series[first + i] = value;
      let k = max(10u, (i + 9) / 10);
      if i > k {
        let before = series[first + i - k];
        if (value < 0) & (before < 0) & ((value - before) / value < tolerance * f32(k)) {
          running = 0;
        }
      }
      running = select(0f, running, (iterations < most_steps) & is_finite(s) & (s > 0));
    }`,
    );
    this.#recordDirection(plan, "fma(vec4f(beta), direction, -y)");
  }

  /**
   * Submits steps until every replica has stopped, and at most `most`; `submit` replays the plan of
   * a step, `after` is told of each.
   */
  async run(most: number, submit: () => void, after?: (step: number) => void): Promise<void> {
    let before: Promise<boolean> | undefined;
    for (let step = 1; step <= most; step++) {
      submit();
      after?.(step);
      if (step % LOOK_STEPS || step === most) continue;
      // What was submitted meanwhile hides the wait.
      const look = this.read().then((all) => all.every(({ running }) => running === 0));
      look.catch(() => {});
      if (await before) return void await look;
      before = look;
    }
    await before;
  }

  /** Reads the numbers of all replicas. */
  async read(): Promise<Record<string, number>[]> {
    const { numbers: { buffer, names }, x: { replicas } } = this.#parts;
    const size = 4 * replicas * names.length;
    const all = new Float32Array(await this.#readback.read([{ buffer, size }]));
    return Array.from(
      { length: replicas },
      (_, r) => Object.fromEntries(names.map((name, k) => [name, all[r * names.length + k]])),
    );
  }

  /** r.y with y = r/M, and twice the value. */
  get #products(): Record<string, string> {
    return {
      square: this.#parts.preconditioner
        ? "residual * (residual / preconditioner)"
        : "residual * residual",
      half: "x * (residual + gradient)",
    };
  }

  /** Records the next direction p, from y = r/M. */
  #recordDirection(plan: Plan, next: string): void {
    const { preconditioner, numbers, scratch: { residual, direction } } = this.#parts;
    const y = preconditioner ? "residual / preconditioner" : "residual";
    pointwise(plan, {
      name: "cg direction",
      body: `
        let y = ${y};
        direction = select(direction, ${next}, running > 0);`,
      reads: { residual, ...preconditioner && { preconditioner } },
      updates: { direction },
      measured: numbers,
    });
  }

  #sums(plan: Plan, name: string, sums: Record<string, string>, body: string): void {
    const { gradient, x, preconditioner, numbers, scratch } = this.#parts;
    const all = { x, gradient, ...scratch, ...preconditioner && { preconditioner } };
    const text = Object.values(sums).join(" ");
    vectorSums(plan, {
      ...{ name, sums, body, measured: numbers, partials: this.#partials, series: this.#values },
      vectors: Object.fromEntries(
        Object.entries(all).filter(([name]) => new RegExp(`\\b${name}\\b`).test(text)),
      ),
    });
  }

  /** Gives back what it took. */
  free(): void {
    for (const buffer of [this.#partials, this.#values.buffer]) this.#gpu.free(buffer);
    this.#readback.free();
  }
}

/** What {@linkcode conjugateGradient} minimises; vectors are [R, P] of one layout. */
export interface ConjugateGradientOptions {
  /** g. */
  gradient: Vector;
  /** Records image = A direction for every replica, A symmetric and positive definite. */
  product: (plan: Plan, direction: Vector, image: Vector) => void;
  /** Steps at most: of all replicas, or of each. Default 250. */
  steps?: number | readonly number[];
  /** The stop rule's; at 0 it ends where the value has risen, by rounding. Default 5e-4. */
  tolerance?: number;
  /** x_0. Default: zero. */
  start?: Vector;
  /** M, a diagonal of numbers above 0, those in the padding left aside. Default: ones. */
  preconditioner?: Vector;
  /** Whether a replica begins at zero where its x_0 is worse. Default: no. */
  guard?: boolean;
}

/** What became of one replica. */
export interface ConjugateGradientResult {
  /** Steps done. */
  steps: number;
  /** q(x). */
  value: number;
}

/**
 * Minimises q(x) = x'Ax/2 + g'x for R replicas side by side, that is, solves A x = -g, by
 * preconditioned conjugate gradient. Replica r ends after its own number of steps; where the value has
 * stalled, (q_i - q_{i-k}) / q_i < tolerance k with k = max(10, ceil(i/10)) (Martens, "Deep learning
 * via Hessian-free optimization", 2010); or where p'Ap is not above 0, with the x of before. Its bits
 * are those of the same problem solved alone.
 *
 * Gives x, to be freed by the caller, and what became of each replica.
 *
 * @throws {InputError} If a number of steps or the tolerance is out of range, or vectors differ.
 *
 * @example
 * ```ts
 * import { conjugateGradient, matmul, openGPU, Vector, VectorLayout } from "../../mod.ts";
 *
 * using gpu = await openGPU();
 * const row = new VectorLayout([{ name: "x", rows: 1, columns: 2 }]);
 * const square = new VectorLayout([{ name: "A", rows: 2, columns: 2 }]);
 * const [gradient, A] = [new Vector(gpu, "g", row, 1), new Vector(gpu, "A", square, 1)];
 * gradient.write(0, [[1, -1]]);
 * A.write(0, [[2, 1, 1, 3]]);
 * const { x, replicas } = await conjugateGradient(gpu, {
 *   gradient,
 *   product: (plan, direction, image) =>
 *     matmul(plan, { a: direction.tensor(0), b: A.tensor(0), out: image.tensor(0) }),
 * });
 * console.log(await x.read(0), replicas[0].value); // [[-0.8, 0.6]], -0.7
 * ```
 */
export async function conjugateGradient(
  gpu: Gpu,
  options: ConjugateGradientOptions,
): Promise<{ x: Vector; replicas: ConjugateGradientResult[] }> {
  const { gradient, steps = 250, start, preconditioner } = options;
  const { layout, replicas } = gradient;
  const most = Array.from(
    { length: replicas },
    (_, r) => typeof steps === "number" ? steps : steps[r],
  );
  checkProblem(options, most);
  const x = new Vector(gpu, "x", layout, replicas);
  const taken: { free(): void }[] = [];
  const take = <T extends { free(): void }>(part: T) => (taken.push(part), part);
  try {
    const vector = (label: string) => take(new Vector(gpu, label, layout, replicas));
    for (let r = 0; start && r < replicas; r++) x.writePacked(r, await start.readPacked(r));
    const solver = take(
      new ConjugateGradient(gpu, {
        ...options,
        ...{ x, longest: Math.max(...most) },
        scratch: {
          residual: vector("residual"),
          direction: vector("direction"),
          image: vector("image"),
        },
        ...preconditioner && { preconditioner: await filled(preconditioner, vector) },
        numbers: take(numbersOf(gpu, options, most)),
      }),
    );
    const [begin, step] = [take(new Plan(gpu)), take(new Plan(gpu))];
    solver.recordBegin(begin);
    solver.recordStep(step);
    for (const plan of [begin, step]) plan.seal();
    begin.submit();
    await solver.run(Math.max(...most), () => step.submit());
    const all = await solver.read();
    return { x, replicas: all.map(({ iterations, value }) => ({ steps: iterations, value })) };
  } catch (error) {
    x.free();
    throw error;
  } finally {
    for (const part of taken) part.free();
  }
}

function checkProblem(
  { gradient, tolerance = 5e-4, start, preconditioner }: ConjugateGradientOptions,
  steps: readonly (number | undefined)[],
): void {
  const wrong = steps.find((count) =>
    !(Number.isInteger(count) && count! >= 1 && count! <= 65_535)
  );
  if (wrong !== undefined || steps.includes(undefined)) {
    throw new InputError(
      `conjugate gradient takes a whole number of steps from 1 to 65535 of each replica, not ${wrong}`,
    );
  }
  if (!(tolerance >= 0 && tolerance < Infinity)) {
    throw new InputError(`the tolerance must be a finite number of at least 0, not ${tolerance}`);
  }
  for (const [name, vector] of Object.entries({ start, preconditioner })) {
    if (
      !vector || vector.layout.length === gradient.layout.length &&
        vector.replicas === gradient.replicas
    ) continue;
    throw new InputError(`the ${name} is of other vectors than the gradient: give one like it`);
  }
}

/** M with ones in its padding, which is divided by as well. */
async function filled(given: Vector, take: (label: string) => Vector): Promise<Vector> {
  const out = take("preconditioner");
  for (let r = 0; r < given.replicas; r++) {
    out.writePacked(r, (await given.readPacked(r)).map((value) => value || 1));
  }
  return out;
}

function numbersOf(
  gpu: Gpu,
  { tolerance = 5e-4, guard = false }: ConjugateGradientOptions,
  steps: readonly number[],
): ReplicaNumbers & { free(): void } {
  const names = conjugateGradientNumbers;
  const asked: Record<string, number> = { tolerance, guards: guard ? 1 : 0 };
  const values = steps.flatMap((count) =>
    names.map((name) => name === "most_steps" ? count : asked[name] ?? 0)
  );
  const buffer = gpu.upload("numbers", Float32Array.from(values));
  return { buffer, names, free: () => gpu.free(buffer) };
}
