import { Dataset, type Gpu, InputError } from "../../mod.ts";
import { type FileContent, release } from "../files/files.ts";
import { loadAgain, requireSameData } from "../study/resume.ts";
import type { JsonObject } from "../study/json.ts";
import { ofClasses } from "./classes.ts";
import { type LabelNoise, noisyLabels } from "./label_noise.ts";

/** Data that a program can train on. */
export interface Problem {
  /** Reads or generates the data, before a GPU is asked for: bad files end a run early. */
  load(options: ProblemOptions): Promise<LoadedProblem>;
}

/** Where the data come from. */
export interface ProblemOptions {
  /** The folder with the files, or the file. */
  data: string | undefined;
  /** Fixes generated data. */
  dataSeed: number;
  /** Whether files that are missing may be fetched. */
  download: boolean;
  /** Of the user's own data: the file of the cases to test on. */
  testData?: string | undefined;
  /** Labels that are to be loaded besides. */
  labelling?: Labelling | undefined;
  /** Units of the network's first layer, where it is known before the data. */
  width: number | undefined;
  /** Of a table of the user's own: whether its first row holds names; undefined where it tells. */
  header?: boolean | undefined;
  /** Of the network: logistic units ask for values in [0, 1]. */
  outputUnit: "sigmoid" | "linear";
  /** Aborted where the run is to end. */
  interruption: AbortSignal;
}

/** Labels that are asked for. */
export interface Labelling {
  /** They are the whole numbers from 0 to one below this. */
  readonly classes: number;
  /** Of the user's own data: the files with those of the cases to train on, and to test on. */
  readonly labels?: string | undefined;
  readonly testLabels?: string | undefined;
}

/** The number of each case's class. */
export interface Labels {
  readonly train: Uint32Array;
  readonly test?: Uint32Array;
}

/** Cases as a `Dataset` takes them: levels of 0..255, pairs of half floats, or float32. */
export type CaseValues =
  | Uint8Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | Float32Array<ArrayBuffer>;

/** How images are drawn. */
export interface ImageShape {
  /** Pixels from left to right. */
  readonly width: number;
  /** Pixels from top to bottom. */
  readonly height: number;
  /** The values drawn black and white. */
  readonly range: readonly [black: number, white: number];
}

/** Data that may be the paper's: they have the name and the shape, and no sum of theirs is known. */
export const unchecked = "named as the original, unchecked";

/** Other images under the names of MNIST's files. */
export const notMNIST = "not MNIST: its SHA-256 differs";

/** What run.json says of the data. */
export type DataSource = JsonObject & {
  /** The data of the paper, such as may be, what was made in their place, or the user's own. */
  readonly kind: "original" | typeof unchecked | typeof notMNIST | "stand-in" | "own";
};

/** What {@linkcode LoadedProblem} is made of. */
export interface Loading {
  /** What messages call it. */
  readonly name: string;
  /** Values of a case. */
  readonly width: number;
  readonly train: CaseValues;
  readonly test?: CaseValues;
  readonly labels?: Labels;
  readonly source: DataSource;
  /** A line about the data that is to be said when they are trained on. */
  readonly remark?: string;
  /** The shape of the cases where they are images, with a range where that is not [0, 1]. */
  readonly image?: Pick<ImageShape, "width" | "height"> & Partial<ImageShape>;
  /** Training cases that montage.png shows. Default: none. */
  readonly montageCases?: number;
}

/** A data set on the GPU. */
export interface ProblemData {
  readonly train: Dataset;
  readonly test?: Dataset;
}

/** Cases shown in a figure of inputs and reconstructions. */
const exampleCount = 12;

/** Cases of which a figure of classes tells: MNIST has so many to test on. */
const labelledCount = 10_000;

/** Cases that initial weights may be fitted to. */
const sampleCount = 512;

/** The data in memory, until they are uploaded. */
export class LoadedProblem {
  readonly width: number;
  readonly trainCases: number;
  readonly source: DataSource;
  /** A line that is to be said of them, once nothing speaks against training on them. */
  readonly remark: string | undefined;
  readonly image: ImageShape | undefined;
  readonly labels: Labels | undefined;
  /** Some test cases as float32, [n, width], from all over the set; training cases if there is none. */
  readonly examples: Float32Array<ArrayBuffer>;
  /** The label of each, where there are labels. */
  readonly exampleLabels: Uint32Array;
  /** Some training cases as float32, [n, width], from all over the set: for initial weights to fit. */
  readonly sample: Float32Array<ArrayBuffer>;
  /** What montage.png shows, [n, width]. */
  readonly montage: Float32Array<ArrayBuffer>;
  #loading: Loading | undefined;

  constructor(loading: Loading) {
    const { width, train, test = train, labels, source, image, montageCases = 0 } = loading;
    this.width = width;
    this.trainCases = countOf(train) / width;
    this.source = source;
    this.remark = loading.remark;
    this.labels = labels;
    this.examples = spreadCases(test, width, labels ? labelledCount : exampleCount);
    const ofExamples = labels?.test ?? labels?.train ?? new Uint32Array();
    this.exampleLabels = Uint32Array.from(
      spread(ofExamples.length, labelledCount),
      (i) => ofExamples[i],
    );
    this.sample = spreadCases(train, width, sampleCount);
    this.montage = spreadCases(train, width, montageCases);
    this.image = image && { range: [0, 1], ...image };
    this.#loading = loading;
  }

  /**
   * The same data with so many training cases, from the first one on. Throws InputError where there
   * are fewer.
   */
  first(count: number): LoadedProblem {
    if (count > this.trainCases) {
      throw new InputError(
        `--train-cases ${count} is more than the ${this.trainCases} training cases: it may be 1 to ` +
          `${this.trainCases}`,
      );
    }
    const { train, labels, source, width, ...others } = this.#kept();
    // Half floats lie in pairs.
    const length = count * width / (train instanceof Uint32Array ? 2 : 1);
    if (!Number.isInteger(length)) {
      throw new InputError(
        `--train-cases ${count} ends within a pair of values: give an even number`,
      );
    }
    return new LoadedProblem({
      ...{ ...others, width, train: train.slice(0, length) },
      ...labels && { labels: { ...labels, train: labels.train.slice(0, count) } },
      source: { ...source, firstCases: count },
    });
  }

  /** The same data with the cases of some classes alone. */
  ofClasses(classes: readonly number[]): LoadedProblem {
    const loading = this.#kept(), { train, test, source } = loading, labels = loading.labels!;
    const own = ofClasses({ values: train, labels: labels.train }, classes);
    const tested = test && ofClasses({ values: test, labels: labels.test! }, classes);
    return new LoadedProblem({
      ...{ ...loading, train: own.values, source: { ...source, classes } },
      ...tested && { test: tested.values },
      labels: { train: own.labels, ...tested && { test: tested.labels } },
    });
  }

  /** The same data with noise on the labels of the training cases. */
  withLabelNoise(noise: LabelNoise): LoadedProblem {
    const loading = this.#kept(), { source, remark } = loading, labels = loading.labels!;
    const train = noisyLabels(labels.train, noise), { share, seed } = noise;
    const changed = train.filter((label, i) => label !== labels.train[i]).length;
    const told = `note: ${changed} of ${train.length} training labels are of another class`;
    return new LoadedProblem({
      ...{ ...loading, labels: { ...labels, train } },
      source: { ...source, labelNoise: { share, seed, changed } },
      remark: remark === undefined ? told : `${remark}\n${told}`,
    });
  }

  /** Moves the data to the GPU: their memory here is given back at once, so this works once. */
  upload(gpu: Gpu): ProblemData {
    const { name, width, train, test } = this.#kept();
    this.#loading = undefined;
    const move = (values: CaseValues, split: string) => {
      const data = new Dataset(gpu, values, { width, label: `${name} ${split} cases` });
      release(values);
      return data;
    };
    return { train: move(train, "training"), ...test && { test: move(test, "test") } };
  }

  #kept(): Loading {
    if (!this.#loading) throw new Error("the data have been moved to the GPU");
    return this.#loading;
  }
}

/** Data that are loaded, and where they lie on a GPU. */
export interface ReadyProblem {
  readonly loaded: LoadedProblem;
  /**
   * What was loaded goes to the first GPU, and is loaded again for each further one: an upload gives
   * the memory of the data back. Throws InputError where the data are other ones by then.
   */
  on(gpu: Gpu): Promise<ProblemData>;
}

/**
 * Loads the data of a run that begins, or of one that goes on: they may lie elsewhere by now. Throws
 * InputError where they are other ones, or fewer cases than a minibatch.
 */
export async function loadProblem(
  loadAll: () => Promise<LoadedProblem>,
  { batchSize, classes, trainCases, labelNoise, earlier, data }: {
    batchSize: number;
    /** Classes whose cases are taken; all where left out. */
    classes?: readonly number[] | undefined;
    /** How many of these there are to train on; all where left out. */
    trainCases?: number | undefined;
    /** Of their labels; none where left out. */
    labelNoise?: LabelNoise | undefined;
    earlier: JsonObject | undefined;
    data: string | undefined;
  },
): Promise<ReadyProblem> {
  const load = async () => {
    const all = await loadAll(), own = classes ? all.ofClasses(classes) : all;
    const taken = trainCases === undefined ? own : own.first(trainCases);
    return labelNoise === undefined ? taken : taken.withLabelNoise(labelNoise);
  };
  const loaded = await loadAgain({ earlier, data }, load);
  requireBatch(batchSize, loaded.trainCases, "training cases");
  requireSameData(earlier, loaded.source);
  const uploads = new WeakMap<Gpu, Promise<ProblemData>>();
  let next: LoadedProblem | undefined = loaded;
  const upload = async (gpu: Gpu) => {
    const data = next ?? await load();
    next = undefined;
    requireSameData({ data: loaded.source }, data.source);
    return data.upload(gpu);
  };
  return {
    loaded,
    on(gpu) {
      const data = uploads.get(gpu) ?? upload(gpu);
      uploads.set(gpu, data);
      return data;
    },
  };
}

/** Refuses a minibatch of more cases than there are to train on. Throws InputError. */
export function requireBatch(batchSize: number, count: number, noun: string): void {
  if (batchSize <= count) return;
  throw new InputError(
    `--batch-size ${batchSize} is more than the ${count} ${noun}: it may be 1 to ${count}`,
  );
}

/** What the data are, wherever their files lie: "stand-in, seed 1". */
export function identityOf(
  { kind, files, seed, trainCases, testCases, classes, firstCases, labelNoise }: DataSource,
): string {
  const noise = labelNoise as { share: number; seed: number } | undefined;
  const sums = Array.isArray(files)
    ? files.map(({ sha256, name }) => `SHA-256 ${sha256}${name === undefined ? "" : `#${name}`}`)
    : [];
  return [
    kind,
    ...trainCases === undefined ? [] : [`${trainCases} and ${testCases} cases`],
    ...sums,
    ...classes === undefined ? [] : [`classes ${classes}`],
    ...firstCases === undefined ? [] : [`first ${firstCases} cases`],
    ...noise === undefined ? [] : [`label noise ${noise.share} by seed ${noise.seed}`],
    ...seed === undefined ? [] : [`seed ${seed}`],
  ].join(", ");
}

/** What run.json says of files. */
export function fileRecords(...files: readonly Omit<FileContent, "bytes">[]): JsonObject[] {
  return files.map(({ path, sha256 }) => ({ path, sha256 }));
}

/** The least and the greatest value: what is drawn black and white where no range is given. */
export function rangeOf(values: Float32Array): [least: number, greatest: number] {
  const least = values.reduce((a, b) => Math.min(a, b)),
    greatest = values.reduce((a, b) => Math.max(a, b));
  return least < greatest ? [least, greatest] : [least - 0.5, least + 0.5];
}

/** Where a value of a case stands in its file, in words; case and value are counted from 0. */
export type PlaceWords = (caseNumber: number, value: number) => string;

/** Where it stands if cases are rows. */
export const rowAndColumn: PlaceWords = (row, column) => `row ${row + 1}, column ${column + 1}`;

/** Refuses cases unless all are finite, and within [0, 1] for logistic output units. */
export function requireValues(
  values: Float32Array,
  { width, outputUnit, placeOf = rowAndColumn }: {
    width: number;
    outputUnit: "sigmoid" | "linear";
    placeOf?: PlaceWords;
  },
): void {
  const [least, greatest] = outputUnit === "sigmoid" ? [0, 1] : [-maxFloat32, maxFloat32];
  const bad = values.findIndex((value) => !(value >= least && value <= greatest));
  if (bad < 0) return;
  const place = placeOf(Math.floor(bad / width), bad % width);
  const found = Number(values[bad].toPrecision(6));
  if (!Number.isFinite(found)) {
    throw new InputError(`${place} is ${found}, where only finite float32 numbers are allowed`);
  }
  throw new InputError(
    `${place} is ${found}, outside [0, 1], the range of logistic output units: scale the values, ` +
      "or use --output-unit linear",
  );
}

const maxFloat32 = (2 - 2 ** -23) * 2 ** 127;

function countOf(values: CaseValues): number {
  return values instanceof Uint32Array ? 2 * values.length : values.length;
}

/** `count` numbers of cases (or all, if there are fewer) at equal distances. */
function spread(cases: number, count: number): number[] {
  const taken = Math.min(count, cases);
  return Array.from({ length: taken }, (_, i) => Math.floor(i * cases / taken));
}

/** So many cases as float32. */
function spreadCases(values: CaseValues, width: number, count: number): Float32Array<ArrayBuffer> {
  const places = spread(countOf(values) / width, count);
  const numbers = values instanceof Uint32Array
    ? new Float16Array(values.buffer, values.byteOffset, 2 * values.length)
    : values;
  const unit = values instanceof Uint8Array ? 1 / 255 : 1;
  return new Float32Array(places.length * width).map((_, at) =>
    unit * numbers[places[Math.floor(at / width)] * width + at % width]
  );
}
