import { assertEquals, assertThrows } from "@std/assert";
import { Dataset } from "../../core/data/dataset.ts";
import { InputError } from "../../core/errors.ts";
import { padded, type Tensor } from "../../core/gpu/tensor.ts";
import { MAX_ITERATIONS, Plan } from "../../core/gpu/plan.ts";
import { caseMean } from "../../core/ops/case_mean.ts";
import { columnSum } from "../../core/ops/column_sum.ts";
import { crossEntropy, softmaxCrossEntropy } from "../../core/graph/losses.ts";
import { gather } from "../../core/ops/gather.ts";
import { matmul } from "../../core/ops/matmul.ts";
import { longestWalk, Purpose } from "../../core/random.ts";
import { type Bench, gpuTest } from "../gpu/fixture.ts";

/** A matrix far larger than its buffer: nothing here gets as far as the GPU. */
function vast(bench: Bench, rows: number, columns: number): Tensor {
  return { ...bench.matrix(1, 1), rows, columns, stride: padded(columns) };
}

/** Checks that `record` refuses sizes above `most`, at which its loops take all they may. */
function refusesAbove(bench: Bench, most: number, record: (plan: Plan, size: number) => void) {
  const plan = new Plan(bench.gpu);
  record(plan, most);
  assertEquals(plan.length, 1);
  assertThrows(() => record(plan, most + 1), InputError, `of at most ${MAX_ITERATIONS}`);
}

gpuTest("matmul() refuses sums that no loop can finish", (bench) => {
  // Four terms in turn, and blocks of eight of them; before and after them loops over twelve rows.
  refusesAbove(bench, 8 * Math.floor((MAX_ITERATIONS - 2 * 13 - 1) / 2), (plan, shared) => {
    const [a, b] = [vast(bench, 1, shared), vast(bench, shared, 1)];
    matmul(plan, { a, b, out: bench.matrix(1, 1) });
  });
});

gpuTest("columnSum() refuses more rows than its loop can add", (bench) => {
  refusesAbove(bench, 8 * MAX_ITERATIONS, (plan, rows) => {
    columnSum(plan, vast(bench, rows, 1), bench.matrix(1, 1));
  });
});

/** Iterations of the tree sum of 64 lanes, and the two tests that end loops. */
const treeSum = 6 + 2;

gpuTest("caseMean() refuses more cases than its loops can add", (bench) => {
  const [losses, ring] = [0, 1].map(() => bench.buffer(new Float32Array(4)));
  refusesAbove(bench, 64 * (MAX_ITERATIONS - treeSum), (plan, cases) => {
    caseMean(plan, losses, { cases, replicas: 1 }, { ring, slot: 0 });
  });
});

gpuTest("losses refuse more units than their loops can add", (bench) => {
  const caseLoss = bench.buffer(new Float32Array(4));
  const rows = (units: number, unit: "sigmoid" | "linear") => {
    const z = vast(bench, 1, units);
    return [{ z, unit, targets: z }, { delta: z, caseLoss }] as const;
  };
  refusesAbove(bench, 4 * 64 * (MAX_ITERATIONS - treeSum), (plan, units) => {
    crossEntropy.record(plan, ...rows(units, "sigmoid"));
  });
  // Three times through all units, four at a time.
  refusesAbove(bench, 8 * Math.floor((MAX_ITERATIONS - 2) / 6), (plan, units) => {
    softmaxCrossEntropy.record(plan, ...rows(units, "linear"));
  });
});

gpuTest("gather() refuses wider cases than its loops can copy", (bench) => {
  const { gpu } = bench;
  const data = bench.take(new Dataset(gpu, new Float32Array(22), { width: 1 }));
  const seeds = bench.buffer(new Uint32Array(2));
  const lanes = gpu.isSoftware ? 8 : 64;
  // A loop over the steps, of which there is one, around that over the columns.
  const most = 4 * lanes * (MAX_ITERATIONS - longestWalk(22) - 2);
  refusesAbove(bench, most, (plan, width) => {
    const wide = Object.create(data, { width: { value: width } }) as Dataset;
    gather(plan, wide, vast(bench, 1, width), { seeds, purpose: Purpose.minibatch });
  });
});
