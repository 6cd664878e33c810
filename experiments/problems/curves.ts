import { Dataset, generateCurves } from "../../mod.ts";
import { exampleCount, type Problem } from "./problem.ts";

/** Curves: images of smooth curves through three random points, generated (paper, section 3.1). */
export const curves: Problem = {
  layers: [784, 400, 200, 100, 50, 25, 6],
  outputUnit: "sigmoid",
  loss: "cross-entropy",
  image: { width: 28, height: 28 },
  load({ dataSeed }) {
    const { train, test } = generateCurves({ seed: dataSeed });
    return Promise.resolve({
      trainCases: train.length / 784,
      upload: (gpu) => ({
        train: new Dataset(gpu, train, { width: 784, label: "Curves training cases" }),
        test: new Dataset(gpu, test, { width: 784, label: "Curves test cases" }),
        examples: test.slice(0, exampleCount * 784),
      }),
    });
  },
};
