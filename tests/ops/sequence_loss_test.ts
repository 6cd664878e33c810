import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { allocateTensor, pad, type Tensor } from "../../core/gpu/tensor.ts";
import {
  sequenceCurvature,
  sequenceLoss,
  unitError,
  zeroOneLoss,
} from "../../core/ops/sequence_loss.ts";
import { type Bench, draw, gpuTest } from "../gpu/fixture.ts";
import { softmaxCurvature } from "../../core/reference/losses.ts";
import { softmaxCrossEntropy } from "../../core/reference/rnn.ts";
import { accuracy, smallestNormal, ulp, unitRoundoff } from "../../core/reference/tolerance.ts";

function stepsWith(bench: Bench, values: number[], steps: number, rows: number): Tensor {
  const columns = values.length / steps / rows;
  const all = allocateTensor(bench.gpu, "test", { replicas: 1, steps, rows, columns });
  bench.take({ free: () => bench.gpu.free(all.buffer) });
  bench.gpu.write(all.buffer, pad(all, values));
  return all;
}

gpuTest("sequenceLoss() of a softmax is exact for logits of any size", async (bench) => {
  // One step of seven cases; the last asks for nothing.
  const logits = [
    ...[[0, 0, 0], [1, -2, 0.5], [80, 0, -80], [1e4, -1e4, 0], [3e38, -3e38, 0]],
    ...[[-1e4, -1e4, -1e4], [1, 2, 3]],
  ];
  const wanted = [[0, 1, 0], [0, 0, 1], [0, 0, 1], [0, 1, 0], [1, 0, 0], [1, 0, 0], [0, 0, 0]];
  const cases = logits.length;
  const z = stepsWith(bench, logits.flat(), 1, cases);
  const targets = stepsWith(bench, wanted.flat(), 1, cases);
  const delta = stepsWith(bench, Array(3 * cases).fill(7), 1, cases);
  const lengths = bench.buffer(new Uint32Array(8).fill(1));
  const caseLoss = bench.buffer(new Float32Array(cases));
  bench.run((plan) =>
    sequenceLoss(plan, { loss: "cross-entropy", z, targets, lengths }, { delta, caseLoss })
  );
  const [losses, slopes] = [await bench.floats(caseLoss), await bench.values(delta)];
  logits.forEach((row, i) => {
    const rounded = Float64Array.from(row, Math.fround);
    const exact = softmaxCrossEntropy(rounded, Float64Array.from(wanted[i]));
    // Three exponentials of arguments d, exact but for a rounding of d: d e^d is at most 1/e.
    const exp = accuracy.exp(0) + 3 * ulp;
    const spread = Math.max(...rounded) - Math.min(...rounded);
    const lossError = 3 * exp + 4 * unitRoundoff * (spread + 2) + accuracy.log + 2 * ulp;
    assertAlmostEquals(losses[i], exact.value, lossError);
    exact.slopes.forEach((slope, j) =>
      assertAlmostEquals(
        slopes[3 * i + j],
        slope / cases,
        (4 * exp + 2 * accuracy.quotient + 4 * unitRoundoff + smallestNormal) / cases,
      )
    );
  });
});

gpuTest(
  "sequenceLoss() takes the last step of each sequence, or all steps of it",
  async (bench) => {
    // Two steps of three cases of lengths 1, 2, 2 with one output.
    const values = [1, 2, 3, 10, 20, 30];
    const lengths = bench.buffer(Uint32Array.of(1, 2, 2, 0, 0, 0, 0, 0));
    for (
      const { targets, losses, slopes } of [
        { targets: [0, 0, 25], losses: [1, 400, 25], slopes: [2, 0, 0, 0, 40, 10] },
        { targets: [0, 0, 0, 0, 0, 25], losses: [1, 404, 34], slopes: [2, 4, 6, 0, 40, 10] },
      ]
    ) {
      const z = stepsWith(bench, values, 2, 3);
      const delta = stepsWith(bench, Array(6).fill(7), 2, 3);
      const caseLoss = bench.buffer(new Float32Array(3));
      const wanted = stepsWith(bench, targets, targets.length / 3, 3);
      bench.run((plan) =>
        sequenceLoss(plan, { loss: "squared-error", z, targets: wanted, lengths }, {
          delta,
          caseLoss,
        })
      );
      assertEquals([...(await bench.floats(caseLoss)).subarray(0, 3)], losses);
      assertEquals(
        await bench.values(delta),
        Float32Array.from(slopes, (x) => Math.fround(x / 3)),
      );
    }
  },
);

gpuTest("sequenceLoss() and unitError() average over the steps of each sequence", async (bench) => {
  // Two steps of three cases of lengths 1, 2, 2 with two outputs.
  const values = [1, 2, 3, 4, 0, 6, 9, 9, 10, 20, 30, 40];
  const z = stepsWith(bench, values, 2, 3);
  const lengths = bench.buffer(Uint32Array.of(1, 2, 2, 0, 0, 0, 0, 0));
  const loss = "mean-squared-error";
  for (
    const { targetSteps, means, second, slopes } of [
      {
        targetSteps: 2,
        means: [5 / 2, 525 / 4, 2536 / 4],
        second: [4, 416 / 2, 1636 / 2],
        slopes: [1, 2, 1.5, 2, 0, 3, 0, 0, 5, 10, 15, 20],
      },
      {
        targetSteps: 1,
        means: [5 / 2, 500 / 2, 2500 / 2],
        second: [4, 400, 1600],
        slopes: [1, 2, 0, 0, 0, 0, 0, 0, 10, 20, 30, 40],
      },
    ]
  ) {
    const targets = stepsWith(bench, Array(6 * targetSteps).fill(0), targetSteps, 3);
    const delta = stepsWith(bench, Array(12).fill(7), 2, 3);
    const [caseLoss, caseError] = [0, 1].map(() => bench.buffer(new Float32Array(4)));
    const inputs = { loss, z, targets, lengths } as const;
    bench.run((plan) => {
      sequenceLoss(plan, inputs, { delta, caseLoss });
      unitError(plan, { ...inputs, loss: "squared-error" }, 1, caseError);
    });
    const told = async (buffer: GPUBuffer) => [...(await bench.floats(buffer)).subarray(0, 3)];
    assertEquals(await told(caseLoss), means);
    assertEquals(await told(caseError), second);
    const most = Math.max(...slopes) * (2 * accuracy.quotient + 2 * ulp);
    (await bench.values(delta)).forEach((slope, i) =>
      assertAlmostEquals(slope, slopes[i] / 3, most)
    );
  }
});

gpuTest(
  "sequenceLoss() averages a softmax over steps, and takes numbers of classes",
  async (bench) => {
    // Lengths 3, 1, 2 of three steps of three cases of five classes.
    const [steps, cases, units] = [3, 3, 5], counts = [3, 1, 2];
    const lengths = bench.buffer(Uint32Array.of(...counts, 0, 0, 0, 0, 0));
    const logits = draw(steps * cases * units, 1).map((value) => 4 * value);
    const labels = Array.from({ length: steps * cases }, (_, i) => 2 * i % units);
    const oneHot = labels.flatMap((label) =>
      Array.from({ length: units }, (_, j) => +(j === label))
    );
    const z = stepsWith(bench, [...logits], steps, cases);
    const told: number[][] = [];
    for (
      const targets of [
        stepsWith(bench, labels, steps, cases),
        stepsWith(bench, oneHot, steps, cases),
      ]
    ) {
      const delta = stepsWith(bench, Array(logits.length).fill(7), steps, cases);
      const [caseLoss, wrong] = [0, 1].map(() => bench.buffer(new Float32Array(8)));
      const inputs = { loss: "mean-cross-entropy", z, targets, lengths } as const;
      const curved = stepsWith(bench, Array(logits.length).fill(7), steps, cases);
      bench.run((plan) => {
        sequenceLoss(plan, inputs, { delta, caseLoss });
        zeroOneLoss(plan, inputs, { tolerance: 0, classes: units }, wrong);
        sequenceCurvature(plan, inputs, { tangent: z, out: curved });
      });
      told.push(
        [...(await bench.floats(caseLoss)).subarray(0, cases)],
        [...await bench.values(delta)],
        [...(await bench.floats(wrong)).subarray(0, cases)],
        [...await bench.values(curved)],
      );
    }
    const [losses, slopes, wrong, curved] = told;
    assertEquals([losses, slopes, wrong, curved], told.slice(4));
    // As in the first test, of logits within 4; H is of twice those, less their mean.
    const exp = accuracy.exp(0) + 3 * ulp;
    const most = 4 * exp + 2 * accuracy.quotient + 8 * unitRoundoff;
    const exactLosses = Array(cases).fill(0), exactWrong = Array(cases).fill(0);
    for (let row = 0; row < steps * cases; row++) {
      const [t, i] = [Math.floor(row / cases), row % cases];
      const own = Float64Array.from(logits.subarray(row * units, (row + 1) * units));
      const wanted = Float64Array.from(oneHot.slice(row * units, (row + 1) * units));
      const counted = t < counts[i] ? 1 : 0, share = counted / counts[i];
      const exact = softmaxCrossEntropy(own, wanted);
      exactLosses[i] += share * exact.value;
      exactWrong[i] += counted && own[labels[row]] < Math.max(...own) ? 1 : 0;
      const H = softmaxCurvature(own, own, 1);
      for (let j = 0; j < units; j++) {
        assertAlmostEquals(slopes[row * units + j], share * exact.slopes[j] / cases, most);
        assertAlmostEquals(curved[row * units + j], share * H[j] / cases, 8 * most);
      }
    }
    losses.forEach((loss, i) =>
      assertAlmostEquals(
        loss,
        exactLosses[i],
        3 * exp + 4 * unitRoundoff * 10 + accuracy.log + 4 * ulp,
      )
    );
    assertEquals(wrong, exactWrong);
  },
);

gpuTest(
  "sequenceLoss() of a softmax lets NaN through, of no class that is wanted too",
  async (bench) => {
    const z = stepsWith(bench, [0, NaN, 1, 1, 2, 3], 1, 2);
    const labels = stepsWith(bench, [2, 2], 1, 2);
    const [delta, curved] = [0, 1].map(() => stepsWith(bench, Array(6).fill(7), 1, 2));
    const lengths = bench.buffer(new Uint32Array(8).fill(1));
    const caseLoss = bench.buffer(new Float32Array(2));
    const inputs = { loss: "cross-entropy", z, targets: labels, lengths } as const;
    bench.run((plan) => {
      sequenceLoss(plan, inputs, { delta, caseLoss });
      sequenceCurvature(plan, inputs, { tangent: delta, out: curved });
    });
    const losses = (await bench.floats(caseLoss)).subarray(0, 2);
    assertEquals([...losses].map(Number.isNaN), [true, false]);
    for (const  of of[delta, curved]) {
      const hidden = [...await bench.values(of)].map(Number.isNaN);
      assertEquals(hidden, [true, true, true, false, false, false]);
    }
  },
);

gpuTest("zeroOneLoss() counts errors above the tolerance, NaN among them", async (bench) => {
  const z = stepsWith(bench, [0, 0.03, -0.05, 1, NaN], 1, 5);
  const targets = stepsWith(bench, [0.05, 0, 0, 1, 0], 1, 5);
  const lengths = bench.buffer(new Uint32Array(8).fill(1));
  const caseWrong = bench.buffer(new Float32Array(8).fill(9));
  const rule = { tolerance: 0.04, classes: 0 };
  const inputs = { loss: "squared-error", z, targets, lengths } as const;
  bench.run((plan) => zeroOneLoss(plan, inputs, rule, caseWrong));
  assertEquals([...await bench.floats(caseWrong)], [1, 0, 1, 0, 1, 9, 9, 9]);
});

gpuTest("zeroOneLoss() counts wrong classes, a tie and NaN among them", async (bench) => {
  // Six steps of one case with two classes and a blank, which the largest output may be.
  const outputs = [[2, 1, 9], [1, 2, 9], [1, 1, 0], [NaN, 0, 0], [0, 1, 0], [5, 0, 0]];
  const wanted = [[1, 0, 0], [1, 0, 0], [1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]];
  const z = stepsWith(bench, outputs.flat(), 6, 1);
  const targets = stepsWith(bench, wanted.flat(), 6, 1);
  const lengths = bench.buffer(new Uint32Array(8).fill(6));
  const caseWrong = bench.buffer(new Float32Array(4));
  const rule = { tolerance: 0, classes: 2 };
  const inputs = { loss: "cross-entropy", z, targets, lengths } as const;
  bench.run((plan) => zeroOneLoss(plan, inputs, rule, caseWrong));
  assertEquals((await bench.floats(caseWrong))[0], 3);
});

gpuTest("sequenceLoss() refuses targets of another shape", (bench) => {
  const z = stepsWith(bench, [1, 2, 3, 4], 2, 1);
  const targets = stepsWith(bench, [1], 1, 1);
  const [lengths, caseLoss] = [new Uint32Array(8), new Float32Array(4)].map((of) =>
    bench.buffer(of)
  );
  assertThrows(
    () =>
      bench.run((plan) =>
        sequenceLoss(plan, { loss: "squared-error", z, targets, lengths }, { delta: z, caseLoss })
      ),
    RangeError,
    "[1, 2, 1, 2] does not go with [1, 2, 1, 1]",
  );
});
