import { assertEquals, assertThrows } from "@std/assert";
import { decode } from "fast-png";
import { InputError } from "../../../core/errors.ts";
import { montage, reconstructionSheet } from "../../../experiments/charts/images.ts";

/** A sheet's pixels as rows of text: # black, + grey, . white. */
function picture(png: Uint8Array): string[] {
  const { width, data, channels } = decode(png);
  assertEquals(channels, 1);
  const signs = Array.from(data, (grey) => grey === 0 ? "#" : grey === 255 ? "." : "+");
  return Array.from(
    { length: signs.length / width },
    (_, y) => signs.slice(y * width, (y + 1) * width).join(""),
  );
}

Deno.test("montage() lays images out in rows, scaled, with gaps", () => {
  // Two images of 2 x 1, black on the left and on the right.
  const png = montage(Float32Array.of(0, 1, 1, 0), { width: 2, height: 1, columns: 2 });
  assertEquals(picture(png), [
    "..............",
    "..............",
    "..##......##..",
    "..##......##..",
    "..............",
    "..............",
  ]);
});

Deno.test("montage() clips values to the range and draws NaN in grey", () => {
  const greys = (values: number[], range?: readonly [number, number]) => {
    const options = { width: values.length, height: 1, columns: 1, scale: 1 };
    const png = montage(
      Float32Array.from(values),
      range === undefined ? options : { ...options, range },
    );
    return [...decode(png).data].slice(2 * (values.length + 4) + 2).slice(0, values.length);
  };
  assertEquals(greys([-5, 0, 0.2, 1, 7, NaN]), [0, 0, 51, 255, 255, 128]);
  assertEquals(greys([-2, 0, 2, -Infinity, Infinity], [-2, 2]), [0, 128, 255, 0, 255]);
});

Deno.test("reconstructionSheet() puts each row of inputs above its reconstructions", () => {
  const black = [0, 0, 0];
  const grey = [0.5, 0.5, 0.5];
  const png = reconstructionSheet(Float32Array.from(black), Float32Array.from(grey), {
    width: 1,
    height: 1,
    columns: 2,
    scale: 1,
  });
  const blank = ".".repeat(8);
  assertEquals(picture(png), [
    ...[blank, blank, "..#..#..", blank, blank, "..+..+.."],
    ...Array(10).fill(blank),
    ...["..#.....", blank, blank, "..+.....", blank, blank],
  ]);
});

Deno.test("montage() and reconstructionSheet() refuse parts of images", () => {
  const options = { width: 2, height: 2, columns: 1 };
  assertThrows(() => montage(new Float32Array(0), options), InputError);
  assertThrows(() => montage(new Float32Array(6), options), InputError, "6 pixels");
  assertThrows(
    () => reconstructionSheet(new Float32Array(4), new Float32Array(8), options),
    InputError,
    "4 pixels of inputs, but 8 of reconstructions",
  );
});
