import { assert, assertEquals, assertLess, assertMatch, assertRejects } from "@std/assert";
import { InputError } from "../../../core/errors.ts";
import { faces } from "../../../experiments/problems/faces.ts";
import {
  cachedFaces,
  readFacesCache,
  writeFacesCache,
} from "../../../experiments/problems/faces_cache.ts";
import { longestAllocation } from "../../formats/bad_input.ts";
import { MATCrafter } from "../../formats/crafted_mat.ts";
import { gzip, idx, type Scratch, scratch } from "../scratch.ts";

function load(folder: string | undefined, interruption = new AbortController().signal) {
  return faces.load({
    data: folder,
    dataSeed: 1,
    download: false,
    width: 625,
    outputUnit: "linear",
    interruption,
  });
}

/** What is said on stderr meanwhile. */
async function collect<T>(body: () => Promise<T>): Promise<{ result: T; said: string }> {
  const original = console.error;
  const lines: string[] = [];
  console.error = (...words) => lines.push(words.join(" "));
  try {
    return { result: await body(), said: lines.join("\n") };
  } finally {
    console.error = original;
  }
}

/** 400 images that all differ: waves of a length of their own. */
const levels = Uint8Array.from(
  { length: 400 * 4096 },
  (_, i) => 128 + 100 * Math.sin((i >> 12) + ((i >> 6) & 63) * ((i >> 12) % 7) / 20 + (i & 63) / 9),
);
const idxName = "olivetti-images-idx3-ubyte", cacheName = "faces-25x25-f16.cache";

/** The same images as MATLAB has them: each column by column. */
function writeMatlab(folder: Scratch): void {
  const content = levels.map((_, i) => levels[(i & ~4095) | (i & 63) << 6 | (i >> 6) & 63]);
  const crafter = new MATCrafter();
  const variable = { name: "faces", flags: 9, dimensions: [4096, 400], storage: 2, content };
  folder.write("olivettifaces.mat", crafter.file(crafter.variable(variable)));
}

Deno.test("faces.load() makes the cases once, whichever form the images have", async () => {
  using folder = scratch();
  folder.write(`${idxName}.gz`, await gzip(idx([400, 64, 64], levels)));
  const first = await collect(() => load(folder.path));
  assertMatch(first.said, /made from the Olivetti images, once\.\n(.*\n)*750\/750 images/);
  assertEquals(folder.names(), [cacheName, `${idxName}.gz`]);
  writeMatlab(folder);
  const second = await collect(() => load(folder.path));
  assertEquals(second.said, "");
  assertEquals(second.result.examples, first.result.examples);
  assertEquals(second.result.montage, first.result.montage);
  assertEquals([second.result.trainCases, second.result.montage.length], [103_500, 60 * 625]);
  const { kind, files } = second.result.source as unknown as {
    kind: string;
    files: [{ path: string }];
  };
  assertEquals([kind, files[0].path], ["stand-in", `${folder.path}/olivettifaces.mat`]);
});

Deno.test("cachedFaces() warns where the cases cannot be kept, and goes on", async () => {
  using folder = scratch();
  const made = { train: new Uint32Array(2), test: new Uint32Array(1) };
  const path = `${folder.path}/none/${cacheName}`;
  const { result, said } = await collect(() => cachedFaces(path, "a", () => Promise.resolve(made)));
  assertEquals(result, made);
  assertMatch(said, /^warning: .*faces-25x25-f16\.cache cannot be written: [^\n]*$/);
  assertEquals(folder.names(), []);
});

Deno.test("cachedFaces() makes anew what is damaged", async () => {
  using folder = scratch();
  const path = folder.write(cacheName, new Uint8Array(1000));
  const made = { train: new Uint32Array(2), test: new Uint32Array(1) };
  assertEquals(await cachedFaces(path, "a", () => Promise.resolve(made)), made);
  assertEquals(Deno.statSync(path).size, 256 + 4 * 3);
});

Deno.test("faces.load() ends early where it is interrupted, and leaves nothing", async () => {
  using folder = scratch();
  folder.write(idxName, idx([400, 64, 64], levels));
  const controller = new AbortController();
  const reason = new DOMException("ended by SIGINT", "AbortError");
  setTimeout(() => controller.abort(reason), 50);
  const { result } = await collect(() => assertRejects(() => load(folder.path, controller.signal)));
  assertEquals([result, folder.names()], [reason, [idxName]]);
});

Deno.test("readFacesCache() gives what writeFacesCache() kept, and nothing that differs", () => {
  using folder = scratch();
  const path = `${folder.path}/${cacheName}`;
  assertEquals(readFacesCache(path, "a"), undefined);
  const kept = {
    train: new Uint32Array(103_500 * 625 / 2).map((_, i) => i),
    test: new Uint32Array(41_400 * 625 / 2).fill(7),
  };
  writeFacesCache(path, "a", kept);
  const read = readFacesCache(path, "a");
  assert(read);
  assertEquals([read.train.length, read.test.length], [kept.train.length, kept.test.length]);
  assert(read.train.every((word, i) => word === i) && read.test.every((word) => word === 7));
  assertEquals(readFacesCache(path, "b"), undefined);

  const { size } = Deno.statSync(path);
  using file = Deno.openSync(path, { read: true, write: true });
  /** Changes a byte of the file, which must then be refused, and changes it back. */
  const refuseChange = (at: number) => {
    const byte = new Uint8Array(1);
    const put = (value: number) => {
      file.seekSync(at, Deno.SeekMode.Start);
      file.writeSync(byte.fill(value));
    };
    file.seekSync(at, Deno.SeekMode.Start);
    file.readSync(byte);
    const [before] = byte;
    put(before ^ 1);
    assertEquals(readFacesCache(path, "a"), undefined, `byte ${at}`);
    put(before);
  };
  const versionAt = "Nagare Faces cache, version ".length;
  for (const at of [versionAt, 256, size - 1]) refuseChange(at);
  file.truncateSync(size - 4);
  assertEquals(readFacesCache(path, "a"), undefined);
});

Deno.test("faces.load() names the files that it takes", async () => {
  using folder = scratch();
  await assertRejects(
    () => load(undefined),
    InputError,
    "put olivettifaces.mat or olivetti-images",
  );
  await assertRejects(
    () => load(folder.path),
    InputError,
    `${folder.path} holds none of olivettifaces.mat, olivetti-images-idx3-ubyte, ` +
      "olivetti-images-idx3-ubyte.gz and newfaces_rot_single.mat: put one of them there",
  );
});

const crafter = new MATCrafter();

/** A variable of singles with less content than its dimensions need. */
const craft = (name: string, dimensions: number[], flags = 7) =>
  crafter.variable({ name, flags, dimensions, storage: 7, content: new Uint8Array(64) });

Deno.test("faces.load() refuses files that are none of these", async () => {
  const { length } = levels;
  const olivetti = (dimensions: number[], content = levels, flags = 9, storage = 2) =>
    crafter.file(crafter.variable({ name: "faces", flags, dimensions, storage, content }));
  const compressed = crafter.file(
    await crafter.compressed(craft("newfaces_single", [1, 16]), (stream) => stream.slice(0, -9)),
  );
  const doubles = new Float64Array(length).fill(1);
  doubles[4096 + 2] = NaN;
  const bad: [name: string, bytes: Uint8Array, says: string][] = [
    [idxName, new Uint8Array(), "an IDX file has a header of at least 4 bytes, this has 0"],
    [idxName, idx([400, 64, 65]), "it holds 400 x 64 x 65 values of u8, where the 400 x 64 x 64"],
    [idxName, idx([400, 4096]), "it holds 400 x 4096 values of u8, where the 400 x 64 x 64"],
    [
      "olivettifaces.mat",
      new Uint8Array(),
      "a MATLAB 5 file has a header of 128 bytes, this has 0",
    ],
    [
      "olivettifaces.mat",
      olivetti([400, 4096]),
      "faces is 400 x 4096, the transpose of 4096 x 400",
    ],
    [
      "olivettifaces.mat",
      olivetti([4096, 400], new Uint8Array(doubles.buffer), 6, 9),
      "faces has NaN in row 3, column 2, not an integer from 0 to 255",
    ],
    ["newfaces_rot_single.mat", new Uint8Array(), "a MATLAB 5 file has a header of 128 bytes"],
    [
      "newfaces_rot_single.mat",
      crafter.file(craft("other", [4, 4])),
      "no variable newfaces_single",
    ],
    [
      "newfaces_rot_single.mat",
      crafter.file(craft("newfaces_single", [4, 4])),
      "newfaces_single is 4 x 4, not 625 x 165600",
    ],
    [
      "newfaces_rot_single.mat",
      crafter.file(craft("newfaces_single", [4, 4], 0x0807)),
      "variable newfaces_single is complex",
    ],
    [
      "newfaces_rot_single.mat",
      crafter.file(craft("newfaces_single", [4, 4], 5)),
      "variable newfaces_single is",
    ],
    [
      "newfaces_rot_single.mat",
      crafter.file(craft("newfaces_single", [4, 4], 4)),
      "variable newfaces_single is",
    ],
    ["newfaces_rot_single.mat", compressed, "zlib data"],
  ];
  for (const [name, bytes, says] of bad) {
    using folder = scratch();
    const path = folder.write(name, bytes);
    const { message } = await assertRejects(() => load(folder.path), InputError, says);
    assertEquals(message.startsWith(`${path}: `), true, message);
    assertEquals(folder.names(), [name]);
  }
});

Deno.test("faces.load() takes no memory for a size that the file only claims", async () => {
  using folder = scratch();
  folder.write("newfaces_rot_single.mat", crafter.file(craft("newfaces_single", [625, 165_600])));
  for (const type of ["Uint8Array", "Float32Array"] as const) {
    const longest = await longestAllocation(
      () => assertRejects(() => load(folder.path), InputError),
      type,
    );
    assertLess(longest, 1000);
  }
});

Deno.test("faces.load() refuses a folder where a file belongs", async () => {
  for (const name of ["newfaces_rot_single.mat", "olivettifaces.mat", idxName]) {
    using folder = scratch();
    Deno.mkdirSync(`${folder.path}/${name}`);
    const reason = `${folder.path}/${name} is a folder: name a file`;
    await assertRejects(() => load(folder.path), InputError, reason);
  }
});
