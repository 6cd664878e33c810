import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { type LabelNoise, noisyLabels } from "../../../experiments/problems/label_noise.ts";
import {
  type CaseValues,
  identityOf,
  LoadedProblem,
  type Loading,
  loadProblem,
} from "../../../experiments/problems/problem.ts";
import { InputError, openGPU } from "../../../mod.ts";

/** Five cases of three values with labels, and a test case. */
function loading(train: CaseValues = Uint8Array.from({ length: 15 }, (_, i) => 17 * i)): Loading {
  return {
    ...{ name: "five", width: 3, train, test: new Uint8Array(3), source: { kind: "own" } },
    labels: { train: Uint32Array.of(4, 3, 2, 1, 0), test: Uint32Array.of(9) },
  };
}

function load(trainCases: number | undefined, batchSize = 1, labelNoise?: LabelNoise) {
  return loadProblem(() => Promise.resolve(new LoadedProblem(loading())), {
    ...{ batchSize, trainCases, labelNoise, earlier: undefined, data: undefined },
  });
}

Deno.test("--train-cases takes the first training cases, their labels, and says so", async () => {
  using gpu = await openGPU();
  const { loaded, on } = await load(2);
  assertEquals([loaded.trainCases, loaded.source], [2, { kind: "own", firstCases: 2 }]);
  assertEquals(loaded.labels, { train: Uint32Array.of(4, 3), test: Uint32Array.of(9) });
  assertEquals(identityOf(loaded.source), "own, first 2 cases");
  const { train, test } = await on(gpu);
  assertEquals([train.cases, test?.cases], [2, 1]);
  const bytes = new Uint8Array(await gpu.read(train.parts[0], 0, 8));
  assertEquals(bytes.subarray(0, 6), Uint8Array.of(0, 17, 34, 51, 68, 85));
  const all = await load(undefined);
  assertEquals([all.loaded.trainCases, identityOf(all.loaded.source)], [5, "own"]);
});

Deno.test("--train-cases refuses more than there are, and fewer than a minibatch", async () => {
  await assertRejects(
    () => load(6),
    InputError,
    "--train-cases 6 is more than the 5 training cases: it may be 1 to 5",
  );
  await assertRejects(
    () => load(3, 4),
    InputError,
    "--batch-size 4 is more than the 3 training cases",
  );
  const pairs = new LoadedProblem({ ...loading(new Uint32Array(6)), width: 3 });
  assertEquals(pairs.first(2).trainCases, 2);
  assertThrows(() => pairs.first(1), InputError, "ends within a pair of values");
});

Deno.test("--label-noise changes labels to train on, behind --train-cases, and says so", async () => {
  const noise = { share: 0.9, seed: 3, classes: 5 };
  const { loaded } = await load(4, 1, noise), { labels, source, remark } = loaded;
  const train = noisyLabels(Uint32Array.of(4, 3, 2, 1), noise);
  assertEquals(labels, { train, test: Uint32Array.of(9) });
  const changed = train.filter((label, i) => label !== 4 - i).length;
  assertEquals(source, {
    ...{ kind: "own", firstCases: 4 },
    labelNoise: { share: 0.9, seed: 3, changed },
  });
  assertEquals(remark, `note: ${changed} of 4 training labels are of another class`);
  assertEquals(identityOf(source), "own, first 4 cases, label noise 0.9 by seed 3");
});
