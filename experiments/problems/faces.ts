import {
  facesFromMAT,
  generatePackedFaces,
  InputError,
  olivettiFromMAT,
  packHalf,
  readIDX,
} from "../../mod.ts";
import {
  type FileContent,
  findFile,
  naming,
  readUnpacked,
  requireFolder,
  sha256,
} from "../files/files.ts";
import { showProgress } from "../terminal/progress.ts";
import { say } from "../terminal/terminal.ts";
import { cachedFaces, type PackedFaces } from "./faces_cache.ts";
import { idxNames } from "./idx_names.ts";
import { readMatlab } from "./matlab.ts";
import { type DataSource, fileRecords, LoadedProblem, type Problem, unchecked } from "./problem.ts";

const names = {
  original: "newfaces_rot_single.mat",
  matlab: "olivettifaces.mat",
  idx: "olivetti-images-idx3-ubyte",
  cache: "faces-25x25-f16.cache",
};

/** The values of the cases are within [-4.1, 2.8], nearly all within this range. */
const range = [-2.5, 2.5] as const;

/**
 * Faces: rotated and scaled faces of 25 x 25 pixels, made from the Olivetti images, or from the
 * original file where the user has it (paper, section 3.1). Half floats hold them.
 */
export const faces: Problem = {
  async load({ data, interruption }) {
    if (data === undefined) {
      throw new InputError(
        `faces needs a file: put ${names.matlab} or ${names.idx}, plain or .gz, or the original ` +
          `${names.original} into a folder and name it with --data`,
      );
    }
    requireFolder(data);
    const original = findFile(data, [names.original]);
    const { train, test, source } = original === undefined
      ? await makeStandIn(data, interruption)
      : await readOriginal(original);
    return new LoadedProblem({
      name: "Faces",
      width: 625,
      train,
      test,
      source,
      image: { width: 25, height: 25, range },
      montageCases: 60,
    });
  },
};

type Cases = PackedFaces & { readonly source: DataSource };

async function readOriginal(path: string): Promise<Cases> {
  const { content, file } = await readMatlab(path, ["newfaces_single"], (arrays) => {
    const { train, test } = facesFromMAT(arrays);
    return { train: packHalf(train), test: packHalf(test) };
  });
  return { ...content, source: { kind: unchecked, files: fileRecords(file) } };
}

async function makeStandIn(folder: string, interruption: AbortSignal): Promise<Cases> {
  const { images, file } = await readOlivetti(folder);
  const cases = await cachedFaces(`${folder}/${names.cache}`, sha256(images), async () => {
    say("The Faces cases are made from the Olivetti images, once.");
    return await generate(images, interruption);
  });
  return { ...cases, source: { kind: "stand-in", files: fileRecords(file) } };
}

async function readOlivetti(folder: string): Promise<{
  images: Uint8Array<ArrayBuffer>;
  file: Omit<FileContent, "bytes">;
}> {
  const path = findFile(folder, [names.matlab, ...idxNames(names.idx)]);
  if (path === undefined) {
    throw new InputError(
      `${folder} holds none of ${names.matlab}, ${names.idx}, ${names.idx}.gz and ` +
        `${names.original}: put one of them there, or name the folder that holds it with --data`,
    );
  }
  if (path.endsWith(".mat")) {
    const { content, file } = await readMatlab(path, ["faces"], olivettiFromMAT);
    return { images: content, file };
  }
  const file = await readUnpacked(path);
  return { images: await naming(path, () => imagesOf(file.bytes)), file };
}

function imagesOf(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { type, dimensions, data } = readIDX(bytes);
  const found = `${dimensions.join(" x ")} values of ${type}`;
  if (type === "u8" && found === "400 x 64 x 64 values of u8") {
    return data as Uint8Array<ArrayBuffer>;
  }
  throw new InputError(
    `it holds ${found}, where the 400 x 64 x 64 of u8 of the Olivetti images belong`,
  );
}

/** Lets the bar move and a Ctrl-C be heard in between. */
async function generate(images: Uint8Array, interruption: AbortSignal): Promise<PackedFaces> {
  using bar = showProgress({ total: 750, unit: "images" });
  return await generatePackedFaces(images, {
    progress: async (done) => {
      bar.update(done);
      await new Promise((resolve) => setTimeout(resolve));
      interruption.throwIfAborted();
    },
  });
}
