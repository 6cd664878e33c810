import { InputError } from "../errors.ts";
import type { Gpu } from "../gpu/gpu.ts";
import type { Tensor } from "../gpu/tensor.ts";
import type { Plan } from "../gpu/plan.ts";
import { gather } from "../ops/gather.ts";
import { Purpose } from "../random.ts";
import { Dataset } from "./dataset.ts";
import type { CaseBuffers, Cases, OpenSource, Source, Split } from "./source.ts";
import { type Shaped, shapeOf, type Table } from "./table.ts";

/** Cases with what is wanted of each; see {@linkcode examples}. */
export interface ExampleSet {
  /** What the network is given. */
  inputs: Dataset | Table;
  /**
   * What is wanted of it: a row a case, or one number, such as that of its class from 0 on. 8-bit
   * numbers are themselves where there is one a case. Left out, inputs are their own targets.
   */
  targets?: Dataset | Table | ArrayLike<number>;
  /** How much each case counts in the loss. Default: once, all of them. */
  weights?: ArrayLike<number>;
}

/** A part of the data: what it holds by the names of the buffers it goes to. */
type Parts = { inputs: Dataset | Shaped; targets?: Dataset | Shaped; weights?: Shaped };

const words = { train: "training", test: "test" } as const;

/**
 * Cases of which each epoch takes every one once, in an order that a network's seed fixes. Arrays are
 * uploaded with each network that trains on them; a `Dataset` is shared, and freed by who made it.
 *
 * Throws an {@linkcode InputError} where values do not fill their rows, or inputs, targets and weights
 * are not of the same cases.
 *
 * ```ts
 * import { examples } from "../../mod.ts";
 *
 * const inputs = { data: Float32Array.of(0, 0, 0, 1, 1, 0, 1, 1), width: 2 };
 * const source = examples({ train: { inputs, targets: [0, 1, 1, 0] } });
 * console.log(source.inputs, source.targets, source.cases.train); // 2, 1, 4
 * ```
 */
export function examples(sets: { train: ExampleSet; test?: ExampleSet }): Source {
  return new Examples(sets);
}

class Examples implements Source {
  readonly inputs: number;
  readonly targets: number | undefined;
  readonly weighted: boolean;
  readonly cases: Readonly<Record<Split, number>>;
  readonly #parts: Partial<Record<Split, Parts>>;

  constructor({ train, test }: { train: ExampleSet; test?: ExampleSet }) {
    const parts = { train: partsOf("train", train), ...test && { test: partsOf("test", test) } };
    checkAlike(parts.train, parts.test);
    this.#parts = parts;
    this.inputs = parts.train.inputs.width;
    this.targets = parts.train.targets?.width;
    this.weighted = parts.train.weights !== undefined;
    this.cases = { train: parts.train.inputs.cases, test: parts.test?.inputs.cases ?? 0 };
  }

  checkLabels(classes: number): void {
    for (const split of ["train", "test"] as const) {
      const labels = this.#parts[split]?.targets;
      if (!labels || labels instanceof Dataset) continue;
      for (let row = 0; row < labels.cases; row++) {
        const label = Number(labels.data[row]);
        if (Number.isInteger(label) && label >= 0 && label < classes) continue;
        throw new InputError(
          `the label of row ${row} of the ${
            words[split]
          } cases is ${label}: with ${classes} output ` +
            `units the classes are the whole numbers 0 to ${classes - 1}; give as many units as ` +
            "classes, or correct the label",
        );
      }
    }
  }

  open(gpu: Gpu): OpenSource {
    return gpu.takeAll(() => new OpenExamples(gpu, this.#parts));
  }
}

class OpenExamples implements OpenSource {
  readonly #sets: Partial<Record<Split, Record<string, Dataset>>> = {};
  readonly #owned: Dataset[] = [];

  constructor(gpu: Gpu, parts: Partial<Record<Split, Parts>>) {
    for (const split of ["train", "test"] as const) {
      const entries = Object.entries(parts[split] ?? {}).map(([name, part]) => {
        if (part instanceof Dataset) return [name, part];
        const { data, width } = part;
        // 8-bit numbers one a case are themselves.
        const isCount = name === "targets" && width === 1;
        const values = isCount ? Float32Array.from(data as ArrayLike<number>, Number) : data;
        const dataset = new Dataset(gpu, { data: values, width }, { label: `${split} ${name}` });
        this.#owned.push(dataset);
        return [name, dataset];
      });
      if (entries.length > 0) this.#sets[split] = Object.fromEntries(entries);
    }
  }

  record(plan: Plan, into: CaseBuffers, seeds: GPUBuffer, wanted: Cases): void {
    const { split, cases } = wanted === "minibatch"
      ? { split: "train" as const, cases: 0 }
      : wanted;
    const set = this.#sets[split];
    if (!set) throw new InputError(`there are no ${split} cases to evaluate on`);
    const purpose = wanted === "minibatch"
      ? Purpose.minibatch
      : cases < set.inputs.cases
      ? Purpose.evaluation
      : undefined;
    for (const [name, out] of Object.entries(into) as [string, Tensor][]) {
      gather(plan, set[name], out, { seeds, purpose });
    }
  }

  free(): void {
    for (const dataset of this.#owned) dataset.free();
  }
}

function partsOf(split: Split, { inputs, targets, weights }: ExampleSet): Parts {
  const name = `the ${words[split]} cases`;
  const parts: Parts = { inputs: partOf(`inputs of ${name}`, inputs) };
  if (targets !== undefined) {
    parts.targets = isTable(targets) ? partOf(`targets of ${name}`, targets) : column(targets);
  }
  if (weights !== undefined) {
    parts.weights = column(weights);
    const wrong = Array.from(weights).findIndex((weight) => !(weight >= 0 && weight < Infinity));
    if (wrong >= 0) {
      throw new InputError(
        `the weight of row ${wrong} of ${name} is ${weights[wrong]}: give finite numbers of at ` +
          "least 0",
      );
    }
  }
  for (const other of ["targets", "weights"] as const) {
    const cases = parts[other]?.cases;
    if (cases !== undefined && cases !== parts.inputs.cases) {
      throw new InputError(
        `${name} are ${parts.inputs.cases} inputs and ${cases} ${other}: give one for each input`,
      );
    }
  }
  return parts;
}

/** A number a case. */
function column(values: ArrayLike<number>): Shaped {
  return { cases: values.length, width: 1, data: Float32Array.from(values, Number) };
}

function partOf(name: string, given: Dataset | Table): Dataset | Shaped {
  return given instanceof Dataset ? given : shapeOf(name, given);
}

function isTable(targets: Dataset | Table | ArrayLike<number>): targets is Dataset | Table {
  return targets instanceof Dataset || "data" in targets;
}

function checkAlike(train: Parts, test: Parts | undefined): void {
  if (!test) return;
  for (const name of ["inputs", "targets", "weights"] as const) {
    const [a, b] = [train[name]?.width, test[name]?.width];
    if (a !== b) {
      throw new InputError(
        `the training cases have ${name} of ${a ?? "no"} values and the test cases of ${
          b ?? "no"
        }: ` +
          "give both the same",
      );
    }
  }
}
