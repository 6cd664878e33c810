import { assertEquals } from "@std/assert";
import { Plan } from "../../core/gpu/plan.ts";
import { Vector, VectorLayout } from "../../core/gpu/vector.ts";
import { partialFloats, vectorSums } from "../../core/ops/vector_sums.ts";
import { hessianFreeFamily } from "../../core/optim/hessian_free.ts";
import * as lines from "../../core/optim/hessian_free_lines.ts";
import { nextLambda, walkBack } from "../../core/reference/hessian_free.ts";
import { type Bench, draw, gpuTest } from "../gpu/fixture.ts";

const names = lines.hessianFreeNumbers;

/** The lines of one decision of many replicas, with one case of loss before and after. */
class Decision {
  readonly #bench: Bench;
  readonly #plan: Plan;
  readonly #first: Vector;
  readonly #other: Vector;
  readonly numbers: GPUBuffer;
  readonly #scalars: number[];

  constructor(bench: Bench, body: string, given: {
    replicas: number;
    sums: Record<string, string>;
    scalars: Record<string, number>;
    numbers: readonly Record<string, number>[];
  }) {
    const { replicas, sums, scalars, numbers } = given;
    const layout = new VectorLayout([{ name: "cases", rows: 1, columns: 1 }]);
    const vector = (label: string) => bench.take(new Vector(bench.gpu, label, layout, replicas));
    this.#bench = bench;
    this.#first = vector("first");
    this.#other = vector("other");
    const scalarNames = hessianFreeFamily.scalars;
    this.#scalars = numbers.flatMap(() => scalarNames.map((name) => scalars[name] ?? 0));
    this.numbers = bench.buffer(
      Float32Array.from(numbers.flatMap((of) => names.map((name) => of[name] ?? 0))),
    );
    this.#plan = bench.take(new Plan(bench.gpu));
    vectorSums(this.#plan, {
      ...{ name: "decision", sums, body },
      vectors: { first: this.#first, other: this.#other },
      scalars: { first: 0, names: scalarNames, groups: 1 },
      measured: { buffer: this.numbers, names },
      partials: bench.buffer(new Float32Array(partialFloats(this.#first, 2))),
    });
    this.#plan.seal();
  }

  /** Decides, with each replica's loss before and after. */
  run(losses: readonly [number, number][]): void {
    losses.forEach(([first, other], r) => {
      this.#first.write(r, [[first]]);
      this.#other.write(r, [[other]]);
    });
    this.#bench.step(this.#plan, { scalars: this.#scalars });
  }

  async read(name: string): Promise<number[]> {
    const all = await this.#bench.floats(this.numbers);
    return Array.from(
      { length: this.#first.replicas },
      (_, r) => all[r * names.length + names.indexOf(name)],
    );
  }
}

gpuTest(
  "lambda grows below a rho of 1/4, falls above 3/4, and stays in its bounds",
  async (bench) => {
    // The model promises 4 less of a loss of 16.
    const given: [lambda: number, before: number, after: number][] = [
      ...[15, 15.0001, 13, 12.9999, 12, 17, NaN, Infinity].map((
        after,
      ): [number, number, number] => [
        ...[1, 16, after] as const,
      ]),
      [0.02, 16, 12],
      [9e7, 16, 17],
      // What the model promises is rounding beside this loss.
      [1, 8e6, 8e6 + 1],
    ];
    const decision = new Decision(bench, lines.trust(1), {
      replicas: given.length,
      sums: { change: "other - first", level: "first" },
      scalars: { lambda_min: 0.015, step_size: 1 },
      numbers: given.map(([lambda]) => ({ lambda, value_candidate: -4 })),
    });
    decision.run(given.map(([, before, after]) => [before, after]));
    const wanted = given.map(([lambda, before, after]) => {
      if (before > 4e6) return lambda;
      const change = Math.fround(after) - before;
      return Math.fround(nextLambda(Math.fround(lambda), change / -4, change, 0.015));
    });
    assertEquals((await decision.read("lambda")).map(shown), wanted.map(shown));
  },
);

/** A float32 to six digits: two thirds are rounded twice. */
function shown(value: number): string {
  return value.toPrecision(6);
}

gpuTest("a step that never lowers the loss is rejected after sixty reductions", async (bench) => {
  const decision = new Decision(bench, lines.search(1), {
    replicas: 2,
    sums: { change: "other - first" },
    scalars: {},
    numbers: [1, 2].map(() => ({ searching: 1, step: 1, slope: -1 })),
  });
  const steps: number[] = [];
  for (let i = 0; i < 61; i++) {
    // The second replica's loss falls enough at its third try.
    decision.run([[2, 2], [2, i < 2 ? 2 : 1]]);
    steps.push((await decision.read("step"))[0]);
  }
  assertEquals(steps[58] > 0, true);
  assertEquals(shown(steps[58]), shown(0.8 ** 59));
  assertEquals(steps.slice(59), [0, 0]);
  assertEquals((await decision.read("step"))[1].toFixed(6), "0.640000");
  assertEquals(await decision.read("searching"), [0, 0]);
});

gpuTest("the candidate is where a walk back from the last mark stops", async (bench) => {
  const [replicas, most] = [200, 9];
  const drawn = draw(replicas * most, 1);
  const losses = Array.from({ length: replicas }, (_, r) =>
    Array.from(
      { length: 1 + r % most },
      // Few different values, so that some are equal.
      (_, j) => Math.round(4 * drawn[r * most + j]),
    ));
  const decision = new Decision(bench, lines.judge(1), {
    replicas,
    sums: { change: "other - first" },
    scalars: { backtrack: 1 },
    numbers: losses.map(() => ({})),
  });
  const taken = losses.map(() => -1);
  for (let j = 0; j < most; j++) {
    // A replica without a further mark has no further iterate.
    for (const [r, of] of losses.entries()) {
      const place = 4 * (r * names.length + names.indexOf("iterations"));
      bench.gpu.write(decision.numbers, Float32Array.of(Math.min(j, of.length - 1) + 1), place);
    }
    decision.run(losses.map((of) => [0, of[Math.min(j, of.length - 1)]]));
    (await decision.read("takes")).forEach((takes, r) => taken[r] = takes ? j : taken[r]);
  }
  assertEquals(taken, losses.map(walkBack));
});

Deno.test("marksUpTo() are 5, and each 1.3 times as far", () => {
  assertEquals(lines.marksUpTo(250), [
    ...[5, 7, 9, 11, 15, 19, 25, 32, 41, 54, 69, 90, 117, 152, 197],
  ]);
  assertEquals(lines.marksUpTo(4), []);
});
