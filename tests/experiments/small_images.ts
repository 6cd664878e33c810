// Images for runs of seconds.

import { idx, type Scratch } from "./scratch.ts";

/**
 * Flags that have autoencoders learn 200 images, and be tested on 100: most of a short run on 30,000
 * curves would be its evaluations.
 */
export function smallImages(folder: Scratch): string[] {
  for (const [name, count] of [["train", 200], ["t10k", 100]] as const) {
    const pixels = Uint8Array.from({ length: 784 * count }, (_, i) => {
      const image = Math.floor(i / 784), row = Math.floor(i % 784 / 28), column = i % 28;
      return 128 + 127 * Math.sin(count + image + (row * (image % 7) + column * (image % 5)) / 9);
    });
    folder.write(`${name}-images-idx3-ubyte`, idx([count, 28, 28], pixels));
  }
  return ["--problem", "mnist", "--data", folder.path];
}
