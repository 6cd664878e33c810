import { assertEquals, assertLessOrEqual, assertThrows } from "@std/assert";
import { Plan } from "../../core/gpu/plan.ts";
import type { Activation } from "../../core/ops/activation.ts";
import { sum } from "../../core/ops/sum.ts";
import { activate, slope } from "../../core/reference/activation.ts";
import { activationError, slopeError, unitRoundoff } from "../../core/reference/tolerance.ts";
import { type Bench, draw, gpuTest } from "../gpu/fixture.ts";

interface Kind {
  a?: boolean;
  adds?: boolean;
  plus?: "row" | "matrix";
  times?: number;
  activate?: Activation;
  slopeOf?: Activation;
}

const kinds: Record<string, Kind> = {
  "a matrix": { a: true },
  "two matrices": { a: true, plus: "matrix" },
  "a multiple of a row": { a: true, plus: "row", times: -0.3 },
  "a matrix to what is there": { a: true, adds: true },
  "all that it can": { a: true, adds: true, plus: "matrix", times: 0.7, slopeOf: "tanh" },
  "what is there, with slopes": { adds: true, slopeOf: "relu" },
  "a matrix that is activated": { a: true, activate: "sigmoid" },
  "a matrix of linear units": { a: true, slopeOf: "linear" },
};

const sizes = [1, 3, 17, 129];

for (const [words, kind] of Object.entries(kinds)) {
  gpuTest(`sum() takes ${words}`, async (bench) => {
    for (const rows of sizes) {
      for (const columns of sizes) await check(bench, kind, rows, columns, rows % 2 ? 3 : 1);
    }
  });
}

async function check(bench: Bench, kind: Kind, rows: number, columns: number, replicas: number) {
  const drawn = (rows: number, stream: number) => draw(replicas * rows * columns, stream);
  const matrix = (rows: number, values: Float32Array<ArrayBuffer>) =>
    bench.matrix(rows, columns, values, replicas);
  const [a, before] = [drawn(rows, 1), drawn(rows, 2)];
  const plusRows = kind.plus === "row" ? 1 : rows;
  const plus = drawn(plusRows, 3);
  const outputs = Float32Array.from(
    activate(kind.slopeOf ?? "linear", Float64Array.from(drawn(rows, 4))),
  );
  const out = matrix(rows, before);
  bench.run((plan) =>
    sum(plan, {
      out,
      ...kind.a && { a: matrix(rows, a) },
      ...kind.plus && { plus: matrix(plusRows, plus), times: kind.times ?? 1 },
      ...kind.activate && { then: { activate: kind.activate } },
      ...kind.slopeOf && { then: { slopeOf: kind.slopeOf, outputs: matrix(rows, outputs) } },
      ...kind.adds && { adds: true },
    })
  );
  const values = await bench.values(out);
  const size = rows * columns;
  values.forEach((value, i) => {
    const row = Math.floor(i / size) * columns + i % columns;
    const added = kind.plus ? (kind.times ?? 1) * (kind.plus === "row" ? plus[row] : plus[i]) : 0;
    const terms = [kind.adds ? before[i] : 0, kind.a ? a[i] : 0, added];
    const z = Float64Array.of(terms.reduce((x, y) => x + y));
    const zError = 3 * unitRoundoff * terms.reduce((x, y) => x + Math.abs(y), 0);
    const y = Float64Array.of(outputs[i]);
    const [slopes] = slope(kind.slopeOf ?? "linear", y);
    const wanted = kind.activate ? activate(kind.activate, z)[0] : z[0] * slopes;
    const error = kind.activate
      ? activationError(kind.activate, z[0], zError)
      : zError * Math.abs(slopes) +
        Math.abs(z[0]) * slopeError(kind.slopeOf ?? "linear", y[0]) +
        unitRoundoff * Math.abs(wanted);
    assertLessOrEqual(Math.abs(value - wanted), error, `${rows} x ${columns}: value ${i}`);
  });
  assertEquals(values.length, replicas * size);
}

gpuTest("sum() refuses what does not fit", (bench) => {
  const plan = new Plan(bench.gpu);
  const [out, other] = [bench.matrix(3, 2), bench.matrix(3, 5)];
  assertThrows(() => sum(plan, { a: other, out }), RangeError, "[1, 3, 5] does not sum to");
  assertThrows(() => sum(plan, { out }), RangeError, "nothing does not sum to [1, 3, 2]");
  assertThrows(() => sum(plan, { a: out, out, plus: other }), RangeError, "cannot be added to");
});
