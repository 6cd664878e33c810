import { assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { writeSafetensors } from "../../core/formats/safetensors.ts";
import { type TensorShape, VectorLayout } from "../../core/gpu/vector.ts";
import { decodeCheckpoint, encodeCheckpoint } from "../../core/train/checkpoint.ts";
import type { GroupState, TrainerState } from "../../core/train/state.ts";
import { claims, edited, edits, nested, specimen } from "./damage.ts";
import { property, readOrRefused, survives } from "./property.ts";

const text = fc.string({ unit: "grapheme" });
const shapes: fc.Arbitrary<TensorShape[]> = fc.uniqueArray(
  fc.record({
    name: text,
    rows: fc.integer({ min: 1, max: 10 }),
    columns: fc.integer({ min: 1, max: 10 }),
    isBias: fc.boolean(),
  }),
  { selector: ({ name }) => name, maxLength: 3 },
);
/** Numbers of any kind by any names. */
const numbers = fc.dictionary(text, fc.double(), { maxKeys: 3, noNullPrototype: true });
/** States are called as WGSL allows. */
const stateName = fc.stringMatching(/^[A-Za-z]\w{0,8}$/).filter((name) => name !== "parameters");
const count = fc.maxSafeNat();

/** A few floats of any bits, infinities and every NaN too, over and over. */
function vector(length: number): fc.Arbitrary<Float32Array<ArrayBuffer>> {
  return fc.uint32Array({ minLength: 1 }).map((some) => {
    const bits = Uint32Array.from({ length }, (_, i) => some[i % some.length]);
    return new Float32Array(bits.buffer);
  });
}

/** What holds for some tensors, theta being a sum of some of the vectors. */
function groupOf(vectors: string[]): fc.Arbitrary<GroupState> {
  return fc.record({
    tensors: fc.array(text, { maxLength: 3 }),
    running: numbers,
    theta: fc.dictionary(fc.constantFrom(...vectors), fc.double(), { noNullPrototype: true }),
  });
}

const states: fc.Arbitrary<TrainerState> = shapes.chain((tensors) => {
  const layout = new VectorLayout(tensors);
  const state = fc.oneof(fc.constant(layout), shapes.map((shapes) => new VectorLayout(shapes)))
    .chain((layout) => fc.record({ layout: fc.constant(layout), values: vector(layout.length) }));
  const replica = fc.dictionary(stateName, state, { maxKeys: 3, noNullPrototype: true })
    .chain((states) =>
      fc.record({
        seed: fc.option(count, { nil: undefined }),
        family: fc.option(text, { nil: undefined }),
        since: count,
        parameters: vector(layout.length),
        states: fc.constant(states),
        groups: fc.array(groupOf(["parameters", ...Object.keys(states)]), { maxLength: 3 }),
        measured: numbers,
        set: numbers,
        divergedAt: fc.option(count, { nil: undefined }),
      })
    );
  return fc.record({
    update: count,
    layout: fc.constant(layout),
    replicas: fc.array(replica, { maxLength: 2 }),
  });
});

const texts = fc.dictionary(text.map((name) => `my ${name}`), text);

/** What a header may say of a replica: something, and tensors of any size. */
const claimedReplica = fc.record({
  seed: count,
  family: text,
  since: count,
  groups: fc.array(groupOf(["parameters", "velocity"]), { maxLength: 2 }),
  measured: numbers,
  set: numbers,
  states: fc.dictionary(
    fc.constantFrom("velocity", "mean"),
    fc.array(
      fc.record({
        name: text,
        rows: fc.oneof(count, fc.constantFrom(...claims.map(Number))),
        columns: fc.constantFrom(...claims.map(Number)),
      }),
      { maxLength: 2 },
    ),
  ),
});

/** A checkpoint that says anything at all, its digest right. */
const claiming = fc.record({
  format: fc.oneof({ weight: 9, arbitrary: fc.constant("nagare-checkpoint-2") }, text),
  update: fc.oneof(count.map(String), fc.constantFrom("-1", "1e400", "")),
  layout: fc.oneof(
    fc.array(fc.record({
      name: text,
      rows: fc.oneof(count, fc.constantFrom(...claims.map(Number))),
      columns: fc.constantFrom(...claims.map(Number)),
    })).map((shapes) => JSON.stringify(shapes)),
    fc.jsonValue().map((value) => JSON.stringify(value)),
    nested,
  ),
  replicas: fc.oneof(
    fc.array(claimedReplica).map((list) => JSON.stringify(list)),
    fc.jsonValue().map((value) => JSON.stringify(value)),
  ),
  sha256: fc.oneof(fc.constant(undefined), text),
}).map(({ sha256, ...claimed }) => ({ ...claimed, ...sha256 !== undefined && { sha256 } })).map((
  metadata,
) => specimen(sealed(metadata), `a checkpoint of ${JSON.stringify(metadata)}`));

/** A file of no tensors with the digest that the documentation describes, or with that claimed. */
function sealed(metadata: Record<string, string>): Uint8Array<ArrayBuffer> {
  const zeros = "0".repeat(64);
  const bytes = writeSafetensors([], { sha256: zeros, ...metadata });
  if (metadata.sha256 !== undefined) return bytes;
  const nothing = createHash("sha256").digest();
  const digest = createHash("sha256").update(bytes).update(nothing).digest("hex");
  const text = new TextDecoder().decode(bytes).replace(zeros, digest);
  return new TextEncoder().encode(text);
}

/** A state with the bits of its vectors in place of their values. */
function bitsOf({ replicas, ...rest }: TrainerState) {
  const bits = (vector: Float32Array) => new Uint32Array(vector.buffer);
  return {
    ...rest,
    replicas: replicas.map(({ parameters, states, ...replica }) => ({
      ...replica,
      parameters: bits(parameters),
      states: Object.entries(states).map(([name, { layout, values }]) => [
        name,
        layout,
        bits(values),
      ]),
    })),
  };
}

/** What is true of decodeCheckpoint(), whatever it is given. */
export const checkpointProperties = [
  survives({
    name: "decodeCheckpoint()",
    read: decodeCheckpoint,
    files: claiming,
    // The header again, for its digest.
    memory: (size) => 2 * size + 2 ** 12,
  }),
  property(
    "decodeCheckpoint() refuses all that is not as it was written",
    fc.record({ state: states, edits }),
    async ({ state, edits }) => {
      const written = await encodeCheckpoint(state);
      const { bytes } = edited(specimen(written, "a checkpoint"), edits);
      const outcome = await readOrRefused(() => decodeCheckpoint(bytes));
      assertEquals(outcome, bytes.toHex() === written.toHex() ? "read" : "refused");
      return outcome;
    },
  ),
  property(
    "decodeCheckpoint() reads every state that is written",
    fc.record({ state: states, texts }),
    async ({ state, texts }) => {
      const { state: read, metadata } = await decodeCheckpoint(
        await encodeCheckpoint(state, texts),
      );
      assertEquals(bitsOf(read), bitsOf(state));
      assertEquals(metadata, texts);
    },
  ),
];
