import { assertEquals, assertLess, assertRejects, assertThrows } from "@std/assert";
import { InputError } from "../../core/errors.ts";
import { namesInNPZ, readNPZ } from "../../core/formats/npy.ts";
import { longestAllocation } from "./bad_input.ts";
import { join } from "./crafted_mat.ts";
import { npy, zip } from "./crafted_npz.ts";

const one = npy("<f4", "2, 3", Float32Array.of(0, 0.25, 0.5, 0.75, 1, -1));
const two = npy("|u1", "2,", Uint8Array.of(7, 9));
const first = { type: "f4", dimensions: [2, 3], data: Float32Array.of(0, 0.25, 0.5, 0.75, 1, -1) };
const second = { type: "u1", dimensions: [2], data: Uint8Array.of(7, 9) };

Deno.test("readNPZ() reads arrays, stored or deflated, all or those named", async () => {
  for (const deflated of [false, true]) {
    const file = zip({ "x_train.npy": one, "readme.txt": two, "y.npy": two }, { deflated });
    assertEquals(namesInNPZ(file), ["x_train", "y"]);
    assertEquals([...await readNPZ(file)], [["x_train", first], ["y", second]] as unknown[]);
    assertEquals([...await readNPZ(file, { only: ["y"] })], [["y", second]] as unknown[]);
  }
});

Deno.test("readNPZ() reads what numpy.savez writes: a header of zip64 before each file", async () => {
  const file = zip({ "a.npy": one, "b.npy": two }, {
    forced64: true,
    comment: "PK\x05\x06 and more",
  });
  assertEquals([...await readNPZ(file)], [["a", first], ["b", second]] as unknown[]);
});

Deno.test("readNPZ() says what it lacks", async () => {
  const file = zip({ "a.npy": one, "b.npy": two });
  await assertRejects(
    () => readNPZ(file, { only: ["c"] }),
    InputError,
    "the .npz file has no array c, it holds a, b; name one of these",
  );
  const none = zip({ "xl/workbook.xml": two });
  assertThrows(() => namesInNPZ(none), InputError, "the zip archive holds no .npy file");
  assertThrows(() => namesInNPZ(zip({})), InputError, "the zip archive holds no .npy file");
  assertThrows(() => namesInNPZ(one), InputError, "this is not a .npz file");
  await assertRejects(
    () => readNPZ(zip({ "a.npy": one.subarray(0, 90) })),
    InputError,
    "array a: the header of the .npy file is cut short",
  );
  await assertRejects(() => readNPZ(file, { limit: 151 }), InputError, "unpacks to 152 bytes");
});

Deno.test("readNPZ() refuses archives that it does not read", async () => {
  const refuse = async (options: Parameters<typeof zip>[1], reason: string) =>
    await assertRejects(() => readNPZ(zip({ "a.npy": one }, options)), InputError, reason);
  await refuse({ flags: 1 }, "a.npy is encrypted");
  await refuse({ method: 12 }, "a.npy is packed by method 12");
  await refuse({ disk: 1 }, "one of several parts");
  await refuse({ zip64: true }, "of zip64");
  await refuse({ crc: 1 }, "a.npy is not what its checksum says");
  await refuse({ crc: 1, deflated: true }, "a.npy is not what its checksum says");
});

Deno.test("readNPZ() refuses what is cut anywhere, and any byte changed that counts", async () => {
  for (const deflated of [false, true]) {
    const file = zip({ "a.npy": one }, { deflated });
    for (let length = 0; length < file.length; length++) {
      await assertRejects(() => readNPZ(file.subarray(0, length)), InputError);
    }
    for (let at = 0; at < file.length; at++) {
      const changed = file.slice();
      changed[at] ^= 0xff;
      const array = await readNPZ(changed).then((arrays) => [...arrays.values()][0], (error) => {
        if (!(error instanceof InputError)) throw error;
      });
      // Times, versions and names may be others: no number is.
      if (array) assertEquals(array, first as typeof array);
    }
    await assertRejects(() => readNPZ(join(Uint8Array.of(0), file)), InputError);
  }
});

Deno.test("readNPZ() takes no memory for a size that the archive only claims", async () => {
  for (const deflated of [false, true]) {
    const file = zip({ "a.npy": one }, { deflated, size: 2 ** 31 - 1 });
    const longest = await longestAllocation(() => assertRejects(() => readNPZ(file), InputError));
    assertLess(longest, 1000);
  }
});
