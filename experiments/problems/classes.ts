import { type DatasetArray, InputError } from "../../mod.ts";

/** Cases and the label of each. */
interface Labelled {
  readonly values: DatasetArray;
  readonly labels: Uint32Array;
}

/** Those of some classes alone. Throws InputError where there is none of one of them. */
export function ofClasses({ values, labels }: Labelled, classes: readonly number[]): Labelled {
  const missing = classes.find((label) => !labels.includes(label));
  if (missing !== undefined) {
    throw new InputError(`--classes ${classes.join(",")}: there are no cases of class ${missing}`);
  }
  const length = values.length / labels.length;
  const chosen = Array.from(labels.keys()).filter((i) => classes.includes(labels[i]));
  const taken = values.slice(0, chosen.length * length);
  chosen.forEach((from, to) =>
    taken.set(values.subarray(from * length, (from + 1) * length), to * length)
  );
  return { values: taken, labels: Uint32Array.from(chosen, (i) => labels[i]) };
}
