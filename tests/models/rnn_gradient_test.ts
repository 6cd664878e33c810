import { assertEquals, assertLessOrEqual } from "@std/assert";
import type { RecurrenceLayout } from "../../core/ops/recurrence.ts";
import { gpuTest } from "../gpu/fixture.ts";
import { rnnLossAndGradient } from "../../core/reference/rnn.ts";
import { gradientTolerance, relativeDifference } from "../../core/reference/tolerance.ts";
import { batchOf, gradientsOf, parametersOf, type RnnCase } from "./rnn_bench.ts";

const lastStep = { inputs: 2, outputs: 1, loss: "squared-error", targets: "last" } as const;
const everyStep = { inputs: 4, outputs: 3, loss: "cross-entropy", targets: "all" } as const;
const mean = { loss: "mean-squared-error" } as const;

const cases: RnnCase[] = [
  { ...lastStep, steps: 1, hidden: 5, batch: 7, replicas: 3 },
  { ...lastStep, steps: 2, hidden: 33, batch: 1, replicas: 1 },
  { ...lastStep, steps: 17, hidden: 5, batch: 100, replicas: 1 },
  { ...lastStep, steps: 80, hidden: 100, batch: 7, replicas: 1 },
  { ...everyStep, steps: 1, hidden: 100, batch: 100, replicas: 1 },
  { ...everyStep, steps: 2, hidden: 5, batch: 7, replicas: 3 },
  { ...everyStep, steps: 17, hidden: 100, batch: 7, replicas: 3 },
  { ...everyStep, steps: 80, hidden: 33, batch: 7, replicas: 1 },
  { ...lastStep, targets: "all", steps: 17, hidden: 5, batch: 7, replicas: 1 },
  { ...everyStep, targets: "last", steps: 17, hidden: 5, batch: 7, replicas: 1 },
  { ...lastStep, ...mean, targets: "all", steps: 17, hidden: 5, batch: 7, replicas: 3 },
  { ...everyStep, ...mean, steps: 3, hidden: 9, batch: 1, replicas: 1 },
  { ...everyStep, ...mean, targets: "last", steps: 2, hidden: 5, batch: 3, replicas: 1 },
];

for (const given of cases) {
  const { steps, hidden, batch, replicas, loss, targets } = given;
  const name = `${loss}, targets ${targets}, T ${steps}, H ${hidden}, B ${batch}, R ${replicas}`;
  gpuTest(`SequenceNetwork gives the gradient of its reference: ${name}`, async (bench) => {
    const [kernel, dispatch] = [
      await gradientsOf(bench, given, "kernel"),
      await gradientsOf(bench, given, "dispatch"),
    ];
    assertEquals(kernel, dispatch); // each value is one sum in one order
    for (let r = 0; r < replicas; r++) {
      const exact = rnnLossAndGradient(given, parametersOf(given, r), batchOf(given, r));
      const losses = kernel.losses.subarray(r * batch, (r + 1) * batch);
      assertLessOrEqual(relativeDifference(losses, exact.caseLosses), gradientTolerance);
      exact.gradient.forEach((tensor, i) =>
        assertLessOrEqual(
          relativeDifference(kernel.gradients[r][i], tensor),
          gradientTolerance,
          `tensor ${i}`,
        )
      );
    }
  });
}

const together: RecurrenceLayout = {
  locality: "workgroup",
  rows: 2,
  columns: 1,
  lanes: 16,
  groupRows: 8,
};

gpuTest("SequenceNetwork computes the same bits where workgroups carry rows", async (bench) => {
  const given: RnnCase = { ...everyStep, steps: 5, hidden: 20, batch: 9, replicas: 2 };
  assertEquals(
    await gradientsOf(bench, given, together),
    await gradientsOf(bench, given, "dispatch"),
  );
});

gpuTest(
  "SequenceNetwork computes the same bits alone and beside other replicas",
  async (bench) => {
    const given: RnnCase = { ...lastStep, steps: 6, hidden: 12, batch: 5, replicas: 3 };
    const { gradients } = await gradientsOf(bench, given, "kernel");
    const alone = await gradientsOf(bench, { ...given, replicas: 1 }, "kernel");
    assertEquals(gradients[0], alone.gradients[0]);
  },
);
