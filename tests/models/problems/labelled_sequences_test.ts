import { assertEquals, assertLess, assertThrows } from "@std/assert";
import {
  Dataset,
  echoState,
  InputError,
  LabelledSequences,
  type LabelledSequencesOptions,
  nesterov,
  rnn,
  runRnn,
  Trainer,
} from "../../../mod.ts";
import { draw, gpuTest } from "../../gpu/fixture.ts";

const steps = 7, width = 3, classes = 3, cases = 40;

/** The class is the largest of the values of the last step. */
const bytes = Uint8Array.from(draw(cases * steps * width, 1), (value) => 128 * (value + 1));
const labels = Array.from({ length: cases }, (_, i) => {
  const last = [...bytes.subarray((i + 1) * steps * width - width, (i + 1) * steps * width)];
  return last.indexOf(Math.max(...last));
});

gpuTest(
  "LabelledSequences are learned, and told by what is wrong behind the last step",
  async (bench) => {
    const { gpu } = bench;
    const inputs = bench.take(new Dataset(gpu, bytes, { width: steps * width }));
    const set = { inputs, targets: labels };
    const task = bench.take(new LabelledSequences(gpu, { steps, classes, train: set, test: set }));
    assertEquals([task.inputs, task.cases], [width, { train: cases, test: cases }]);
    const trainer = bench.take(
      await Trainer.open(gpu, {
        model: rnn({ hidden: 17, task }),
        replicas: [1, 2].map((seed) => ({
          seed,
          optimizer: nesterov({ learningRate: 0.1, momentum: 0.9 }),
          initializer: echoState({ inputScale: 0.5 }),
        })),
        batchSize: 10,
      }),
    );
    for await (const _ of trainer.run({ updates: 150, evalCases: 0 }));
    const told = await trainer.evaluate("test");
    // [T, N, in] in place of [N, T, in]
    const sequences = Float32Array.from({ length: bytes.length }, (_, at) => {
      const [t, n, i] = [
        Math.floor(at / width / cases),
        Math.floor(at / width) % cases,
        at % width,
      ];
      return bytes[(n * steps + t) * width + i] / 255;
    });
    for (const r of [0, 1]) {
      const theta = await trainer.theta(r);
      const outputs = await runRnn(gpu, { theta, inputs: sequences, batch: cases });
      const wrong = labels.filter((label, n) => {
        const at = ((steps - 1) * cases + n) * classes, last = outputs.subarray(at, at + classes);
        return last.indexOf(Math.max(...last)) !== label;
      });
      assertLess(Math.abs(told[r].zeroOneLoss - wrong.length / cases), 1e-6);
      assertLess(told[r].zeroOneLoss, 0.2);
    }
  },
);

gpuTest("LabelledSequences refuse what are no sequences of classes", ({ gpu }) => {
  const inputs = { data: Float32Array.from(bytes), width: steps * width };
  const usual = { steps, classes, train: { inputs, targets: labels } };
  const refused = (given: Partial<LabelledSequencesOptions>, message: string) => {
    const { allocatedBytes } = gpu;
    assertThrows(() => new LabelledSequences(gpu, { ...usual, ...given }), InputError, message);
    assertEquals(gpu.allocatedBytes, allocatedBytes);
  };
  refused({ steps: 4 }, "sequences of 21 values are not of 4 steps: give a number of steps");
  refused({ steps: 0 }, "the number of steps must be a whole number above 0");
  refused({ classes: 1 }, "there are 2 classes or more to be told apart, not 1");
  refused({ classes: 2 }, "with 2 output units the classes are the whole numbers 0 to 1");
  refused({ train: { inputs, targets: [1] } }, "40 inputs and 1 targets: give one for each input");
  const rows = { data: new Float32Array(2 * cases), width: 2 };
  refused({ train: { inputs, targets: rows } }, "there are 2 targets of each: give the number");
  return Promise.resolve();
});
