// What layers of images read off their inputs, refuse, and begin with.

import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../core/errors.ts";
import { type Layer, Tape } from "../../core/graph/tape.ts";
import { glorot } from "../../core/init/glorot.ts";
import { he } from "../../core/init/he.ts";
import type { Initializer } from "../../core/init/initializer.ts";
import { sparse } from "../../core/init/sparse.ts";
import { activation } from "../../core/layers/activation.ts";
import { residual } from "../../core/layers/add.ts";
import { convolution } from "../../core/layers/convolution.ts";
import { dropout } from "../../core/layers/dropout.ts";
import { elementwiseLayer } from "../../core/layers/elementwise_layer.ts";
import { layerNorm } from "../../core/layers/layer_norm.ts";
import { noise } from "../../core/layers/noise.ts";
import { averagePool, maxPool } from "../../core/layers/pool.ts";
import { sequential } from "../../core/layers/sequential.ts";
import { Purpose, RandomStream } from "../../core/random.ts";

/** What layers make of so many units. */
function made(units: number, ...layers: readonly Layer[]) {
  const tape = new Tape(units);
  return { tape, y: sequential(...layers)(tape, tape.input) };
}

Deno.test("layers that keep the units of images keep the images", () => {
  const square = elementwiseLayer({ name: "square", value: "x * x", slope: "2 * x" });
  const { y } = made(
    2 * 9 * 8,
    convolution({ image: [2, 9, 8], channels: 3, size: [2, 3], padding: [0, 1], stride: [1, 2] }),
    ...[activation("relu"), dropout(0.5), noise(1), layerNorm(), square],
    residual(dropout(0.5)),
    maxPool({ size: [2, 1] }),
    averagePool({ size: 3, stride: 1 }),
  );
  // 8 x 4, 4 x 4, 2 x 2.
  assertEquals([y.image, y.columns], [[3, 2, 2], 12]);
});

Deno.test("layers of images refuse what is none, or does not fit", () => {
  const image = [1, 4, 4] as const;
  const refused: [() => unknown, string][] = [
    [
      () => made(16, convolution({ channels: 2, size: 3 })),
      "convolution reads images, and what is below it does not tell theirs",
    ],
    [() => made(16, maxPool({ size: 2 })), "maxPool reads images"],
    [
      () => made(16, convolution({ image: [1, 4, 5], channels: 2, size: 3 })),
      "images of 1 x 4 x 5 have 20 values, and convolution reads 16",
    ],
    [
      () => made(16, averagePool({ image: [16, 1] as never, size: 2 })),
      "the images of averagePool are three whole numbers above 0",
    ],
    [
      () => made(16, convolution({ image, channels: 0, size: 3 })),
      "a convolution layer has a whole number of channels above 0, not 0: give " +
      "convolution({ channels: 100 })",
    ],
    [
      () => made(16, convolution({ image, channels: 2, size: 5 })),
      "a window of 5 x 5 does not fit into images of 4 x 4",
    ],
    [
      () => made(16, convolution({ image, channels: 2, size: 2.5 })),
      "the size of convolution is a whole number of pixels from 1 on, or two, down and across, not 2.5",
    ],
    [() => made(16, maxPool({ image, size: 2, stride: 0 })), "the stride of maxPool"],
    [
      () => made(16, convolution({ image, channels: 2, size: 2, padding: -1 })),
      "the padding of convolution is a whole number of pixels from 0 on",
    ],
    [
      () => convolution({ channels: 2, size: 2, activation: "step" as never }),
      "the activation must be",
    ],
  ];
  for (const [make, message] of refused) assertThrows(make, InputError, message);
});

Deno.test("a convolution begins as a dense layer of its windows, a row a channel", () => {
  const { tape } = made(2 * 9, convolution({ image: [2, 3, 3], channels: 5, size: 3 }));
  const shapes = tape.layout.tensors.map(({ name, rows, columns }) => [name, rows, columns]);
  assertEquals(shapes, [["kernels 1", 5, 18], ["biases 1", 1, 5]]);
  const initializers: Initializer[] = [sparse({ fanIn: 4 }), glorot(), he()];
  for (const initializer of initializers) {
    const random = new RandomStream(3, Purpose.weights, 0);
    const drawn = initializer({ fanIn: 18, fanOut: 5, places: 9, random });
    const [kernels, biases] = tape.initialValues(3, initializer);
    const wanted = Float64Array.from(
      kernels,
      (_, i) => drawn.weights[i % 18 * 5 + Math.floor(i / 18)],
    );
    assertEquals([kernels, biases], [wanted, new Float64Array(5)]);
  }
  const [connected] = tape.initialValues(3, initializers[0]);
  for (let o = 0; o < 5; o++) {
    assertEquals(connected.subarray(18 * o, 18 * (o + 1)).filter((w) => w !== 0).length, 4);
  }
  // sqrt(6 / (18 + 9 * 5)): a pixel reaches the five channels at nine places.
  const radius = Math.max(...tape.initialValues(3, initializers[1])[0].map(Math.abs));
  assertEquals(radius <= Math.sqrt(6 / 63) && radius > 0.8 * Math.sqrt(6 / 63), true);
});
