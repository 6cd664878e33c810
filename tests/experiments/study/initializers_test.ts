import { assertEquals } from "@std/assert";
import { initializerNames, initializerOf } from "../../../experiments/study/initializers.ts";
import {
  dense,
  gaussian,
  glorot,
  he,
  importNetwork,
  type Initializer,
  type Layer,
  lsuv,
  orthogonal,
  Purpose,
  RandomStream,
  sequential,
  sparse,
  Tape,
  VectorLayout,
} from "../../../mod.ts";
import { trainAutoencoders } from "../../../experiments/autoencoder.ts";
import { trainClassifiers } from "../../../experiments/classifier.ts";
import { trainRecurrentNetworks } from "../../../experiments/rnn.ts";
import type { Configuration } from "../../../experiments/study/cell.ts";
import type { Command } from "../../../experiments/study/grid_program.ts";
import { npy } from "../../formats/crafted_npz.ts";
import { draw } from "../../gpu/fixture.ts";
import { runHere } from "../commands.ts";
import { scratch } from "../scratch.ts";
import { smallImages } from "../small_images.ts";

/** Rows of 30 or of 7 values. */
const cases = Float32Array.from({ length: 210 }, (_, i) => Math.sin(i));

/** What a user of the library writes in place of --init NAME --init-scale 0.7. */
const library: Record<string, Initializer> = {
  sparse: sparse({ scale: 0.7 }),
  glorot: glorot({ scale: 0.7 }),
  gaussian: gaussian({ scale: 0.7 }),
  he: he({ scale: 0.7 }),
  orthogonal: orthogonal({ gain: 0.7 }),
  lsuv: lsuv({ cases, deviation: 0.7 }),
  hinton: gaussian({ deviation: 0.1 * 0.7 }),
};

const weightsOf = (initializer: Initializer, fanIn: number, fanOut: number, stream: number) =>
  initializer({
    ...{ fanIn, fanOut, below: "cases" },
    random: new RandomStream(5, Purpose.weights, stream),
  });

/** What a configuration says of the initial weights. */
function configured(init: string, initScale: number): Configuration {
  return { init, initScale } as Partial<Configuration> as Configuration;
}

Deno.test("--init means the library's initializer of that name", () => {
  assertEquals(initializerNames.toSorted(), Object.keys(library).toSorted());
  for (const name of initializerNames) {
    for (const [fanIn, fanOut] of [[30, 20], [7, 31]]) {
      assertEquals(
        weightsOf(initializerOf(configured(name, 0.7), cases), fanIn, fanOut, 0),
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
  const images = smallImages(folder), sizes = [784, 9, 3, 9, 784];
  const layout = new VectorLayout(
    sizes.slice(1).flatMap((columns, i) => [
      { name: `weights ${i + 1}`, rows: sizes[i], columns },
      { name: `biases ${i + 1}`, rows: 1, columns },
    ]),
  );
  // That of lsuv depends on the cases.
  for (const name of initializerNames.filter((name) => name !== "lsuv")) {
    const args = [...images, "--layers", "784,9,3", "--eval-cases", "10", "--init", name];
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

Deno.test("--init lsuv looks at training cases from all over the file", async () => {
  using folder = scratch();
  const numbers = draw(1024 * 3, 1);
  // Every other one of 1024 cases is 512.
  const sample = numbers.filter((_, i) => Math.floor(i / 3) % 2 === 0);
  const data = folder.write("x.npy", npy("<f4", "1024, 3", numbers));
  const labels = folder.write("y.npy", npy("<i4", "1024,", new Int32Array(1024)));
  const common = ["--problem", "custom", "--data", data, "--layers", "3,9,2", "--eval-cases", "10"];
  /** A program begins at the weights that the library makes of the sample. */
  const assertBegins = async (program: Command, flags: string[], layers: readonly Layer[]) => {
    const tape = new Tape(3);
    sequential(...layers)(tape, tape.input);
    const expected = tape.initialValues(5, lsuv({ cases: sample, deviation: 0.7 }));
    const args = [...common, ...flags, "--init", "lsuv", "--init-scale", "0.7"];
    const file = await untrained(program, args, `${folder.path}/${layers.length}`);
    const { theta } = importNetwork(tape.layout, file);
    theta.forEach((values, t) => t % 2 === 0 && assertEquals(values, rounded(expected[t])));
  };
  const sigmoid = dense({ units: 9, activation: "sigmoid" });
  await assertBegins(
    trainAutoencoders,
    ["--output-unit", "linear"],
    [sigmoid, dense({ units: 2 }), sigmoid, dense({ units: 3 })],
  );
  await assertBegins(
    trainClassifiers,
    ["--labels", labels, "--dropout", "0.2"],
    [dense({ units: 9, activation: "relu" }), dense({ units: 2 })],
  );
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
