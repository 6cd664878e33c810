import { InputError, printable, SequenceData } from "../../mod.ts";
import type { JsonObject } from "../study/json.ts";
import { loadAgain, requireSameData } from "../study/resume.ts";
import { type CaseArray, float32Of } from "./case_array.ts";
import { countWords, type OwnFile, readOwnFile } from "./own_file.ts";
import { type DataSource, identityOf, requireBatch, requireValues } from "./problem.ts";
import type { LoadedSequences, SequenceProblem } from "./sequences.ts";
import { seriesTables } from "./series_tables.ts";

/** What a command line says of a series of the user's own. */
export interface SeriesOptions {
  readonly data: string | undefined;
  readonly header: boolean | undefined;
  /** The last rows, as a share of all, are kept to test on. */
  readonly testShare: number;
  /** Rows of a window. */
  readonly length: number | undefined;
  readonly batchSize: number;
}

/** A column: its rows to train on have this mean and standard deviation, in its own unit. */
interface Scale {
  readonly name: string;
  readonly mean: number;
  readonly deviation: number;
}

/** The rows of a series, standardized. */
interface Series {
  readonly scales: readonly Scale[];
  readonly train: Float32Array<ArrayBuffer>;
  readonly test: Float32Array<ArrayBuffer>;
}

/**
 * Loads the series that `--data` names, whose next row is learned from those before it in a window. Throws InputError where it has no windows to train on and to
 * test on, fewer than a minibatch, or a column that cannot be standardized.
 */
export async function loadSeries(
  { data, header, testShare, length = 80, batchSize }: SeriesOptions,
  earlier: JsonObject | undefined,
): Promise<LoadedSequences> {
  if (data === undefined) {
    throw new InputError(
      "custom needs --data: name a CSV file with a row for each step of a series",
    );
  }
  if (length < 2) {
    throw new InputError(`--length ${length} of custom leaves no row to predict: give 2 or more`);
  }
  const file = await loadAgain({ earlier, data }, () =>
    readOwnFile(
      data,
      { flag: "data", header, width: undefined, count: sizeWords },
      (array) => seriesOf(array, { testShare, length }),
    ));
  const { scales, train, test } = file.content, width = scales.length, steps = length - 1;
  requireBatch(batchSize, train.length / width - steps, "windows to train on");
  const source = sourceOf(file);
  requireSameData(earlier, source);
  const deviations = Object.fromEntries(scales.map(({ name, deviation }) => [name, deviation]));
  return {
    length,
    settings: {
      ...{ network: "series", problem: "custom", data: identityOf(source) },
      ...{ length, testShare, deviations },
    },
    tables: seriesTables(deviations, persistence(test, { width, steps })),
    source,
    remark: `${file.told}\n${splitWords(file.content)}`,
    inputScale: 0.1,
    told: {},
    chart: {
      figure: "test_mean_squared_error",
      figureTitle: "test mean squared error",
      unit: "of standardized columns",
    },
    example: exampleOf(file.content, length),
    taskOn: (gpu) =>
      Promise.resolve(
        new SequenceData(gpu, {
          ...{ inputs: width, outputs: width, steps },
          loss: "mean-squared-error",
          train: { series: train },
          test: { series: test },
          unitErrors: scales.map(({ name }, unit) => ({ name: `error of ${name}`, unit })),
        }),
      ),
  };
}

/** Rows, and values of each; those of a list are rows of one value. */
function sizeOf([rows = 1, ...others]: readonly number[]): { rows: number; width: number } {
  return { rows, width: others.reduce((product, n) => product * n, 1) };
}

function sizeWords(dimensions: readonly number[]): string {
  const { rows, width } = sizeOf(dimensions);
  return `${countWords(rows, "row")} of ${countWords(width, "column")}`;
}

/** Each column less its mean, in standard deviations, both of the rows to train on alone. */
function seriesOf(
  array: CaseArray,
  { testShare, length }: { testShare: number; length: number },
): Series {
  const { rows, width } = sizeOf(array.dimensions);
  const testRows = Math.floor(testShare * rows), trainRows = rows - testRows;
  if (width < 1 || Math.min(testRows, trainRows) < length) {
    throw new InputError(
      `of ${countWords(rows, "row")} ${trainRows} are to train on and ${testRows} to test on, by ` +
        `--test-share ${testShare}: a window of --length ${length} takes ${length} of both; give a ` +
        "longer series or a shorter window",
    );
  }
  const values = float32Of(array, width);
  requireValues(values, { width, outputUnit: "linear", placeOf: array.placeOf });
  const names = namesOf(array.names, width);
  const scales = names.map((name, column) => {
    const own = new Float32Array(trainRows).map((_, row) => values[row * width + column]);
    return { name, ...scaleOf(own, `column ${column + 1} (${printable(name)})`) };
  });
  const standard = values.map((value, i) => {
    const { mean, deviation } = scales[i % width];
    return (value - mean) / deviation;
  });
  return {
    scales,
    train: standard.slice(0, trainRows * width),
    test: standard.slice(trainRows * width),
  };
}

/** The names of a table, where no two are the same; they head columns of other tables. */
function namesOf(names: readonly string[] = [], width: number): readonly string[] {
  const areTold = names.length === width && new Set(names).size === width && !names.includes("");
  return areTold ? names : Array.from({ length: width }, (_, i) => `column_${i + 1}`);
}

function scaleOf(own: Float32Array, what: string): Omit<Scale, "name"> {
  if (own.every((value) => value === own[0])) {
    throw new InputError(
      `${what} is ${
        own[0]
      } in all ${own.length} rows to train on, and cannot be standardized: leave ` +
        "it out",
    );
  }
  const mean = own.reduce((sum, value) => sum + value, 0) / own.length;
  const squares = own.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / own.length) };
}

/**
 * The mean squared error of taking each row for the next, over all windows of so many steps: a row
 * that more of them hold counts more often.
 */
function persistence(
  rows: Float32Array,
  { width, steps }: { width: number; steps: number },
): number {
  const last = rows.length / width - 1, windows = last + 1 - steps;
  let sum = 0;
  for (let row = 0; row < last; row++) {
    const holding = Math.min(row, windows - 1) - Math.max(0, row + 1 - steps) + 1;
    for (let i = row * width; i < (row + 1) * width; i++) {
      sum += holding * (rows[i + width] - rows[i]) ** 2;
    }
  }
  return sum / (windows * steps * width);
}

/** A window from the middle of the rows to test on. */
function exampleOf({ scales, train, test }: Series, length: number): SequenceProblem["example"] {
  const width = scales.length, rows = test.length / width;
  const first = Math.floor((rows - length) / 2), before = train.length / width + first;
  const names = scales.map(({ name }) => name);
  return {
    title: `custom: rows ${before + 2} to ${before + length}, and what the best network predicts ` +
      "from those before each",
    task: { loss: "squared-error", targets: "all" },
    length: length - 1,
    inputs: test.subarray(first * width, (first + length - 1) * width),
    targets: test.subarray((first + 1) * width, (first + length) * width),
    inputNames: [],
    outputNames: names,
    scales,
  };
}

function sourceOf(
  { content: { scales, train, test }, record, taken }: OwnFile<Series>,
): DataSource {
  const width = scales.length;
  return {
    kind: "own",
    files: [record],
    ...taken !== "" && { taken },
    trainRows: train.length / width,
    testRows: test.length / width,
    columns: scales.map(({ name, mean, deviation }) => ({ name, mean, deviation })),
  };
}

/** Columns whose scale is said. */
const mostSaid = 6;

function splitWords({ scales, train, test }: Series): string {
  const rows = [train, test].map(({ length }) => length / scales.length);
  const said = scales.slice(0, mostSaid).map(({ name, mean, deviation }) =>
    `${printable(name)} ${Number(mean.toPrecision(4))} ± ${Number(deviation.toPrecision(4))}`
  );
  return `${rows[0]} rows are to train on, the last ${
    rows[1]
  } to test on; columns are standardized ` +
    `by the mean and the standard deviation of the former: ${said.join(", ")}` +
    (scales.length > mostSaid ? ", ..." : "");
}
