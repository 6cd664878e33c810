import { assertEquals, assertRejects } from "@std/assert";
import { InputError } from "../../../mod.ts";
import { readImages } from "../../../experiments/page/gpu/images.ts";
import { idx } from "./idx.ts";

Deno.test("images of an IDX file are read, packed or not", async () => {
  const file = idx([2, 2, 3], (i) => 20 * i);
  const packed = new Response(
    new Blob([file]).stream().pipeThrough(new CompressionStream("gzip")),
  );
  for (const bytes of [file, new Uint8Array(await packed.arrayBuffer())]) {
    const { values, ...shape } = await readImages(bytes);
    assertEquals(shape, { cases: 2, width: 3, height: 2 });
    assertEquals([...values], Array.from({ length: 12 }, (_, i) => 20 * i));
  }
});

Deno.test("what holds no images is refused", async () => {
  for (
    const [bytes, message] of [
      [
        idx([5], (i) => i),
        "it holds labels, where images belong: drop train-images-idx3-ubyte, plain or .gz",
      ],
      [
        idx([1, 80, 80], () => 0),
        "it holds 1 images of 80 x 80 pixels: give one or more, of 1 to 4096 pixels",
      ],
      [
        new TextEncoder().encode("no images at all"),
        "an IDX file starts with the bytes 00 00, this with 6e 6f; give an IDX file, unpacked if " +
        "it was compressed",
      ],
    ] as const
  ) {
    assertEquals((await assertRejects(() => readImages(bytes), InputError)).message, message);
  }
});
