import { curvesFromMAT, generateCurves, InputError } from "../../mod.ts";
import { findFile, requireFolder } from "../files/files.ts";
import { readMatlab } from "./matlab.ts";
import {
  fileRecords,
  LoadedProblem,
  type Loading,
  type Problem,
  requireValues,
  unchecked,
} from "./problem.ts";

const originalName = "digs3pts_1.mat", width = 784;

/**
 * Curves: images of smooth curves through three random points, generated, or from the original file
 * where the user has it (paper, section 3.1).
 */
export const curves: Problem = {
  async load({ data, dataSeed, outputUnit }) {
    const loading = data === undefined ? generate(dataSeed) : await readOriginal(data, outputUnit);
    return new LoadedProblem({
      ...loading,
      name: "Curves",
      width,
      image: { width: 28, height: 28 },
    });
  },
};

type Cases = Pick<Loading, "train" | "test" | "source">;

function generate(seed: number): Cases {
  return { ...generateCurves({ seed }), source: { kind: "stand-in", seed } };
}

async function readOriginal(folder: string, outputUnit: "sigmoid" | "linear"): Promise<Cases> {
  requireFolder(folder);
  const path = findFile(folder, [originalName]);
  if (path === undefined) {
    throw new InputError(
      `${folder} holds no ${originalName}, the original file of curves: leave --data out, and the ` +
        "images are generated",
    );
  }
  const { content, file } = await readMatlab(path, ["bdata", "bdatatest"], (arrays) => {
    const { train, test } = curvesFromMAT(arrays);
    for (const values of [train, test]) requireValues(values, { width, outputUnit });
    return { train, test };
  });
  return { ...content, source: { kind: unchecked, files: fileRecords(file) } };
}
