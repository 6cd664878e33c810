import { InputError } from "../../mod.ts";
import type { CaseArray } from "./case_array.ts";
import { countWords, type OwnFile, readOwnFile } from "./own_file.ts";
import type { Labelling, Labels } from "./problem.ts";

/** How many cases there are. */
type Counted = { readonly cases: number };

/** The user's own labels: those of the cases to train on and, where there are such, to test on. */
export async function readLabels(
  { classes, labels, testLabels }: Labelling,
  [train, test]: readonly [Counted, Counted | undefined],
): Promise<{ content: Labels; files: OwnFile<Uint32Array>[] }> {
  if (labels === undefined) {
    throw new InputError(
      "custom needs --labels: name a file with the number of each case's class, from 0 on",
    );
  }
  if ((testLabels === undefined) !== (test === undefined)) {
    const [there, lacking] = test ? ["test-data", "test-labels"] : ["test-labels", "test-data"];
    throw new InputError(`--${there} needs --${lacking}: name the file that belongs to it`);
  }
  const trainFile = await readFile(labels, "labels", { classes, ...train });
  const testFile = test && await readFile(testLabels!, "test-labels", { classes, ...test });
  return {
    content: { train: trainFile.content, ...testFile && { test: testFile.content } },
    files: [trainFile, ...testFile ? [testFile] : []],
  };
}

function readFile(
  named: string,
  flag: string,
  expected: Counted & Pick<Labelling, "classes">,
): Promise<OwnFile<Uint32Array>> {
  const count = ([labels = 1]: readonly number[]) => countWords(labels, "label");
  return readOwnFile(
    named,
    { flag, header: undefined, width: 1, count },
    (array) => labelsOf(array, expected),
  );
}

/** The labels in an array. Throws InputError where they are not one of the classes for each case. */
export function labelsOf(
  { dimensions, data, placeOf }: Pick<CaseArray, "dimensions" | "data" | "placeOf">,
  { classes, cases }: Counted & Pick<Labelling, "classes">,
): Uint32Array {
  const [count = 1] = dimensions;
  if (data.length !== count) {
    throw new InputError(
      `it holds ${dimensions.join(" x ")} values, where the number of its class belongs for each ` +
        "case: of a column for each class save the number of the largest",
    );
  }
  if (count !== cases) {
    throw new InputError(
      `it holds ${countWords(count, "label")} for ${
        countWords(cases, "case")
      }: give one for each, ` +
        "in their order",
    );
  }
  const labels = Uint32Array.from(data as ArrayLike<number>, Number);
  for (let row = 0; row < cases; row++) {
    const label = Number(data[row]);
    if (labels[row] === label && label < classes) continue;
    throw new InputError(
      `${
        placeOf(row, 0)
      } is ${label}: the classes of ${classes} output units are the whole numbers ` +
        `0 to ${classes - 1}; end --layers with a unit for each class, or correct the label`,
    );
  }
  return labels;
}
