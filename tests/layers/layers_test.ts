// Every layer through the same checks: forward and backward against float64, tangents against both.

import { assertEquals, assertLessOrEqual } from "@std/assert";
import { Buffers } from "../../core/graph/buffers.ts";
import { Recording } from "../../core/graph/recording.ts";
import type { Value } from "../../core/graph/operation.ts";
import { type Layer, Tape } from "../../core/graph/tape.ts";
import { pad, type Tensor, unpad } from "../../core/gpu/tensor.ts";
import type { Plan } from "../../core/gpu/plan.ts";
import { Vector } from "../../core/gpu/vector.ts";
import { activation } from "../../core/layers/activation.ts";
import { add, residual } from "../../core/layers/add.ts";
import { attention } from "../../core/layers/attention.ts";
import { batchNorm } from "../../core/layers/batch_norm.ts";
import { dense } from "../../core/layers/dense.ts";
import { dropout } from "../../core/layers/dropout.ts";
import { embedding, positions } from "../../core/layers/embedding.ts";
import { elementwiseLayer } from "../../core/layers/elementwise_layer.ts";
import { gelu } from "../../core/layers/gelu.ts";
import { layerNorm } from "../../core/layers/layer_norm.ts";
import { noise } from "../../core/layers/noise.ts";
import { patches, stepMean } from "../../core/layers/patches.ts";
import { recurrent } from "../../core/layers/recurrent.ts";
import { sequential } from "../../core/layers/sequential.ts";
import { activations } from "../../core/ops/activation.ts";
import { timeLoops } from "../../core/ops/recurrence.ts";
import { EPSILON as batchEpsilon } from "../../core/ops/batch_norm.ts";
import { EPSILON } from "../../core/ops/layer_norm.ts";
import { seedKey } from "../../core/random.ts";
import * as attentionReference from "../../core/reference/attention.ts";
import * as reference from "../../core/reference/layers.ts";
import type { ReferenceLayer } from "../../core/reference/layers.ts";
import { gradientTolerance, relativeDifference } from "../../core/reference/tolerance.ts";
import { type Bench, draw, gpuTest } from "../gpu/fixture.ts";
import { type Case, imageCases } from "./image_cases.ts";

const [UPDATE, POSITION] = [5, 40];
/** cos may be off by 2^-11: times this and a radius of 1.4 that is less than the tolerance. */
const DEVIATION = 1 / 16;
const geluRoot = Math.sqrt(2 / Math.PI);
const same = reference.activation("linear");
const drawn = { update: UPDATE, position: POSITION };
const dropped = (seed: number, stream: number, rate = 0.4) =>
  reference.dropout({ ...drawn, rate, seed, stream });
const noised = (seed: number, stream: number, steps = 1) =>
  reference.noise({ ...drawn, deviation: DEVIATION, seed, stream, steps });

/** A layer of a user's own: y = x / (1 + x^2), its rules in WGSL. */
const ownLayer: Layer = (tape, x) => {
  const y = tape.value(x.columns);
  const map = (body: string) => `
    struct Shape { length: u32 }
    @group(0) @binding(0) var<uniform> shape: Shape;
    @group(0) @binding(1) var<storage, read> x: array<f32>;
    @group(0) @binding(2) var<storage, read> v: array<f32>;
    @group(0) @binding(3) var<storage, read_write> out: array<f32>;
    @compute @workgroup_size(64)
    fn main(@builtin(global_invocation_id) id: vec3u) {
      let i = id.x;
      if i >= shape.length { return; }
      let z = x[i];
      out[i] = ${body};
    }`;
  const record = (
    plan: Plan,
    body: string,
    [x, v, out]: readonly Tensor[],
  ) => {
    const length = out.replicas * out.replicaStride;
    const kernel = plan.gpu.kernel("own", [map(body)]);
    const bindings = { shape: { length }, x: x.buffer, v: v.buffer, out: out.buffer };
    plan.dispatch(kernel, bindings, { groups: [Math.ceil(length / 64), 1, 1], iterations: 0 });
  };
  const slope = "v[i] * (1 - z * z) / ((1 + z * z) * (1 + z * z))";
  return tape.record({
    ...{ name: "own", reads: [x], writes: y },
    forward: (plan, { data }) =>
      record(plan, "z / (1 + z * z) + 0 * v[i]", [data(x), data(x), data(y)]),
    backward: (plan, { data, delta, share }) =>
      record(plan, slope, [data(x), delta(y), share(x)!.out]),
    tangent: (plan, { data, tangent }) => record(plan, slope, [data(x), tangent(x)!, tangent(y)!]),
  });
};

/** What is done with each unit, and its slope. */
function mapped(value: (x: number) => number, slope: (x: number) => number): ReferenceLayer {
  return {
    tensors: 0,
    at(x) {
      const times = (v: Float64Array) => v.map((v, i) => v * slope(x[i]));
      return { y: x.map(value), backward: (v) => ({ x: times(v), tensors: [] }), tangent: times };
    },
  };
}

const ownReference = mapped((x) => x / (1 + x * x), (x) => (1 - x * x) / (1 + x * x) ** 2);

const cases: Record<string, Case> = {
  ...imageCases,
  "dense()": { layer: (units) => dense({ units }), reference: (units) => reference.dense(units) },
  ...Object.fromEntries(activations.map((kind): [string, Case] => [`dense() of ${kind} units`, {
    layer: (units) => sequential(dense({ units, activation: kind }), dense({ units: 3 })),
    reference: (units) => reference.sequential(reference.dense(units, kind), reference.dense(3)),
  }])),
  ...Object.fromEntries(activations.map((kind): [string, Case] => [`activation() ${kind}`, {
    layer: (units) => sequential(dense({ units }), activation(kind), dense({ units: 17 })),
    reference: (units) =>
      reference.sequential(reference.dense(units), reference.activation(kind), reference.dense(17)),
  }])),
  "residual()": {
    layer: (units) =>
      sequential(
        dense({ units, activation: "tanh" }),
        residual(dense({ units: 5, activation: "sigmoid" }), dense({ units })),
      ),
    reference: (units) =>
      reference.sequential(
        reference.dense(units, "tanh"),
        reference.branches(
          same,
          reference.sequential(reference.dense(5, "sigmoid"), reference.dense(units)),
        ),
      ),
  },
  "residual() of the input": {
    layer: () => (tape, x) =>
      residual(dense({ units: 5, activation: "tanh" }), dense({ units: x.columns }))(tape, x),
    reference: (_units, _seed, inputs) =>
      reference.branches(
        same,
        reference.sequential(reference.dense(5, "tanh"), reference.dense(inputs)),
      ),
  },
  "add() of a value and itself": {
    layer: (units) => (tape, x) => {
      const h = dense({ units, activation: "tanh" })(tape, x);
      return add(tape, h, h);
    },
    reference: (units) =>
      reference.sequential(reference.dense(units, "tanh"), reference.branches(same, same)),
  },
  "layerNorm()": {
    layer: (units) => sequential(dense({ units }), layerNorm(), dense({ units: 3 })),
    reference: (units) =>
      reference.sequential(
        reference.dense(units),
        reference.layerNorm(EPSILON),
        reference.dense(3),
      ),
  },
  "layerNorm() of the input": {
    layer: (units) => sequential(layerNorm(), dense({ units })),
    reference: (units) =>
      reference.sequential(reference.layerNorm(EPSILON), reference.dense(units)),
  },
  "batchNorm()": {
    leastBatch: 5,
    layer: (units) =>
      sequential(
        // Units of several inputs, whose variance is not by chance near 0.
        dense({ units: 17, activation: "tanh" }),
        dense({ units, activation: "tanh" }),
        batchNorm(),
        dense({ units: 3 }),
      ),
    reference: (units) =>
      reference.sequential(
        reference.dense(17, "tanh"),
        reference.dense(units, "tanh"),
        reference.batchNorm(batchEpsilon),
        reference.dense(3),
      ),
  },
  "batchNorm() of the input": {
    leastBatch: 5,
    layer: (units) => sequential(batchNorm(), dense({ units })),
    reference: (units) =>
      reference.sequential(reference.batchNorm(batchEpsilon), reference.dense(units)),
  },
  "dropout()": {
    layer: (units) => sequential(dense({ units, activation: "relu" }), dropout(0.4), layerNorm()),
    reference: (units, seed) =>
      reference.sequential(
        reference.dense(units, "relu"),
        dropped(seed, 1),
        reference.layerNorm(EPSILON),
      ),
  },
  "dropout() of the input": {
    layer: (units) => sequential(dropout(0.4), dense({ units })),
    reference: (units, seed) => reference.sequential(dropped(seed, 0), reference.dense(units)),
  },
  "dropout(), evaluated": {
    layer: (units) => sequential(dense({ units }), dropout(0.4), dense({ units: 3 })),
    reference: (units) => reference.sequential(reference.dense(units), reference.dense(3)),
    isEvaluated: true,
  },
  "dropout() of sequences": {
    steps: 3,
    layer: (units) => sequential(recurrent({ units }), dropout(0.4), dense({ units: 3 })),
    reference: (units, seed) =>
      reference.sequential(
        reference.recurrent(units, { steps: 3 }),
        // Behind the copy of the states.
        reference.dropout({ ...drawn, rate: 0.4, seed, stream: 2, steps: 3 }),
        reference.dense(3),
      ),
  },
  "noise()": {
    layer: (units) =>
      sequential(dense({ units, activation: "tanh" }), noise(DEVIATION), layerNorm()),
    reference: (units, seed) =>
      reference.sequential(
        reference.dense(units, "tanh"),
        noised(seed, 1),
        reference.layerNorm(EPSILON),
      ),
  },
  "noise() of the input": {
    layer: (units) => sequential(noise(DEVIATION), dense({ units })),
    reference: (units, seed) => reference.sequential(noised(seed, 0), reference.dense(units)),
  },
  "noise() of sequences": {
    steps: 3,
    layer: (units) =>
      sequential(noise(DEVIATION), recurrent({ units }), noise(DEVIATION), dense({ units: 3 })),
    reference: (units, seed) =>
      reference.sequential(
        noised(seed, 0, 3),
        reference.recurrent(units, { steps: 3 }),
        noised(seed, 2, 3),
        reference.dense(3),
      ),
  },
  "noise(), evaluated": {
    layer: (units) => sequential(dense({ units }), noise(DEVIATION), dense({ units: 3 })),
    reference: (units) => reference.sequential(reference.dense(units), reference.dense(3)),
    isEvaluated: true,
  },
  "a value with four readers": {
    layer: (units) => (tape, x) => {
      const h = dense({ units, activation: "sigmoid" })(tape, x);
      const first = add(tape, layerNorm()(tape, h), dropout(0.4)(tape, h));
      return add(tape, first, add(tape, dense({ units })(tape, h), ownLayer(tape, h)));
    },
    reference: (units, seed) =>
      reference.sequential(
        reference.dense(units, "sigmoid"),
        reference.branches(
          reference.layerNorm(EPSILON),
          dropped(seed, 2),
          reference.dense(units),
          ownReference,
        ),
      ),
  },
  ...Object.fromEntries(timeLoops.map((timeLoop): [string, Case] => [`recurrent() by ${timeLoop}`, {
    steps: 17,
    layer: (units) => sequential(recurrent({ units, timeLoop }), dense({ units: 3 })),
    reference: (units) =>
      reference.sequential(reference.recurrent(units, { steps: 17 }), reference.dense(3)),
  }])),
  "recurrent() on one another, with a norm and a residual": {
    steps: 3,
    layer: (units) =>
      sequential(
        dense({ units, activation: "tanh" }),
        recurrent({ units, activation: "sigmoid" }),
        residual(recurrent({ units: 5 }), dense({ units })),
        recurrent({ units: 4 }),
        layerNorm(),
      ),
    reference: (units) =>
      reference.sequential(
        reference.dense(units, "tanh"),
        reference.recurrent(units, { activation: "sigmoid", steps: 3 }),
        reference.branches(
          same,
          reference.sequential(reference.recurrent(5, { steps: 3 }), reference.dense(units)),
        ),
        reference.recurrent(4, { steps: 3 }),
        reference.layerNorm(EPSILON),
      ),
  },
  ...Object.fromEntries([[3, false], [9, true], [1, true]].map((
    [steps, isCausal],
  ): [string, Case] => [`attention() over ${steps} steps${isCausal ? ", causal" : ""}`, {
    steps: Number(steps),
    layer: (units) =>
      sequential(
        dense({ units: 3 * units, activation: "tanh" }),
        attention({ heads: headsOf(units), isCausal: Boolean(isCausal) }),
        dense({ units: 3 }),
      ),
    reference: (units) =>
      reference.sequential(
        reference.dense(3 * units, "tanh"),
        attentionReference.attention({
          ...{ steps: Number(steps), heads: headsOf(units), isCausal: Boolean(isCausal) },
        }),
        reference.dense(3),
      ),
  }])),
  "embedding() and positions()": {
    ...{ steps: 5, vocabulary: 7 },
    layer: (units) => sequential(embedding({ vocabulary: 7, units }), positions(), layerNorm()),
    reference: (units) =>
      reference.sequential(
        attentionReference.embedding(7, units),
        attentionReference.positions(5),
        reference.layerNorm(EPSILON),
      ),
  },
  "embedding() of cases that are no sequences": {
    vocabulary: 3,
    layer: (units) => embedding({ vocabulary: 3, units }),
    reference: (units) => attentionReference.embedding(3, units),
  },
  "positions() of the input": {
    steps: 4,
    layer: (units) => sequential(positions(), dense({ units, activation: "tanh" }), positions()),
    reference: (units) =>
      reference.sequential(
        attentionReference.positions(4),
        reference.dense(units, "tanh"),
        attentionReference.positions(4),
      ),
  },
  "patches() and stepMean()": {
    layer: (units) =>
      sequential(
        dense({ units: 108, activation: "tanh" }),
        patches({ image: [2, 6, 9], size: 3 }),
        dense({ units, activation: "sigmoid" }),
        stepMean(),
        dense({ units: 3 }),
      ),
    reference: (units) =>
      reference.sequential(
        reference.dense(108, "tanh"),
        attentionReference.patches({ image: [2, 6, 9], size: 3 }),
        reference.dense(units, "sigmoid"),
        attentionReference.stepMean(6),
        reference.dense(3),
      ),
  },
  "patches() that end a network": {
    layer: () => sequential(dense({ units: 16 }), patches({ image: [1, 4, 4], size: 2 })),
    reference: () =>
      reference.sequential(
        reference.dense(16),
        attentionReference.patches({ image: [1, 4, 4], size: 2 }),
      ),
  },
  "gelu": {
    layer: (units) => sequential(dense({ units }), gelu, dense({ units: 3 })),
    reference: (units) =>
      reference.sequential(
        reference.dense(units),
        mapped(
          (x) => x / 2 * (1 + Math.tanh(geluRoot * (x + 0.044715 * x ** 3))),
          (x) => {
            const t = Math.tanh(geluRoot * (x + 0.044715 * x ** 3));
            return (1 + t) / 2 + x / 2 * (1 - t * t) * geluRoot * (1 + 3 * 0.044715 * x * x);
          },
        ),
        reference.dense(3),
      ),
  },
  "elementwiseLayer()": {
    layer: (units) =>
      sequential(
        dense({ units, activation: "tanh" }),
        elementwiseLayer({
          name: "x over 1 + x^2, and 1",
          value: "x / (1 + x * x) + vec4f(1)",
          slope: "(1 - x * x) / ((1 + x * x) * (1 + x * x))",
        }),
        dense({ units: 3 }),
      ),
    reference: (units) =>
      reference.sequential(
        reference.dense(units, "tanh"),
        mapped((x) => x / (1 + x * x) + 1, (x) => (1 - x * x) / (1 + x * x) ** 2),
        reference.dense(3),
      ),
  },
  "a layer of one's own": {
    layer: (units) => sequential(dense({ units }), ownLayer, dense({ units: 3 })),
    reference: (units) =>
      reference.sequential(reference.dense(units), ownReference, reference.dense(3)),
  },
};

/** 3 heads where units fall into them, so that some begin within a vec4. */
function headsOf(units: number): number {
  return units % 3 === 0 ? 3 : 1;
}

/** R, B, and the units of the input and of the layer. */
const shapes = [[1, 1, 3, 17], [3, 3, 17, 1], [1, 17, 129, 3], [3, 129, 1, 129]];

for (const [name, one] of Object.entries(cases)) {
  gpuTest(`${name}: forward, backward and tangent`, async (bench) => {
    for (const [replicas, batch, inputs, units] of shapes) {
      await check(bench, one, [replicas, Math.max(batch, one.leastBatch ?? 1), inputs, units]);
    }
  });
}

async function check(bench: Bench, one: Case, [replicas, batch, width, units]: number[]) {
  const { gpu } = bench;
  const { steps = 1, vocabulary } = one;
  const inputs = vocabulary ? 1 : width;
  const tape = new Tape(inputs, one.steps);
  const output = one.layer(units)(tape, tape.input);
  tape.checkUsed(output);
  const { layout } = tape;
  const buffers = bench.take(new Buffers(gpu, tape, { replicas, batch }));
  const vector = () => bench.take(new Vector(gpu, "test", layout, replicas));
  const [parameters, gradient, direction] = [vector(), vector(), vector()];
  const tensors = (r: number, stream: number) =>
    layout.tensors.map(({ rows, columns, name }, t) =>
      // Gains away from 0, weights that keep units within reach.
      draw(rows * columns, 1000 * stream + 100 * r + t)
        .map((value) => name.startsWith("gains") ? 1 + value / 2 : value * (3 / rows) ** 0.5)
    );
  for (let r = 0; r < replicas; r++) {
    parameters.write(r, tensors(r, 1));
    direction.write(r, tensors(r, 2));
  }
  const rows = steps * batch;
  const x = draw(replicas * rows * inputs, 3)
    .map((value) => vocabulary ? Math.floor((value + 1) / 2 * vocabulary) : value);
  const outputRows = (output.steps ?? 1) * batch;
  const v = draw(replicas * outputRows * output.columns, 4);
  const matrix = (value: Value, of: "data" | "delta" | "tangent") => buffers[of](value)!;
  const given = matrix(tape.input, "data");
  gpu.write(given.buffer, pad(given, x));
  const statistics = layout.statistics &&
    bench.take(new Vector(gpu, "test", layout.statistics, replicas));
  const seeds = bench.buffer(
    Uint32Array.from(Array.from({ length: replicas }, (_, r) => seedKey(r + 1)).flat()),
  );
  const recording = new Recording(tape, output, buffers, {
    ...{ parameters, statistics, seeds, isTraining: !one.isEvaluated, leavesOutput: true },
  });
  const row = { update: UPDATE, position: POSITION };
  bench.run((plan) => recording.forward(plan), row);
  const y = await bench.values(matrix(output, "data"));
  const delta = matrix(output, "delta");
  gpu.write(delta.buffer, pad(delta, v));
  bench.run((plan) => recording.backward(plan, gradient), row);
  bench.run((plan) => recording.tangents(plan, direction), row);
  const moved = await bench.values(matrix(output, "tangent"));
  await checkPadding(bench, gradient);
  for (let r = 0; r < replicas; r++) {
    const part = (values: Float32Array) =>
      Float64Array.from(values.subarray(...[r, r + 1].map((at) => at * values.length / replicas)));
    const [theta, u] = [tensors(r, 1), tensors(r, 2)].map((all) =>
      all.map((values) => Float64Array.from(values))
    );
    const own = part(v);
    const exact = bench.exact(() => {
      const at = one.reference(units, r + 1, inputs).at(part(x), rows, theta);
      const { tensors } = at.backward(own);
      return { y: at.y, tensors, tangent: at.tangent(new Float64Array(rows * inputs), u) };
    });
    const label = `R = ${replicas}, B = ${batch}, ${inputs} to ${units}, replica ${r}`;
    const near = (actual: ArrayLike<number>, wanted: ArrayLike<number>, what: string) =>
      assertLessOrEqual(relativeDifference(actual, wanted), gradientTolerance, `${label}: ${what}`);
    near(part(y), exact.y, "forward");
    const read = await gradient.read(r);
    assertEquals(read.length, exact.tensors.length);
    read.forEach((values, t) => near(values, exact.tensors[t], layout.tensors[t].name));
    const Ju = part(moved);
    near(Ju, exact.tangent, "tangent");
    const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
      Array.from(a).reduce((sum, value, i) => sum + value * b[i], 0);
    const norm = (a: ArrayLike<number>) => Math.sqrt(dot(a, a));
    const JvU = read.reduce((sum, values, t) => sum + dot(values, u[t]), 0);
    assertLessOrEqual(
      Math.abs(dot(own, Ju) - JvU),
      1e-5 * norm(own) * norm(Ju),
      `${label}: v'(Ju) = (J'v)'u`,
    );
  }
}

/** The padding of a gradient is zero, so that the padding of the parameters stays zero. */
async function checkPadding(bench: Bench, gradient: Vector): Promise<void> {
  const { layout, replicas } = gradient;
  const contents = await bench.floats(gradient.buffer);
  for (let r = 0; r < replicas; r++) {
    const own = contents.slice(r * layout.length, (r + 1) * layout.length);
    const values = layout.tensors.map((place, t) =>
      unpad({ ...gradient.tensor(t), replicas: 1, offset: place.offset }, own)
    );
    assertEquals(own, layout.pack(values), "zeros in the padding");
  }
}
