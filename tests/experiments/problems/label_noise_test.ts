import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { noisyLabels } from "../../../experiments/problems/label_noise.ts";

const cases = 600, classes = 3;
const labels = Uint32Array.from({ length: cases }, (_, i) => Math.floor(3 * i / cases));
const noisy = (share: number, seed = 1, of = labels) => noisyLabels(of, { share, seed, classes });

Deno.test("label noise takes that share for other classes, all alike", () => {
  const share = 0.3;
  const steps = Array.from(noisy(share), (label, i) => (label + classes - labels[i]) % classes);
  const [same, next, last] = [0, 1, 2].map((step) => steps.filter((to) => to === step).length);
  // Four standard deviations of the counts.
  assertAlmostEquals(cases - same, cases * share, 4 * Math.sqrt(cases * share * (1 - share)));
  assertAlmostEquals(next, last, 4 * Math.sqrt(cases - same));
  assertEquals(noisy(0), labels);
  assert(noisy(1).every((label, i) => label !== labels[i] && label < classes));
});

Deno.test("a case keeps its noise among fewer cases, and where there is more of it", () => {
  const all = noisy(0.3), more = noisy(0.5);
  assertEquals(noisy(0.3, 1, labels.subarray(0, 50)), all.subarray(0, 50));
  all.forEach((label, i) => label !== labels[i] && assertEquals(more[i], label));
  assert(noisy(0.3, 2).some((label, i) => label !== all[i]));
});
