import { assertAlmostEquals, assertEquals } from "@std/assert";
import { softmaxRows, softmaxRowsSlope } from "../../core/ops/softmax_rows.ts";
import { softmax } from "../../core/reference/losses.ts";
import { accuracy, ulp, unitRoundoff } from "../../core/reference/tolerance.ts";
import { draw, gpuTest } from "../gpu/fixture.ts";

/** [R, T], T odd and past a block. */
const shapes = [[1, 1], [3, 3], [2, 17]];

gpuTest("softmaxRows() and its slope are exact for scores of any size", async (bench) => {
  for (const [replicas, n] of shapes) {
    for (const isCausal of [false, true]) {
      const scale = 0.5, rule = { scale, isCausal };
      const sizes = [1, 1e4, 1e-3];
      const scores = draw(replicas * n * n, n).map((s, i) => s * sizes[Math.floor(i / n) % 3]);
      const counts = (i: number) => !isCausal || i % n <= Math.floor(i / n) % n;
      const exact = softmax(
        Float64Array.from(scores, (s, i) => counts(i) ? scale * s : -Infinity),
        replicas * n,
      );
      const w = bench.matrix(n, n, scores, replicas);
      bench.run((plan) => softmaxRows(plan, w, rule));
      const weights = await bench.paddedValues(w);
      // Each exponential of an argument d is off by its own error and d e^d <= 1/e of a rounding.
      const most = 3 * accuracy.exp(0) + (n + 6) * unitRoundoff + accuracy.quotient + 3 * ulp;
      weights.forEach((weight, i) => {
        assertAlmostEquals(weight, exact[i], most);
        if (!counts(i)) assertEquals(weight, 0);
      });
      const moves = draw(replicas * n * n, n + 100);
      const m = bench.matrix(n, n, moves, replicas);
      bench.run((plan) => softmaxRowsSlope(plan, w, m, rule));
      const through = await bench.paddedValues(m);
      through.forEach((value, i) => {
        const first = i - i % n;
        const row = Array.from({ length: n }, (_, j) => weights[first + j] * moves[first + j]);
        const mean = row.reduce((sum, product) => sum + product, 0);
        assertAlmostEquals(
          value,
          scale * weights[i] * (moves[i] - mean),
          scale * (n + 6) * unitRoundoff,
        );
      });
    }
  }
});

gpuTest("softmaxRows() hides no score that is not finite, in its own row alone", async (bench) => {
  const scores = [0, NaN, 0, 1, 2, 3, 0, Infinity, 0];
  const w = bench.matrix(3, 3, scores);
  bench.run((plan) => softmaxRows(plan, w, { scale: 1, isCausal: false }));
  const weights = [...await bench.values(w)];
  assertEquals(weights.map(Number.isNaN), [
    ...[true, true, true, false, false, false, true, true, true],
  ]);
});
