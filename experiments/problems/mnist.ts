import { Dataset, gunzip, InputError, readIDX } from "../../mod.ts";
import { exampleCount, type Problem } from "./problem.ts";

const files = { train: "train-images-idx3-ubyte", test: "t10k-images-idx3-ubyte" };

/** MNIST: 60,000 and 10,000 images of handwritten digits, from the IDX files of its authors. */
export const mnist: Problem = {
  layers: [784, 1000, 500, 250, 30],
  outputUnit: "sigmoid",
  loss: "cross-entropy",
  image: { width: 28, height: 28 },
  async load({ data }) {
    if (data === undefined) {
      throw new InputError(
        `mnist needs its files: put ${files.train} and ${files.test}, plain or .gz, into a folder ` +
          "and name it with --data",
      );
    }
    const train = await readImages(data, files.train);
    const test = await readImages(data, files.test);
    return {
      trainCases: train.length / 784,
      upload: (gpu) => ({
        train: new Dataset(gpu, train, { width: 784, label: "MNIST training cases" }),
        test: new Dataset(gpu, test, { width: 784, label: "MNIST test cases" }),
        examples: Float32Array.from(
          test.subarray(0, exampleCount * 784),
          (value) => value / 255,
        ),
      }),
    };
  },
};

async function readImages(folder: string, name: string): Promise<Uint8Array<ArrayBuffer>> {
  const { path, bytes } = await readEither(folder, name);
  try {
    const idx = readIDX(bytes);
    if (idx.type !== "u8" || idx.dimensions.length !== 3) {
      throw new InputError(
        `it holds ${idx.type} values of ${idx.dimensions.length} dimensions, where u8 images of ` +
          "3 dimensions belong",
      );
    }
    const [, height, width] = idx.dimensions;
    if (height !== 28 || width !== 28) {
      throw new InputError(`its images have ${height} x ${width} pixels, where 28 x 28 belong`);
    }
    return idx.data as Uint8Array<ArrayBuffer>;
  } catch (error) {
    if (error instanceof InputError) throw new InputError(`${path}: ${error.message}`);
    throw error;
  }
}

/** The bytes of a file that lies in the folder as it is or gzipped. */
async function readEither(
  folder: string,
  name: string,
): Promise<{ path: string; bytes: Uint8Array }> {
  for (const path of [`${folder}/${name}`, `${folder}/${name}.gz`]) {
    let bytes: Uint8Array<ArrayBuffer>;
    try {
      bytes = await Deno.readFile(path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) continue;
      if (error instanceof Deno.errors.NotCapable || !(error instanceof Error)) throw error;
      throw new InputError(`${path} cannot be read: ${error.message}`);
    }
    if (!path.endsWith(".gz")) return { path, bytes };
    try {
      return { path, bytes: await gunzip(bytes) };
    } catch (error) {
      if (error instanceof InputError) throw new InputError(`${path}: ${error.message}`);
      throw error;
    }
  }
  throw new InputError(
    `${folder} holds neither ${name} nor ${name}.gz: put one of them there, or name the folder ` +
      "that holds it with --data",
  );
}
