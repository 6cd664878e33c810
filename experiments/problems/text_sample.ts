import { type Gpu, Purpose, RandomStream, SequenceModel } from "../../mod.ts";
import type { KeptNetwork } from "../study/grid_report.ts";
import type { LoadedText } from "./text.ts";

/** Passages that a sample has. */
const passages = 4;

/**
 * What a network makes up, as text: windows that begin with a character of the text held out and go on by
 * draws from what the network predicts, always the same for the same network.
 */
export async function textSample(
  { characters, test }: Pick<LoadedText, "characters" | "test">,
  { gpu, model, theta, length }: Pick<KeptNetwork, "model" | "theta"> & {
    gpu: Gpu;
    length: number;
  },
): Promise<string> {
  if (!(model instanceof SequenceModel)) throw new Error("this is no network of sequences");
  const random = new RandomStream(1, Purpose.probe);
  const made = new Float32Array(length * passages), vocabulary = characters.length;
  for (let i = 0; i < passages; i++) made[i] = test[Math.floor(i * test.length / passages)];
  for (let t = 0; t + 1 < length; t++) {
    const z = await model.predict(gpu, theta, made);
    for (let i = 0; i < passages; i++) {
      const start = (t * passages + i) * vocabulary;
      made[(t + 1) * passages + i] = drawOf(z.subarray(start, start + vocabulary), random);
    }
  }
  const lines = Array.from(
    { length: passages },
    (_, i) => Array.from({ length }, (_, t) => characters[made[t * passages + i]]).join(""),
  );
  return `${lines.join("\n---\n")}\n`;
}

/** The number of a token, drawn by the softmax of z. */
function drawOf(z: Float32Array, random: RandomStream): number {
  const largest = Math.max(...z), parts = Array.from(z, (value) => Math.exp(value - largest));
  let left = random.uniform() * parts.reduce((sum, part) => sum + part, 0);
  const found = parts.findIndex((part) => (left -= part) < 0);
  return found < 0 ? z.indexOf(largest) : found;
}
