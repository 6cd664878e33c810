// The tests of the engine that ask for nothing but WebGPU, for every driver and compiler.

import { beside } from "../experiments/processes.ts";

/** Rooms of tests, and those left out: they need more, or SwiftShader takes too long for them. */
const rooms: Readonly<Record<string, readonly string[]>> = {
  data: ["dataset"],
  gpu: ["gpu", "hardware", "shaders"],
  graph: [],
  layers: [],
  models: [],
  ops: [],
  optim: ["families", "hessian_free", "measured_identities"],
};

/** Their files, and one on what a trainer does at all. */
export const engineTests: readonly string[] = [
  ...Object.entries(rooms).flatMap(([room, leftOut]) => testsIn(room, leftOut)),
  beside("../train/trainer_test.ts"),
];

function testsIn(room: string, leftOut: readonly string[]): string[] {
  const folder = beside(`../${room}`);
  return [...Deno.readDirSync(folder)].map(({ name }) => name).toSorted()
    .filter((name) => name.endsWith("_test.ts") && !leftOut.includes(name.slice(0, -8)))
    .map((name) => `${folder}/${name}`);
}
