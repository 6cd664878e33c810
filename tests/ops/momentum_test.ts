import { assertAlmostEquals, assertEquals } from "@std/assert";
import { allocateFloats } from "../../core/gpu/matrix.ts";
import type { Rates } from "../../core/gpu/scalars.ts";
import { momentum } from "../../core/ops/momentum.ts";
import { type Bench, draw, gpuTest } from "../gpu/fixture.ts";
import { oneBufferUpdate } from "../../core/reference/optimizers.ts";
import { unitRoundoff } from "../../core/reference/tolerance.ts";

const never = 0xffffffff;

/** Rates that float32 holds. */
const rates: readonly Rates[] = [
  { learningRate: 0.25, momentum: 0, lead: 0, nextLead: 0 }, // SGD
  { learningRate: 0.125, momentum: 0.75, lead: 0, nextLead: 0 }, // CM
  { learningRate: 2 ** -6, momentum: 0.984375, lead: 0.984375, nextLead: 0.9921875 }, // NAG
];

interface State {
  phi: Float32Array<ArrayBuffer>;
  velocity: Float32Array<ArrayBuffer>;
  gradient: Float32Array<ArrayBuffer>;
  divergedAt?: number[];
}

/** One update of R vectors of the same length, on the GPU. */
async function update(
  bench: Bench,
  state: State,
  { rates, update }: { rates: readonly Rates[]; update: number },
) {
  const { gpu } = bench;
  const [replicas, length] = [rates.length, state.phi.length / rates.length];
  const upload = (values: Float32Array<ArrayBuffer>) => {
    const buffer = allocateFloats(gpu, "test", values.length);
    bench.take({ free: () => gpu.free(buffer) });
    gpu.write(buffer, values);
    return buffer;
  };
  const vectors = {
    parameters: upload(state.phi),
    velocity: upload(state.velocity),
    gradient: upload(state.gradient),
    divergedAt: bench.buffer(Uint32Array.from(state.divergedAt ?? rates.map(() => never))),
  };
  bench.run((plan) => momentum(plan, vectors, { length, replicas }), { update, rates });
  const size = state.phi.length;
  return {
    phi: (await bench.floats(vectors.parameters)).subarray(0, size),
    velocity: (await bench.floats(vectors.velocity)).subarray(0, size),
    divergedAt: [...(await bench.integers(vectors.divergedAt)).subarray(0, replicas)],
  };
}

const drawn = (length: number): State => ({
  phi: draw(length, 1),
  velocity: draw(length, 2),
  gradient: draw(length, 3),
});

gpuTest("momentum() updates SGD, CM and NAG side by side", async (bench) => {
  for (const length of [8, 264, 1000, 2056]) {
    const state = drawn(3 * length);
    const after = await update(bench, state, { rates, update: 0 });
    rates.forEach((rate, r) => {
      const part = (values: Float32Array) => values.subarray(r * length, (r + 1) * length);
      const [phi, velocity, gradient] = [state.phi, state.velocity, state.gradient]
        .map((values) => Float64Array.from(part(values)));
      const exact = oneBufferUpdate({ phi, velocity }, gradient, rate);
      for (let i = 0; i < length; i++) {
        const { learningRate, momentum, lead, nextLead } = rate;
        const terms = Math.abs(momentum * velocity[i]) + Math.abs(learningRate * gradient[i]);
        // Two products and their sum; then phi' has four terms, and the error of v' twice.
        const velocityError = 3 * unitRoundoff * terms;
        const others = Math.abs(phi[i]) + Math.abs(lead * velocity[i]) + (1 + nextLead) * terms;
        const phiError = (1 + nextLead) * velocityError + 4 * unitRoundoff * others;
        const label = `replica ${r} of ${length} at ${i}`;
        assertAlmostEquals(part(after.velocity)[i], exact.velocity[i], velocityError, label);
        assertAlmostEquals(part(after.phi)[i], exact.phi[i], phiError, label);
      }
    });
    assertEquals(after.divergedAt, [never, never, never]);
  }
});

gpuTest("momentum() gives a replica the bits it has alone", async (bench) => {
  const length = 264;
  const state = drawn(3 * length);
  const together = await update(bench, state, { rates, update: 0 });
  for (const r of [0, 1, 2]) {
    const part = (values: Float32Array<ArrayBuffer>) => values.slice(r * length, (r + 1) * length);
    const { phi, velocity, gradient } = state;
    const alone = await update(
      bench,
      { phi: part(phi), velocity: part(velocity), gradient: part(gradient) },
      { rates: [rates[r]], update: 0 },
    );
    assertEquals(alone.phi, part(together.phi.slice()));
    assertEquals(alone.velocity, part(together.velocity.slice()));
  }
});

gpuTest("momentum() marks replicas that are not finite, and harms no other", async (bench) => {
  const length = 264;
  const state = drawn(5 * length);
  const five = [...rates, rates[0], rates[0]];
  const clean = await update(bench, state, { rates: five, update: 9 });
  const harmed = { ...state, gradient: state.gradient.slice(), phi: state.phi.slice() };
  harmed.gradient[2 * length - 1] = NaN; // the last of replica 1
  harmed.phi[2 * length] = Infinity; // the first of replica 2
  harmed.gradient[3 * length + 70] = -Infinity;
  harmed.gradient[4 * length + 3] = NaN;
  const divergedAt = [never, never, never, 4, 100];
  const after = await update(bench, { ...harmed, divergedAt }, { rates: five, update: 9 });
  assertEquals(after.divergedAt, [never, 10, 10, 4, 10]); // the smaller stays
  const changed = [...after.phi].flatMap((value, i) => Object.is(value, clean.phi[i]) ? [] : [i]);
  assertEquals(changed, [2 * length - 1, 2 * length, 3 * length + 70, 4 * length + 3]);
  for (const i of changed) assertEquals(Number.isFinite(after.phi[i]), false);
});
