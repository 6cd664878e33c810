// Writes frozen.json anew: deno run -A tests/frozen/freeze.ts
// To be run before a redesign, and never to make a failing test pass: a bit that changes is named
// and explained in the commit that changes it.

import { openGPU } from "../../core/gpu/open.ts";
import { encode, type FrozenOutcome, path } from "./frozen.ts";
import { networks, train } from "./networks.ts";

using gpu = await openGPU();
const frozen: Record<string, FrozenOutcome[]> = {};
for (const name of Object.keys(networks)) {
  const outcomes = await train(gpu, name);
  frozen[name] = outcomes.map(({ reports, theta }) => ({ reports, theta: encode(theta) }));
}
// A line a replica.
const text = JSON.stringify({ driver: gpu.description, networks: frozen })
  .replaceAll(/\{"reports"|\}\]/g, "\n$&");
Deno.writeTextFileSync(path, text + "\n");
