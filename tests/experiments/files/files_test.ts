import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { InputError } from "../../../core/errors.ts";
import {
  findFile,
  naming,
  readUnpacked,
  readWhole,
  release,
  removeLeftovers,
  sha256,
  tryWriting,
  writeWhole,
} from "../../../experiments/files/files.ts";
import { gzip, scratch } from "../scratch.ts";

const bytes = new TextEncoder().encode("abc");

/** As FIPS 180-2 has it, appendix B.1. */
const hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

Deno.test("sha256() is that of the standard, in one part or several", () => {
  assertEquals(sha256(bytes), hash);
  assertEquals(sha256(bytes.subarray(0, 1), bytes.subarray(1)), hash);
});

Deno.test("readUnpacked() goes by the content, not by the name", async () => {
  using folder = scratch();
  const kept = folder.write("unpacked.gz", bytes),
    dropped = folder.write("packed", await gzip(bytes));
  for (const path of [kept, dropped]) {
    assertEquals(await readUnpacked(path), { path, bytes, sha256: hash });
  }
});

Deno.test("readUnpacked() unpacks .gz, and knows the same content by the same hash", async () => {
  using folder = scratch();
  const [plain, packed] = [`${folder.path}/a`, `${folder.path}/a.gz`];
  Deno.writeFileSync(plain, bytes);
  Deno.writeFileSync(packed, await gzip(bytes));
  assertEquals(await readUnpacked(plain), { path: plain, bytes, sha256: hash });
  assertEquals(await readUnpacked(packed), { path: packed, bytes, sha256: hash });
  Deno.truncateSync(packed, 15);
  await assertRejects(
    () => readUnpacked(packed),
    InputError,
    `${packed}: the gzip data is cut short`,
  );
});

Deno.test("readWhole() refuses what is no file, in words that name it", () => {
  using folder = scratch();
  const refuse = (path: string, reason: string) =>
    assertThrows(() => readWhole(path), InputError, `${path} ${reason}`);
  refuse(folder.path, "is a folder: name a file");
  refuse("/dev/null", "is a device: name a file");
  refuse(`${folder.path}/none`, "cannot be read: No such file");
  assertEquals(readWhole(emptyFile(`${folder.path}/empty`)).length, 0);
});

function emptyFile(path: string): string {
  Deno.writeFileSync(path, new Uint8Array());
  return path;
}

Deno.test("readWhole() takes no memory for a file of more than it reads", () => {
  using folder = scratch();
  const path = emptyFile(`${folder.path}/sparse`);
  Deno.truncateSync(path, 2 ** 40);
  assertThrows(() => readWhole(path), InputError, "has 1099511627776 bytes, of at most 4294967296");
});

Deno.test("findFile() gives the first of the files that is there", () => {
  using folder = scratch();
  for (const name of ["b", "c"]) emptyFile(`${folder.path}/${name}`);
  assertEquals(findFile(folder.path, ["a", "c", "b"]), `${folder.path}/c`);
  assertEquals(findFile(folder.path, ["a"]), undefined);
  assertEquals(findFile(`${folder.path}/b`, ["a"]), undefined);
});

Deno.test("naming() puts the file before the reason of an InputError, and of no other", async () => {
  const fail = (error: Error) => () => Promise.reject(error);
  await assertRejects(
    () => naming("f", fail(new InputError("it is bad"))),
    InputError,
    "f: it is bad",
  );
  const defect = new TypeError("a defect");
  assertEquals(await assertRejects(() => naming("f", fail(defect))), defect);
});

Deno.test("writeWhole() replaces a file as a whole, and leaves no part of one", () => {
  using folder = scratch();
  writeWhole(`${folder.path}/a`, "first, longer");
  writeWhole(`${folder.path}/a`, "se", bytes);
  assertEquals(Deno.readTextFileSync(`${folder.path}/a`), "seabc");
  Deno.mkdirSync(`${folder.path}/folder/inside`, { recursive: true });
  assertThrows(() => writeWhole(`${folder.path}/folder`, "text"));
  assertEquals(folder.names(), ["a", "folder"]);
});

Deno.test("removeLeftovers() removes what a write that was killed has left, and nothing else", () => {
  using folder = scratch();
  const names = ["run.json", "run.json.12.partial", "a.partial", "b.12.partial.txt", "c.7.partial"];
  for (const name of names) emptyFile(`${folder.path}/${name}`);
  removeLeftovers(folder.path);
  assertEquals(folder.names(), ["a.partial", "b.12.partial.txt", "run.json"]);
});

Deno.test("tryWriting() leaves nothing, and names the flag where it cannot write", () => {
  using folder = scratch();
  tryWriting(`${folder.path}/a/b`, "--data");
  assertEquals(folder.names(), []);
  const file = emptyFile(`${folder.path}/file`);
  assertThrows(() => tryWriting(file, "--data"), InputError, "name another folder with --data");
});

Deno.test("release() gives the memory of an array back", () => {
  const values = new Float32Array(4);
  release(values.subarray(1));
  assertEquals([values.length, values.buffer.detached], [0, true]);
});
