import { assertEquals } from "@std/assert";
import { initializerNames, initializerOf } from "../../../experiments/study/initializers.ts";
import {
  gaussian,
  glorot,
  he,
  importNetwork,
  type Initializer,
  orthogonal,
  Purpose,
  RandomStream,
  sparse,
  VectorLayout,
} from "../../../mod.ts";
import { trainAutoencoders } from "../../../experiments/autoencoder.ts";
import { trainRecurrentNetworks } from "../../../experiments/rnn.ts";
import type { Configuration } from "../../../experiments/study/cell.ts";
import type { Command } from "../../../experiments/study/grid_program.ts";
import { runHere } from "../commands.ts";
import { scratch } from "../scratch.ts";

/** What a user of the library writes in place of --init NAME --init-scale 0.7. */
const library: Record<string, Initializer> = {
  sparse: sparse({ scale: 0.7 }),
  glorot: glorot({ scale: 0.7 }),
  gaussian: gaussian({ scale: 0.7 }),
  he: he({ scale: 0.7 }),
  orthogonal: orthogonal({ gain: 0.7 }),
  hinton: gaussian({ deviation: 0.1 * 0.7 }),
};

const weightsOf = (initializer: Initializer, fanIn: number, fanOut: number, stream: number) =>
  initializer({ fanIn, fanOut, random: new RandomStream(5, Purpose.weights, stream) });

/** What a configuration says of the initial weights. */
function configured(init: string, initScale: number): Configuration {
  return { init, initScale } as Partial<Configuration> as Configuration;
}

Deno.test("--init means the library's initializer of that name", () => {
  assertEquals(initializerNames.toSorted(), Object.keys(library).toSorted());
  for (const name of initializerNames) {
    for (const [fanIn, fanOut] of [[30, 20], [7, 31]]) {
      assertEquals(
        weightsOf(initializerOf(configured(name, 0.7)), fanIn, fanOut, 0),
        weightsOf(library[name], fanIn, fanOut, 0),
        name,
      );
    }
  }
  assertEquals(
    weightsOf(initializerOf({ ...configured("sparse", 1), fanIn: 3 }), 30, 20, 0),
    weightsOf(sparse({ scale: 1, fanIn: 3 }), 30, 20, 0),
  );
});

/** Runs a program whose only update is too small to change a float32 weight. */
async function untrained(program: Command, args: string[], out: string): Promise<Uint8Array> {
  const flags = ["--learning-rate", "1e-30", "--updates", "1", "--seed", "5", "--out", out];
  const { status, stderr } = await runHere(program, [...args, ...flags]);
  assertEquals(status, 0, stderr);
  return Deno.readFileSync(`${out}/network.safetensors`);
}

const rounded = (values: Float64Array) => Float32Array.from(values);

Deno.test("autoencoder.ts begins at the weights that the library draws, to the bit", async () => {
  using folder = scratch();
  const sizes = [784, 9, 3, 9, 784];
  const layout = new VectorLayout(
    sizes.slice(1).flatMap((columns, i) => [
      { name: `weights ${i + 1}`, rows: sizes[i], columns },
      { name: `biases ${i + 1}`, rows: 1, columns },
    ]),
  );
  for (const name of initializerNames) {
    const args = ["--layers", "784,9,3", "--eval-cases", "10", "--init", name];
    const scaled = [...args, "--init-scale", "0.7"];
    const bytes = await untrained(trainAutoencoders, scaled, `${folder.path}/${name}`);
    const { theta } = importNetwork(layout, bytes);
    sizes.slice(1).forEach((fanOut, i) => {
      const { weights } = weightsOf(library[name], sizes[i], fanOut, i);
      // What is 0 takes the tiny update; nothing else does.
      assertEquals(theta[2 * i].map((w) => Math.abs(w) < 1e-20 ? 0 : w), rounded(weights), name);
    });
  }
});

Deno.test("rnn.ts begins at the weights that the library draws, to the bit", async () => {
  using folder = scratch();
  const hidden = 17;
  const layout = new VectorLayout([
    { name: "input weights", rows: 2, columns: hidden },
    { name: "recurrent weights", rows: hidden, columns: hidden },
    { name: "hidden biases", rows: 1, columns: hidden },
    { name: "output weights", rows: hidden, columns: 1 },
    { name: "output biases", rows: 1, columns: 1 },
  ]);
  const recurrent: Record<string, Initializer> = {
    gaussian: gaussian({ scale: 0.9 }),
    orthogonal: orthogonal({ gain: 0.9 }),
  };
  for (const [name, initializer] of Object.entries(recurrent)) {
    const problem = ["--problem", "add", "--length", "12", "--hidden", `${hidden}`];
    const scales = ["--spectral-radius", "0.9", "--input-scale", "0.01", "--output-scale", "0.2"];
    const sizes = ["--batch-size", "10", "--eval-cases", "10", "--init", name];
    const args = [...problem, ...scales, ...sizes];
    const bytes = await untrained(trainRecurrentNetworks, args, `${folder.path}/${name}`);
    const { theta } = importNetwork(layout, bytes);
    const drawn = [
      weightsOf(gaussian({ deviation: 0.01 }), 2, hidden, 0),
      weightsOf(initializer, hidden, hidden, 1),
      weightsOf(gaussian({ deviation: 0.2 }), hidden, 1, 2),
    ];
    assertEquals([theta[0], theta[1], theta[3]], drawn.map(({ weights }) => rounded(weights)));
  }
});
