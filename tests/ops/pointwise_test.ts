import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { Vector, VectorLayout } from "../../core/gpu/vector.ts";
import { type Pointwise, pointwise } from "../../core/ops/pointwise.ts";
import { linearBody, linearScalars } from "../../core/optim/nesterov.ts";
import { type Bench, draw, gpuTest } from "../gpu/fixture.ts";
import { oneBufferUpdate, type Rates } from "../../core/reference/optimizers.ts";
import { unitRoundoff } from "../../core/reference/tolerance.ts";

const never = 0xffffffff;

/** Rates that float32 holds. */
const rates: readonly Rates[] = [
  { learningRate: 0.25, momentum: 0, lead: 0, nextLead: 0 }, // SGD
  { learningRate: 0.125, momentum: 0.75, lead: 0, nextLead: 0 }, // CM
  { learningRate: 2 ** -6, momentum: 0.984375, lead: 0.984375, nextLead: 0.9921875 }, // NAG
];

/** As the linear body reads them. */
function scalarsOf({ learningRate, momentum, lead, nextLead }: Rates): number[] {
  return [learningRate, momentum, lead, nextLead];
}

/** One tensor of any length that is a multiple of four. */
function layoutOf(length: number): VectorLayout {
  const tensor = { name: "all", rows: 1, columns: length, stride: length, offset: 0 };
  return Object.assign(new VectorLayout([]), { tensors: [tensor], length });
}

/** R vectors that hold `values`, one replica after another. */
function vectorOf(bench: Bench, layout: VectorLayout, values: Float32Array<ArrayBuffer>): Vector {
  const replicas = values.length / layout.length;
  const vector = bench.take(new Vector(bench.gpu, "test", layout, replicas));
  bench.gpu.write(vector.buffer, values);
  return vector;
}

/** The bits of all replicas of a vector. */
async function bitsOf({ gpu, buffer, layout, replicas }: Vector): Promise<Uint32Array> {
  return new Uint32Array(await gpu.read(buffer, 0, 4 * layout.length * replicas));
}

interface State {
  phi: Float32Array<ArrayBuffer>;
  velocity: Float32Array<ArrayBuffer>;
  gradient: Float32Array<ArrayBuffer>;
  divergedAt?: number[];
}

const drawn = (length: number): State => ({
  phi: draw(length, 1),
  velocity: draw(length, 2),
  gradient: draw(length, 3),
});

/** The linear update of R vectors of the same layout, on the GPU. */
async function update(
  bench: Bench,
  state: State,
  { layout, rates, update, groupOf }: {
    /** Default: of one tensor. */
    layout?: VectorLayout;
    /** By replica and group. */
    rates: readonly (readonly Rates[])[];
    update: number;
    groupOf?: readonly (number | undefined)[];
  },
) {
  const replicas = rates.length;
  layout ??= layoutOf(state.phi.length / replicas);
  const [parameters, velocity, gradient] = [state.phi, state.velocity, state.gradient]
    .map((values) => vectorOf(bench, layout, values));
  const divergedAt = bench.buffer(Uint32Array.from(state.divergedAt ?? rates.map(() => never)));
  bench.run((plan) =>
    pointwise(plan, {
      name: "linear",
      body: linearBody,
      reads: { gradient },
      updates: { parameters, velocity },
      scalars: { first: 0, names: linearScalars, groups: rates[0].length },
      ...groupOf && { groupOf },
      diverges: { at: divergedAt, first: 0 },
    }), { update, scalars: rates.flat().flatMap(scalarsOf) });
  const size = state.phi.length;
  assertEquals(await bitsOf(gradient), new Uint32Array(state.gradient.buffer, 0, size));
  return {
    phi: new Float32Array((await bitsOf(parameters)).buffer as ArrayBuffer),
    velocity: new Float32Array((await bitsOf(velocity)).buffer as ArrayBuffer),
    divergedAt: [...(await bench.integers(divergedAt)).subarray(0, replicas)],
  };
}

const alone = (rates: readonly Rates[]) => rates.map((rate) => [rate]);

gpuTest("pointwise() updates SGD, CM and NAG side by side", async (bench) => {
  for (const length of [4, 8, 264, 1000, 1028, 2056]) {
    const state = drawn(3 * length);
    const after = await update(bench, state, { rates: alone(rates), update: 0 });
    rates.forEach((rate, r) => {
      const part = (values: Float32Array) => values.subarray(r * length, (r + 1) * length);
      const [phi, velocity, gradient] = [state.phi, state.velocity, state.gradient]
        .map((values) => Float64Array.from(part(values)));
      const exact = oneBufferUpdate({ phi, velocity }, gradient, rate);
      for (let i = 0; i < length; i++) {
        const { learningRate, momentum, lead, nextLead } = rate;
        const terms = Math.abs(momentum * velocity[i]) + Math.abs(learningRate * gradient[i]);
        // Two products and their sum; then phi' has four terms, and the error of v' twice.
        const velocityError = 3 * unitRoundoff * terms;
        const others = Math.abs(phi[i]) + Math.abs(lead * velocity[i]) + (1 + nextLead) * terms;
        const phiError = (1 + nextLead) * velocityError + 4 * unitRoundoff * others;
        const label = `replica ${r} of ${length} at ${i}`;
        assertAlmostEquals(part(after.velocity)[i], exact.velocity[i], velocityError, label);
        assertAlmostEquals(part(after.phi)[i], exact.phi[i], phiError, label);
      }
    });
    assertEquals(after.divergedAt, [never, never, never]);
  }
});

gpuTest("pointwise() gives a replica the bits it has alone", async (bench) => {
  const length = 264;
  const state = drawn(3 * length);
  const together = await update(bench, state, { rates: alone(rates), update: 0 });
  for (const r of [0, 1, 2]) {
    const part = (values: Float32Array<ArrayBuffer>) => values.slice(r * length, (r + 1) * length);
    const { phi, velocity, gradient } = state;
    const one = await update(
      bench,
      { phi: part(phi), velocity: part(velocity), gradient: part(gradient) },
      { rates: [[rates[r]]], update: 0 },
    );
    assertEquals(one.phi, part(together.phi.slice()));
    assertEquals(one.velocity, part(together.velocity.slice()));
  }
});

gpuTest("pointwise() marks replicas that are not finite, and harms no other", async (bench) => {
  const length = 264;
  const state = drawn(5 * length);
  const five = alone([...rates, rates[0], rates[0]]);
  const clean = await update(bench, state, { rates: five, update: 9 });
  const harmed = { ...state, gradient: state.gradient.slice(), phi: state.phi.slice() };
  harmed.gradient[2 * length - 1] = NaN; // the last of replica 1
  harmed.phi[2 * length] = Infinity; // the first of replica 2
  harmed.gradient[3 * length + 70] = -Infinity;
  harmed.gradient[4 * length + 3] = NaN;
  const divergedAt = [never, never, never, 4, 100];
  const after = await update(bench, { ...harmed, divergedAt }, { rates: five, update: 9 });
  assertEquals(after.divergedAt, [never, 10, 10, 4, 10]); // the smaller stays
  const changed = [...after.phi].flatMap((value, i) => Object.is(value, clean.phi[i]) ? [] : [i]);
  assertEquals(changed, [2 * length - 1, 2 * length, 3 * length + 70, 4 * length + 3]);
  for (const i of changed) assertEquals(Number.isFinite(after.phi[i]), false);
});

/** Tensors of less than a workgroup, of one and a bit, and of several. */
const tensors = new VectorLayout([
  { name: "a", rows: 40, columns: 30 },
  { name: "b", rows: 1, columns: 30, isBias: true },
  { name: "c", rows: 3, columns: 3 },
  { name: "d", rows: 100, columns: 20 },
  { name: "e", rows: 1, columns: 20, isBias: true },
]);

/** From where to where a tensor of a layout lies. */
function rangeOf({ tensors, length }: VectorLayout, name: string): [begin: number, end: number] {
  const t = tensors.findIndex((tensor) => tensor.name === name);
  return [tensors[t].offset, tensors[t + 1]?.offset ?? length];
}

for (const replicas of [1, 3]) {
  for (
    const groupOf of [
      [0, 1, 2, 0, 1],
      [1, 1, 0, 0, 2], // runs of several tensors
      [2, undefined, undefined, 0, 1],
      [undefined, 0, 1, 1, undefined],
      [undefined, undefined, 2, undefined, undefined],
    ]
  ) {
    const what = groupOf.map((group) => group ?? "-").join(" ");
    gpuTest(`pointwise() has scalars by group: ${what}, R = ${replicas}`, async (bench) => {
      const { length } = tensors;
      const state = drawn(replicas * length);
      const each = Array.from({ length: replicas }, (_, r) =>
        [0, 1, 2].map((g) => {
          const { learningRate, ...others } = rates[(r + g) % 3];
          return { learningRate: learningRate * (1 + r / 8), ...others };
        }));
      const grouped = await update(bench, state, {
        layout: tensors,
        rates: each,
        update: 0,
        groupOf,
      });
      const plain = await Promise.all([0, 1, 2].map((g) =>
        update(bench, state, {
          layout: tensors,
          rates: each.map((groups) => [groups[g]]),
          update: 0,
        })
      ));
      tensors.tensors.forEach(({ name }, t) => {
        const [begin, end] = rangeOf(tensors, name);
        const group = groupOf[t];
        // A tensor without a group is left as it is.
        const wanted = group === undefined ? state : plain[group];
        for (let r = 0; r < replicas; r++) {
          for (const part of ["phi", "velocity"] as const) {
            const of = (values: Float32Array) => values.slice(r * length + begin, r * length + end);
            assertEquals(of(grouped[part]), of(wanted[part]), `${part} of ${name}, replica ${r}`);
          }
        }
      });
      assertEquals(grouped.divergedAt, each.map(() => never));
    });
  }
}

gpuTest("pointwise() marks what is not finite in any group, and not without one", async (bench) => {
  const { length } = tensors;
  const replicas = 3;
  const state = drawn(replicas * length);
  const [, [b], , [d]] = tensors.tensors.map(({ name }) => rangeOf(tensors, name));
  state.gradient[b + 3] = NaN; // of replica 0, in a tensor without a group
  state.gradient[length + d + 1700] = Infinity;
  const { divergedAt } = await update(bench, state, {
    layout: tensors,
    rates: rates.map((rate) => [rate, rate]),
    update: 6,
    groupOf: [0, undefined, 0, 1, 1],
  });
  assertEquals(divergedAt, [never, 7, never]);
});

gpuTest("pointwise() records nothing where no tensor has a group", (bench) => {
  const vector = vectorOf(bench, tensors, draw(tensors.length, 1));
  const plan = bench.run((plan) =>
    pointwise(plan, {
      name: "none",
      body: "x = 2 * x;",
      updates: { x: vector },
      groupOf: tensors.tensors.map(() => undefined),
    })
  );
  assertEquals(plan.length, 0);
});

/** Some of the tensors, in another order, and with something before them. */
const some = new VectorLayout([
  { name: "other", rows: 50, columns: 40 },
  ...["d", "b", "a"].map((name) => tensors.tensors.find((tensor) => tensor.name === name)!),
]);

for (const replicas of [1, 3]) {
  gpuTest(
    `pointwise() takes vectors of some tensors beside others, R = ${replicas}`,
    async (bench) => {
      const [x, g] = [1, 2].map((stream) => draw(replicas * tensors.length, stream));
      const [m, s] = [3, 4].map((stream) => draw(replicas * some.length, stream));
      const groupOf = [1, 0, undefined, 0, undefined];
      const factors = Array.from({ length: 2 * replicas }, (_, k) => 2 ** -k);
      const run = async (order: "whole first" | "some first") => {
        const [xs, gs] = [x, g].map((values) => vectorOf(bench, tensors, values));
        const [ms, ss] = [m, s].map((values) => vectorOf(bench, some, values));
        const updates: Pointwise["updates"] = order === "whole first"
          ? { x: xs, m: ms }
          : { m: ms, x: xs };
        const isWhole = order === "whole first";
        bench.run((plan) =>
          pointwise(plan, {
            name: "some",
            body: "m = factor * m + g; x = x - m * s;",
            updates,
            reads: { g: gs, s: ss },
            scalars: { first: 0, names: ["factor"], groups: 2 },
            groupOf: isWhole ? groupOf : [undefined, 0, 0, 1], // other, d, b, a
          }), { scalars: factors });
        for (const [vector, was] of [[gs, g], [ss, s]] as const) {
          assertEquals(await bitsOf(vector), new Uint32Array(was.buffer, 0, was.length));
        }
        return { x: await bitsOf(xs), m: await bitsOf(ms) };
      };
      const wanted = { x: x.slice(), m: m.slice() };
      tensors.tensors.forEach(({ name }, t) => {
        const group = groupOf[t];
        if (group === undefined) return;
        const [begin, end] = rangeOf(tensors, name);
        const [place] = rangeOf(some, name);
        for (let r = 0; r < replicas; r++) {
          for (let i = 0; i < end - begin; i++) {
            const [at, there] = [r * tensors.length + begin + i, r * some.length + place + i];
            const mean = factors[2 * r + group] * m[there] + g[at];
            wanted.m[there] = mean;
            wanted.x[at] = x[at] - wanted.m[there] * s[there];
          }
        }
      });
      const bits = await run("whole first");
      assertEquals(await run("some first"), bits);
      for (const name of ["x", "m"] as const) {
        const values = new Float32Array(bits[name].buffer as ArrayBuffer);
        // Of numbers below 3, rounded up to thrice.
        values.forEach((value, i) => {
          assertAlmostEquals(value, wanted[name][i], 3 * 3 * unitRoundoff, `${name} at ${i}`);
        });
        const kept = name === "x" ? x : m;
        const changed = values.filter((value, i) => value !== kept[i]).length;
        const sizes = ["a", "b", "d"].map((tensor) => rangeOf(tensors, tensor))
          .reduce((sum, [begin, end]) => sum + end - begin, 0);
        assertEquals(changed > 0.99 * replicas * sizes && changed <= replicas * sizes, true);
      }
    },
  );
}

gpuTest("pointwise() refuses vectors of three layouts, and those that lack a tensor", (bench) => {
  const [whole, part] = [tensors, some].map((layout) =>
    vectorOf(bench, layout, new Float32Array(layout.length))
  );
  const third = new VectorLayout(tensors.tensors.slice(0, 1));
  const least = vectorOf(bench, third, new Float32Array(third.length));
  const swapped = new VectorLayout(tensors.tensors.toReversed());
  const other = vectorOf(bench, swapped, new Float32Array(swapped.length));
  const refused = (updates: Pointwise["updates"], says: string) =>
    assertThrows(
      () => bench.run((plan) => pointwise(plan, { name: "mine", body: "x = x;", updates })),
      RangeError,
      says,
    );
  refused({ x: whole, y: part, z: least }, 'mine has vectors of three layouts, "z" the third');
  refused({ x: whole, y: part }, 'mine lacks a vector with "c"');
  const square = new VectorLayout([
    ...tensors.tensors.slice(1),
    { name: "a", rows: 40, columns: 40 },
  ]);
  const larger = vectorOf(bench, square, new Float32Array(square.length));
  refused({ x: whole, y: larger }, 'mine lacks a vector with "a"'); // of its size
  // Of the same length, and not the same.
  refused({ x: whole, y: other, z: part }, "three layouts");
});

gpuTest(
  "pointwise() takes vectors of the same length whose tensors lie elsewhere",
  async (bench) => {
    const swapped = new VectorLayout(tensors.tensors.toReversed());
    const [x, y] = [draw(tensors.length, 1), draw(tensors.length, 2)];
    const vectors = { x: vectorOf(bench, tensors, x), y: vectorOf(bench, swapped, y) };
    bench.run((plan) => pointwise(plan, { name: "swapped", body: "x = y;", updates: vectors }));
    const after = new Float32Array((await bitsOf(vectors.x)).buffer as ArrayBuffer);
    for (const { name } of tensors.tensors) {
      const [from, to] = [tensors, swapped].map((layout) => rangeOf(layout, name));
      assertEquals(after.slice(...from), y.slice(...to), name);
    }
  },
);

gpuTest("pointwise() works on neighbouring replicas of larger vectors", async (bench) => {
  const layout = layoutOf(264);
  const { length } = layout;
  const [x, g] = [draw(5 * length, 1), draw(4 * length, 2)];
  const whole = { x: vectorOf(bench, layout, x), g: vectorOf(bench, layout, g) };
  const divergedAt = bench.buffer(new Uint32Array(8).fill(never));
  const harmed = g.slice();
  harmed[2 * length + 7] = NaN; // of the second of the two
  bench.gpu.write(whole.g.buffer, harmed);
  bench.run((plan) =>
    pointwise(plan, {
      name: "slice",
      body: "parameters = parameters + rate * g;",
      updates: { parameters: whole.x.slice(2, 2) },
      reads: { g: whole.g.slice(1, 2) },
      scalars: { first: 3, names: ["rate"], groups: 1 },
      diverges: { at: divergedAt, first: 5 },
    }), { update: 1, scalars: [9, 9, 9, 1, 2, 9] });
  const after = new Float32Array((await bitsOf(whole.x)).buffer as ArrayBuffer);
  const wanted = x.map((value, i) => {
    const r = Math.floor(i / length) - 2;
    return r === 0 || r === 1 ? value + [1, 2][r] * harmed[i - length] : value;
  });
  assertEquals(after, wanted);
  assertEquals(
    [...await bench.integers(divergedAt)],
    Array.from({ length: 8 }, (_, i) => i === 6 ? 2 : never),
  );
});

gpuTest(
  "pointwise() reads what was measured of each replica, and numbers of the plan",
  async (bench) => {
    const layout = layoutOf(1028);
    const { length } = layout;
    for (const replicas of [1, 3]) {
      const whole = (stream: number) =>
        draw(replicas * length, stream).map((value) => Math.round(8 * value));
      const [x, y] = [whole(1), whole(2)];
      const vectors = { x: vectorOf(bench, layout, x), y: vectorOf(bench, layout, y) };
      const measured = Array.from({ length: replicas }, (_, r) => [r + 1, 2 ** -r]);
      bench.run((plan) =>
        pointwise(plan, {
          name: "measured",
          body: "x = size * x + share * y + two * half + scale;",
          updates: { x: vectors.x },
          reads: { y: vectors.y },
          scalars: { first: 1, names: ["scale"], groups: 1 },
          numbers: { two: 2, half: 0.5 },
          measured: {
            buffer: bench.buffer(Float32Array.from(measured.flat())),
            names: ["size", "share"],
          },
        }), { scalars: [99, 4, 5, 6] });
      const after = new Float32Array((await bitsOf(vectors.x)).buffer as ArrayBuffer);
      const wanted = x.map((value, i) => {
        const r = Math.floor(i / length);
        const [size, share] = measured[r];
        return size * value + share * y[i] + 1 + 4 + r; // exact
      });
      assertEquals(after, wanted);
    }
  },
);

gpuTest("pointwise() takes no more than vectors and lines", async (bench) => {
  const layout = layoutOf(260);
  const x = draw(2 * layout.length, 1);
  const vector = vectorOf(bench, layout, x);
  bench.run((plan) =>
    pointwise(plan, { name: "twice", body: "x = x + x;", updates: { x: vector } })
  );
  const after = new Float32Array((await bitsOf(vector)).buffer as ArrayBuffer);
  assertEquals(after, x.map((value) => 2 * value));
});
