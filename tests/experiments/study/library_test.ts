// What a program leaves, taken up by the library.

import { assertEquals, assertNotEquals } from "@std/assert";
import { trainAutoencoders } from "../../../experiments/autoencoder.ts";
import {
  autoencoder,
  Dataset,
  decodeCheckpoint,
  nesterov,
  openGPU,
  paperMomentum,
  sparse,
  Trainer,
} from "../../../mod.ts";
import { runHere } from "../commands.ts";
import { scratch } from "../scratch.ts";
import { stateNames } from "./small_runs.ts";

Deno.test("a network of a run goes on in the library, with the bits of the program or otherwise", async () => {
  using folder = scratch();
  const inputs = Float32Array.from({ length: 40 * 17 }, (_, i) => ((7 * i) % 11) / 16);
  const rows = Array.from({ length: 40 }, (_, i) => inputs.slice(17 * i, 17 * i + 17).join());
  const data = folder.write("cases.csv", new TextEncoder().encode(rows.join("\n")));
  const out = `${folder.path}/run`;
  const train = async (updates: number, ...more: string[]) => {
    const { status, stderr } = await runHere(trainAutoencoders, [
      ...["--problem", "custom", "--data", data, "--layers", "17,9,3", "--batch-size", "10"],
      ...["--mu", "0.99", "--learning-rate", "0.05", "--schedule-period", "4", "--seed", "3"],
      ...["--updates", String(updates), "--out", out, ...more],
    ]);
    assertEquals(status, 0, stderr);
    const [name] = stateNames(out);
    return (await decodeCheckpoint(Deno.readFileSync(`${out}/${name}`))).state;
  };
  const from = await train(20);
  const longer = await train(40, "--resume", out);

  using gpu = await openGPU();
  const set = new Dataset(gpu, inputs, { width: 17 });
  const goOn = async (cap: number) => {
    const momentum = paperMomentum({ cap, period: 4 });
    const trainer = await Trainer.open(gpu, {
      model: autoencoder({ layers: [17, 9, 3], train: set }),
      replicas: [{
        seed: 3,
        optimizer: nesterov({ learningRate: 0.05, momentum }),
        initializer: sparse(),
      }],
      batchSize: 10,
      from,
    });
    for await (const _ of trainer.run({ updates: 40 }));
    return (await trainer.save()).replicas[0].parameters;
  };
  assertEquals(await goOn(0.99), longer.replicas[0].parameters);
  assertNotEquals(await goOn(0.5), longer.replicas[0].parameters);
});
