import { InputError, printable, readIDX } from "../../mod.ts";
import { download, type RemoteFile } from "../files/download.ts";
import { type FileContent, findFile, naming, readUnpacked, requireFolder } from "../files/files.ts";
import { idxNames } from "./idx_names.ts";
import { type DataSource, fileRecords, LoadedProblem, notMNIST, type Problem } from "./problem.ts";

const width = 784;

/** The image files by their names before packing; 60,000 and 10,000 images of 28 x 28 bytes. */
const files = {
  train: {
    name: "train-images-idx3-ubyte",
    size: 16 + 60_000 * width,
    sha256: "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
  },
  test: {
    name: "t10k-images-idx3-ubyte",
    size: 16 + 10_000 * width,
    sha256: "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
  },
};

const mirrors = [
  "https://ossci-datasets.s3.amazonaws.com/mnist/",
  "https://storage.googleapis.com/cvdf-datasets/mnist/",
];

/** MNIST: 60,000 and 10,000 images of handwritten digits, from the IDX files of its authors. */
export const mnist: Problem = {
  async load({ data, download, interruption }) {
    if (data === undefined) {
      throw new InputError(
        `mnist needs its files: put ${files.train.name} and ${files.test.name}, plain or .gz, into ` +
          "a folder and name it with --data; --download yes fetches them into it",
      );
    }
    if (download) await fetchMissing(data, interruption);
    else requireFolder(data, ", or let --download yes fetch them into it");
    const train = await readImages(data, files.train.name);
    const test = await readImages(data, files.test.name);
    return new LoadedProblem({
      name: "MNIST",
      width,
      train: train.images,
      test: test.images,
      image: { width: 28, height: 28 },
      ...sourceOf(data, train, test),
    });
  },
};

/** Whether these are the SHA-256 of MNIST's images, those to train on first. */
export function areMNIST([train, test]: readonly string[]): boolean {
  return train === files.train.sha256 && test === files.test.sha256;
}

/** Names prove nothing: other data sets come under the same. */
function sourceOf(
  folder: string,
  train: Images,
  test: Images,
): { source: DataSource; remark?: string } {
  const records = fileRecords(train.file, test.file);
  if (areMNIST([train.file.sha256, test.file.sha256])) {
    return { source: { kind: "original", files: records } };
  }
  const [trainCases, testCases] = [train, test].map(({ images }) => images.length / width);
  return {
    source: { kind: notMNIST, files: records, trainCases, testCases },
    remark: `note: ${printable(folder, 160)} holds images that are not MNIST, as their SHA-256 ` +
      `differs: ${trainCases} to train on, ${testCases} to test`,
  };
}

async function fetchMissing(folder: string, interruption: AbortSignal): Promise<void> {
  const missing = Object.values(files).filter(({ name }) => !find(folder, name))
    .map((file): RemoteFile => ({ ...file, name: `${file.name}.gz` }));
  if (missing.length > 0) await download(missing, folder, { mirrors, interruption });
}

function find(folder: string, name: string): string | undefined {
  return findFile(folder, idxNames(name));
}

interface Images {
  readonly images: Uint8Array<ArrayBuffer>;
  readonly file: FileContent;
}

async function readImages(folder: string, name: string): Promise<Images> {
  const path = find(folder, name);
  if (path === undefined) {
    throw new InputError(
      `${folder} holds none of ${
        idxNames(name).join(", ")
      }: put one of them there, name the folder ` +
        "that holds it with --data, or let --download yes fetch it",
    );
  }
  const file = await readUnpacked(path);
  return { images: await naming(path, () => imagesOf(file.bytes)), file };
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
