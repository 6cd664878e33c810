import { LabelledSequences } from "../../mod.ts";
import type { KindTables } from "../study/network_kind.ts";
import { leastOf } from "../study/outcomes.ts";
import type { LoadingSession } from "../study/resume.ts";
import { mnist } from "./mnist.ts";
import { identityOf, loadProblem } from "./problem.ts";
import type { LoadedSequences } from "./sequences.ts";

/** What a command line says of MNIST's images as sequences. */
export interface DigitRowsOptions {
  readonly data: string | undefined;
  readonly download: boolean;
  readonly trainCases: number | undefined;
  readonly batchSize: number;
}

const CLASSES = 10, ROWS = 28, COLUMNS = 28;

/** How networks that read digits are told. */
export const digitRowsTables: KindTables = {
  figure: {
    name: "zeroOneLoss",
    split: "test",
    column: "error_rate",
    title: "error rate",
    unit: "fraction of digits taken for another",
  },
  columns: {
    curve: [
      { name: "train_loss", cell: ({ loss }) => loss },
      { name: "test_loss", cell: ({ test }) => test.loss },
      { name: "train_error_rate", cell: ({ train }) => train.zeroOneLoss },
      { name: "test_error_rate", cell: ({ test }) => test.zeroOneLoss },
      { name: "gradient_norm", cell: ({ gradientNorm }) => gradientNorm },
    ],
    furtherCurve: [],
    summary: [
      { name: "test_loss", cell: ({ figures }) => figures.test.loss },
      { name: "train_error_rate", cell: ({ figures }) => figures.train.zeroOneLoss },
      { name: "test_error_rate", cell: ({ figures }) => figures.test.zeroOneLoss },
      {
        name: "best_test_error_rate",
        cell: ({ cell }) => leastOf(cell, ({ test }) => test.zeroOneLoss),
      },
    ],
  },
};

/**
 * MNIST's images as sequences of their rows, from the top down: the digit is told behind the last one.
 * Throws InputError where the files are not there, or hold fewer images than a minibatch.
 */
export async function loadDigitRows(
  { data, download, trainCases, batchSize }: DigitRowsOptions,
  { earlier, interruption, once }: LoadingSession,
): Promise<LoadedSequences> {
  const load = () =>
    mnist.load({
      ...{ data, download, interruption, dataSeed: 0, width: ROWS * COLUMNS },
      ...{ outputUnit: "linear", labelling: { classes: CLASSES } },
    });
  const { loaded, on } = await once(
    { problem: "mnist-rows", data, batchSize, trainCases },
    () => loadProblem(load, { batchSize, trainCases, earlier, data }),
  );
  const { source, remark, labels, examples, exampleLabels: [label] } = loaded;
  return {
    length: ROWS,
    settings: {
      ...{ network: "image-rows", problem: "mnist-rows" },
      ...{ data: identityOf(source), length: ROWS },
    },
    tables: digitRowsTables,
    ...{ source, remark, inputScale: 0.1, told: {} },
    chart: {
      figure: "test_error_rate",
      figureTitle: "test error rate",
      unit: digitRowsTables.figure.unit,
    },
    example: {
      title:
        "mnist-rows: an image to test on, row after row, and what the best network takes it for",
      task: { loss: "cross-entropy", targets: "last" },
      length: ROWS,
      inputs: examples.subarray(0, ROWS * COLUMNS),
      targets: Array.from({ length: CLASSES }, (_, digit) => Number(digit === label)),
      inputNames: namesOf("column", COLUMNS),
      outputNames: namesOf("digit", CLASSES),
    },
    async taskOn(gpu) {
      const { train, test } = await on(gpu);
      return new LabelledSequences(gpu, {
        ...{ steps: ROWS, classes: CLASSES },
        train: { inputs: train, targets: labels!.train },
        test: { inputs: test!, targets: labels!.test! },
      });
    },
  };
}

function namesOf(what: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${what} ${i}`);
}
