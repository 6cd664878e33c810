import { InputError, printable, readIDX } from "../../mod.ts";
import { download, type RemoteFile } from "../files/download.ts";
import { type FileContent, findFile, naming, readUnpacked, requireFolder } from "../files/files.ts";
import { idxNames } from "./idx_names.ts";
import { labelsOf } from "./labels.ts";
import {
  type DataSource,
  fileRecords,
  LoadedProblem,
  notMNIST,
  type Problem,
  rowAndColumn,
} from "./problem.ts";

const width = 784;

/** The image files by their names before packing; 60,000 and 10,000 images of 28 x 28 bytes. */
const imageFiles = [
  {
    name: "train-images-idx3-ubyte",
    size: 16 + 60_000 * width,
    sha256: "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
  },
  {
    name: "t10k-images-idx3-ubyte",
    size: 16 + 10_000 * width,
    sha256: "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
  },
];

/** Those of the labels, a byte each. */
const labelFiles = [
  {
    name: "train-labels-idx1-ubyte",
    size: 8 + 60_000,
    sha256: "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
  },
  {
    name: "t10k-labels-idx1-ubyte",
    size: 8 + 10_000,
    sha256: "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
  },
];

const mirrors = [
  "https://ossci-datasets.s3.amazonaws.com/mnist/",
  "https://storage.googleapis.com/cvdf-datasets/mnist/",
];

/**
 * MNIST: 60,000 and 10,000 images of handwritten digits and, where they are asked for, their labels,
 * from the IDX files of its authors.
 */
export const mnist: Problem = {
  async load({ data, download, labelling, interruption }) {
    const wanted = [...imageFiles, ...labelling ? labelFiles : []];
    if (data === undefined) {
      const names = wanted.map(({ name }) => name).join(", ").replace(/, ([^,]*)$/, " and $1");
      throw new InputError(
        `mnist needs its files: put ${names}, plain or .gz, into a folder and name it with --data; ` +
          "--download yes fetches them into it",
      );
    }
    if (download) await fetchMissing(wanted, data, interruption);
    else requireFolder(data, ", or let --download yes fetch them into it");
    const [train, test] = await readFiles(data, imageFiles, imagesOf);
    const labels = labelling && await readFiles(data, labelFiles, (bytes, i) => {
      const cases = [train, test][i].content.length / width;
      return labelsOf({ ...readIDX(bytes), placeOf: rowAndColumn }, { ...labelling, cases });
    });
    return new LoadedProblem({
      name: "MNIST",
      width,
      train: train.content,
      test: test.content,
      ...labels && { labels: { train: labels[0].content, test: labels[1].content } },
      image: { width: 28, height: 28 },
      ...sourceOf(data, [train, test, ...labels ?? []].map(({ file }) => file), {
        trainCases: train.content.length / width,
        testCases: test.content.length / width,
      }),
    });
  },
};

/** Whether these are the SHA-256 of MNIST's images, those to train on first, and of its labels. */
export function areMNIST(sums: readonly string[]): boolean {
  const published = [...imageFiles, ...labelFiles].map(({ sha256 }) => sha256);
  return sums.length >= imageFiles.length && sums.every((sum, i) => sum === published[i]);
}

/** Names prove nothing: other data sets come under the same. */
function sourceOf(
  folder: string,
  files: readonly FileContent[],
  counts: { trainCases: number; testCases: number },
): { source: DataSource; remark?: string } {
  const records = fileRecords(...files);
  if (areMNIST(files.map(({ sha256 }) => sha256))) {
    return { source: { kind: "original", files: records } };
  }
  const what = files.length > imageFiles.length ? "images or labels" : "images";
  return {
    source: { kind: notMNIST, files: records, ...counts },
    remark: `note: ${printable(folder, 160)} holds ${what} that are not MNIST, as their SHA-256 ` +
      `differs: ${counts.trainCases} to train on, ${counts.testCases} to test`,
  };
}

async function fetchMissing(
  wanted: readonly RemoteFile[],
  folder: string,
  interruption: AbortSignal,
): Promise<void> {
  const missing = wanted.filter(({ name }) => !find(folder, name))
    .map((file) => ({ ...file, name: `${file.name}.gz` }));
  if (missing.length > 0) await download(missing, folder, { mirrors, interruption });
}

function find(folder: string, name: string): string | undefined {
  return findFile(folder, idxNames(name));
}

/** What is made of each of some files. */
async function readFiles<T>(
  folder: string,
  files: readonly RemoteFile[],
  use: (bytes: Uint8Array<ArrayBuffer>, i: number) => T,
): Promise<{ content: T; file: FileContent }[]> {
  const read: { content: T; file: FileContent }[] = [];
  for (const [i, { name }] of files.entries()) {
    const path = find(folder, name);
    if (path === undefined) {
      throw new InputError(
        `${folder} holds none of ${idxNames(name).join(", ")}: put one of them there, name the ` +
          "folder that holds it with --data, or let --download yes fetch it",
      );
    }
    const file = await readUnpacked(path);
    read.push({ content: await naming(path, () => use(file.bytes, i)), file });
  }
  return read;
}

function imagesOf(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const idx = readIDX(bytes);
  if (idx.type !== "u8" || idx.dimensions.length !== 3) {
    throw new InputError(
      `it holds ${idx.type} values of ${idx.dimensions.length} dimensions, where u8 images of ` +
        "3 dimensions belong",
    );
  }
  const [count, height, width] = idx.dimensions;
  if (height !== 28 || width !== 28) {
    throw new InputError(`its images have ${height} x ${width} pixels, where 28 x 28 belong`);
  }
  if (count === 0) throw new InputError("it holds no image; get the file again");
  return idx.data as Uint8Array<ArrayBuffer>;
}
