import { assertEquals, assertLessOrEqual, assertRejects } from "@std/assert";
import { InputError } from "../../core/errors.ts";
import { Vector, VectorLayout } from "../../core/gpu/vector.ts";
import { matmul } from "../../core/ops/matmul.ts";
import {
  conjugateGradient,
  type ConjugateGradientOptions,
} from "../../core/optim/conjugate_gradient.ts";
import * as reference from "../../core/reference/conjugate_gradient.ts";
import { orthonormal, Quadratic } from "../../core/reference/quadratic.ts";
import { unitRoundoff } from "../../core/reference/tolerance.ts";
import { type Bench, draw, gpuTest } from "../gpu/fixture.ts";

/** |A| |A^-1| of the problems. */
const condition = 10;

/** x'Ax/2 + g'x of n numbers: A symmetric to the bit, its eigenvalues from 1 to the condition. */
interface Problem {
  A: Float64Array;
  gradient: Float64Array;
  start: Float64Array;
  preconditioner: Float64Array;
}

function problem(n: number, stream: number): Problem {
  const vector = (k: number) => Float64Array.from(draw(n, 100 * stream + k));
  const spectrum = Array.from({ length: n }, (_, i) => condition ** (i / Math.max(1, n - 1)));
  const rotation = orthonormal([...vector(1)], [...vector(2)]);
  const { matrix } = new Quadratic({ spectrum, rotation });
  const A = matrix.map((_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    return Math.fround(matrix[Math.min(i, j) * n + Math.max(i, j)]);
  });
  const [gradient, start, drawn] = [vector(3), vector(4), vector(5)];
  return { A, gradient, start, preconditioner: drawn.map((m) => Math.fround(1 + m * m)) };
}

function solve(
  { A, gradient }: Problem,
  options: Omit<reference.ConjugateGradientProblem, "product" | "gradient">,
) {
  const n = gradient.length;
  const product = (x: Float64Array) =>
    x.map((_, i) => x.reduce((sum, x, j) => sum + A[i * n + j] * x, 0));
  return reference.conjugateGradient({ product, gradient, ...options });
}

type Options = Partial<Omit<ConjugateGradientOptions, "start" | "preconditioner">> & {
  start?: boolean;
  preconditioned?: boolean;
};

/** Solves the problems side by side. */
async function run(bench: Bench, problems: readonly Problem[], options: Options = {}) {
  const { gpu } = bench;
  const [{ gradient: { length: n } }, replicas] = [problems[0], problems.length];
  const row = new VectorLayout([{ name: "x", rows: 1, columns: n }]);
  const square = new VectorLayout([{ name: "A", rows: n, columns: n }]);
  const upload = (layout: VectorLayout, of: (problem: Problem) => Float64Array) => {
    const vector = bench.take(new Vector(gpu, "test", layout, replicas));
    problems.forEach((problem, r) => vector.write(r, [of(problem)]));
    return vector;
  };
  const A = upload(square, ({ A }) => A);
  const { start, preconditioned, ...rest } = options;
  const { x, replicas: results } = await conjugateGradient(gpu, {
    gradient: upload(row, ({ gradient }) => gradient),
    product: (plan, direction, image) =>
      matmul(plan, { a: direction.tensor(0), b: A.tensor(0), out: image.tensor(0) }),
    ...start && { start: upload(row, ({ start }) => start) },
    ...preconditioned && { preconditioner: upload(row, (problem) => problem.preconditioner) },
    ...rest,
  });
  bench.take(x);
  return await Promise.all(
    results.map(async (result, r) => ({ ...result, x: (await x.read(r))[0] })),
  );
}

/**
 * What rounding may move x_k: the residual that is updated drifts from the true one by at most
 * u (n + 2) |A| |x| a step (Greenbaum, "Estimating the attainable accuracy of recursively computed
 * residual methods", 1997), and |A^-1| makes an error of x of it.
 */
function drift(n: number, steps: number, x: Float64Array): number {
  return condition * unitRoundoff * (steps + 1) * (n + 2) * Math.sqrt(reference.dot(x, x));
}

function distance(a: ArrayLike<number>, b: Float64Array): number {
  return Math.hypot(...b.map((b, i) => a[i] - b));
}

for (const n of [1, 3, 17, 129]) {
  gpuTest(`conjugateGradient() of ${n} numbers makes the steps of float64`, async (bench) => {
    const problems = [1, 2, 3].map((stream) => problem(n, stream));
    for (const preconditioned of [false, true]) {
      for (const start of [false, true]) {
        const asked = [1, 2, 5].map((steps) => Math.min(steps, n));
        const all = await run(bench, problems, {
          steps: asked,
          tolerance: 0,
          start,
          preconditioned,
        });
        all.forEach(({ x, steps, value }, r) => {
          const iterates = solve(problems[r], {
            steps: asked[r],
            ...start && { start: problems[r].start },
            ...preconditioned && { preconditioner: problems[r].preconditioner },
          });
          const wanted = iterates.at(-1)!;
          assertEquals(steps, asked[r]);
          assertLessOrEqual(distance(x, wanted.x), drift(n, steps, wanted.x), `x of ${r}`);
          const bound = drift(n, steps, wanted.x) * Math.hypot(...problems[r].gradient);
          assertLessOrEqual(Math.abs(value - wanted.value), bound, `value of ${r}`);
        });
      }
    }
  });
}

gpuTest(
  "conjugateGradient() stops where the value has stalled, each replica alone",
  async (bench) => {
    const problems = [1, 2, 3].map((stream) => problem(129, stream));
    const together = await run(bench, problems, { steps: [100, 3, 100] });
    const expected = problems.map((problem, r) =>
      solve(problem, { steps: [100, 3, 100][r], tolerance: 5e-4 }).length - 1
    );
    assertEquals(together.map(({ steps }) => steps), expected);
    for (const [r, problem] of problems.entries()) {
      const [alone] = await run(bench, [problem], { steps: [100, 3, 100][r] });
      assertEquals(alone, together[r]);
    }
  },
);

gpuTest(
  "conjugateGradient() leaves a start that is worse than zero, where it guards",
  async (bench) => {
    const given = problem(17, 1);
    const bad = { ...given, start: given.gradient.map((g) => 3 * g) };
    const options = { steps: 4, tolerance: 0, start: true };
    const [plain, guarded, fromZero] = [
      await run(bench, [bad, given], options),
      await run(bench, [bad, given], { ...options, guard: true }),
      await run(bench, [bad, given], { ...options, start: false }),
    ];
    assertEquals(guarded[0], fromZero[0]);
    const better = solve(given, { steps: 0, start: given.start })[0].value < 0;
    assertEquals(guarded[1], better ? plain[1] : fromZero[1]);
    assertEquals(distance(plain[0].x, Float64Array.from(guarded[0].x)) > 0, true);
  },
);

gpuTest(
  "a replica that is not finite, or not definite, stops with the x of before",
  async (bench) => {
    const good = problem(17, 1);
    const broken = { ...good, gradient: good.gradient.map((g, i) => i === 3 ? NaN : g) };
    const negative = { ...good, A: good.A.map((a) => -a) };
    const [alone] = await run(bench, [good], { steps: 30 });
    const all = await run(bench, [broken, good, negative], { steps: 30 });
    assertEquals(all[1], alone);
    assertEquals(all.map(({ steps }) => steps), [0, alone.steps, 0]);
    for (const r of [0, 2]) assertEquals(all[r].x, new Float32Array(17));
  },
);

gpuTest("conjugateGradient() refuses what it cannot do, in a line", async (bench) => {
  const one = [problem(3, 1)];
  for (
    const [options, message] of [
      [{ steps: 0 }, "a whole number of steps from 1 to 65535 of each replica, not 0"],
      [{ steps: [] }, "of each replica, not undefined"],
      [{ tolerance: -1 }, "the tolerance must be a finite number of at least 0, not -1"],
      [{ tolerance: NaN }, "not NaN"],
    ] as const
  ) {
    await assertRejects(() => run(bench, one, options), InputError, message);
  }
  const other = bench.take(
    new Vector(bench.gpu, "other", new VectorLayout([{ name: "x", rows: 1, columns: 30 }]), 1),
  );
  const options = { gradient: other, product() {} };
  const start = bench.take(new Vector(bench.gpu, "start", other.layout, 2));
  await assertRejects(
    () => conjugateGradient(bench.gpu, { ...options, start }),
    InputError,
    "the start is of other vectors than the gradient",
  );
});
