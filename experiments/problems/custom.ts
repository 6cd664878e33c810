import { InputError } from "../../mod.ts";
import type { JsonObject } from "../study/json.ts";
import { type CaseArray, float32Of, sizesOf } from "./case_array.ts";
import { readLabels } from "./labels.ts";
import { countWords, type OwnFile, readOwnFile } from "./own_file.ts";
import {
  type CaseValues,
  type ImageShape,
  LoadedProblem,
  type Problem,
  type ProblemOptions,
  rangeOf,
  requireValues,
} from "./problem.ts";

/**
 * The user's own data: cases to train on, others to test on where they are given, and the labels of
 * both where they are asked for, each from an .npy, an .npz, a CSV, an IDX or a MATLAB file. What was
 * taken for what is said, and recorded.
 */
export const custom: Problem = {
  async load(options) {
    const { data, testData, labelling, outputUnit } = options;
    if (data === undefined) {
      throw new InputError("custom needs --data: name an .npy, .npz, .csv, IDX or .mat file");
    }
    const train = await readCases(data, "data", options);
    const test = testData === undefined
      ? undefined
      : await readCases(testData, "test-data", options);
    const labels = labelling && await readLabels(labelling, [train.content, test?.content]);
    const files = [train, ...test ? [test] : [], ...labels?.files ?? []];
    const { width, values, shape } = train.content;
    const image = shape && {
      ...shape,
      ...outputUnit === "linear" && values instanceof Float32Array && { range: rangeOf(values) },
    };
    return new LoadedProblem({
      name: "custom",
      width,
      train: values,
      ...test && { test: test.content.values },
      ...labels && { labels: labels.content },
      source: {
        kind: "own",
        files: files.map(({ record }) => record),
        ...recordOf(train),
        ...test && { test: recordOf(test) },
      },
      remark: files.map(({ told }) => told).join("\n"),
      ...image && { image },
    });
  },
};

/** The cases of a file. */
interface OwnCases {
  readonly cases: number;
  readonly width: number;
  readonly values: CaseValues;
  /** Of cases that are images. */
  readonly shape: Pick<ImageShape, "width" | "height"> | undefined;
}

function readCases(
  named: string,
  flag: string,
  options: ProblemOptions,
): Promise<OwnFile<OwnCases>> {
  const { header, width } = options;
  const count = (dimensions: readonly number[]) => {
    const { cases, width } = sizesOf(dimensions);
    return `${countWords(cases, "case")} of ${countWords(width, "value")}`;
  };
  return readOwnFile(named, { flag, header, width, count }, (array) => {
    requireWidth(array.dimensions, width);
    return casesOf(array, options);
  });
}

/** What run.json says of cases, besides their file. */
function recordOf({ content: { cases, width }, taken }: OwnFile<OwnCases>): JsonObject {
  return { cases, values: width, ...taken !== "" && { taken } };
}

function casesOf(array: CaseArray, { outputUnit }: ProblemOptions): OwnCases {
  const { dimensions, data, levels, placeOf } = array,
    sizes = sizesOf(dimensions),
    { width } = sizes;
  const [, height, imageWidth] = dimensions;
  const shape = dimensions.length === 3 ? { width: imageWidth, height } : undefined;
  if (levels) return { ...sizes, values: data as Uint8Array<ArrayBuffer>, shape };
  const values = float32Of(array, width);
  requireValues(values, { width, outputUnit, placeOf });
  return { ...sizes, values, shape };
}

function requireWidth(dimensions: readonly number[], expected: number | undefined): void {
  const { cases, width } = sizesOf(dimensions);
  if (expected === undefined || width === expected) return;
  const hint = cases === expected
    ? "it seems to be transposed: save cases as rows"
    : "begin --layers with the values of a case";
  throw new InputError(
    `it holds ${dimensions.join(" x ")} values, and --layers begins with ${expected}: ${hint}`,
  );
}
