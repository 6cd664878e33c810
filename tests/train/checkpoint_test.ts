import { assertEquals, assertMatch, assertNotEquals, assertRejects } from "@std/assert";
import { createHash } from "node:crypto";
import { readSafetensors, writeSafetensors } from "../../core/formats/safetensors.ts";
import { InputError } from "../../core/errors.ts";
import { VectorLayout } from "../../core/gpu/vector.ts";
import { decodeCheckpoint, encodeCheckpoint } from "../../core/train/checkpoint.ts";
import type { TrainerState } from "../../core/train/state.ts";

const layout = new VectorLayout([
  { name: "weights 1", rows: 9, columns: 3 },
  { name: "biases 1", rows: 1, columns: 3 },
]);

/** Vectors of every kind of bits, in the padding as well. */
function vector(salt: number): Float32Array<ArrayBuffer> {
  const bits = new Uint32Array(layout.length).map((_, i) => Math.imul(i + salt, 0x9e3779b1));
  bits.set([0x7f800001, 0xffc12345, 0x80000000, 1, 0xff800000]);
  return new Float32Array(bits.buffer);
}

const state: TrainerState = {
  update: 2 ** 31 + 5,
  layout,
  replicas: [
    {
      seed: 2 ** 52,
      parameters: vector(1),
      velocity: vector(2),
      lead: Math.fround(0.995),
      divergedAt: undefined,
    },
    { seed: undefined, parameters: vector(3), velocity: vector(4), lead: 0, divergedAt: 17 },
  ],
};

const texts = { note: 'a "sha256":"' + "f".repeat(64) + '" in quotes', "größe": "" };

const checkpoint = await encodeCheckpoint(state, texts);

/** A state with the bits of its vectors in place of their values. */
function bitsOf({ replicas, ...rest }: TrainerState) {
  return {
    ...rest,
    replicas: replicas.map(({ parameters, velocity, ...one }) => ({
      ...one,
      parameters: new Uint32Array(parameters.buffer),
      velocity: new Uint32Array(velocity.buffer),
    })),
  };
}

function refused(bytes: Uint8Array<ArrayBuffer>, says = ""): Promise<InputError> {
  return assertRejects(() => decodeCheckpoint(bytes), InputError, says);
}

/** The checkpoint with other metadata or tensors, its digest made good again where asked. */
function changed(
  change: (metadata: Record<string, string>, names: string[]) => void,
): Uint8Array<ArrayBuffer> {
  const { tensors, metadata } = readSafetensors(checkpoint);
  const texts: Record<string, string> = { ...metadata, sha256: "0".repeat(64) };
  const names = [...tensors.keys()];
  change(texts, names);
  const kept = names.map((name) => [name, tensors.get(name)!] as const);
  const bytes = writeSafetensors(kept, texts);
  const digest = digestOf(bytes);
  const text = new TextDecoder("latin1").decode(bytes);
  bytes.set(new TextEncoder().encode(digest), text.indexOf('"sha256":"') + 10);
  return bytes;
}

/** As the documentation has it, of a file whose digest is zeros. */
function digestOf(bytes: Uint8Array): string {
  const end = 8 + new DataView(bytes.buffer).getUint32(0, true);
  const tensors = createHash("sha256").update(bytes.subarray(end)).digest();
  return createHash("sha256").update(bytes.subarray(0, end)).update(tensors).digest("hex");
}

Deno.test("decodeCheckpoint() reads what encodeCheckpoint() wrote, to the bit", async () => {
  const { state: read, metadata } = await decodeCheckpoint(checkpoint);
  assertEquals(bitsOf(read), bitsOf(state));
  assertEquals(metadata, texts);
});

Deno.test("encodeCheckpoint() writes a safetensors file as its documentation has it", () => {
  const { tensors, metadata } = readSafetensors(checkpoint);
  assertEquals([...tensors.keys()], [
    ...["0/phi/weights 1", "0/phi/biases 1", "0/velocity/weights 1", "0/velocity/biases 1"],
    ...["1/phi/weights 1", "1/phi/biases 1", "1/velocity/weights 1", "1/velocity/biases 1"],
  ]);
  const weights = tensors.get("1/velocity/weights 1")!;
  assertEquals([weights.type, weights.shape], ["F32", [16, 8]]);
  const { format, update, layout, replicas, sha256, ...others } = metadata;
  assertEquals([format, update, others], ["nagare-checkpoint-1", String(2 ** 31 + 5), texts]);
  assertEquals(JSON.parse(layout), [
    { name: "weights 1", rows: 9, columns: 3 },
    { name: "biases 1", rows: 1, columns: 3 },
  ]);
  assertEquals(JSON.parse(replicas), [
    { seed: 2 ** 52, lead: Math.fround(0.995) },
    { lead: 0, divergedAt: 17 },
  ]);
  const zeros = new Uint8Array(checkpoint);
  const text = new TextDecoder("latin1").decode(checkpoint);
  zeros.fill("0".charCodeAt(0), text.indexOf(sha256), text.indexOf(sha256) + 64);
  assertEquals(sha256, digestOf(zeros));
});

Deno.test("encodeCheckpoint() keeps the names of its own metadata for itself", async () => {
  for (const name of ["format", "update", "layout", "replicas", "sha256"]) {
    await assertRejects(() => encodeCheckpoint(state, { [name]: "mine" }), RangeError, name);
  }
});

Deno.test("decodeCheckpoint() refuses a file of which one bit was flipped", async () => {
  for (let at = 0; at < checkpoint.length; at++) {
    const flipped = checkpoint.slice();
    flipped[at] ^= 1 << at % 8;
    const { message } = await refused(flipped);
    assertMatch(message, /^[^\n]*[;:] [^\n]*$/);
  }
});

Deno.test("decodeCheckpoint() refuses a file cut short, and one made longer", async () => {
  for (let length = 0; length < checkpoint.length; length += 7) {
    await refused(checkpoint.slice(0, length));
  }
  await refused(Uint8Array.of(...checkpoint, 0));
});

Deno.test("decodeCheckpoint() refuses other safetensors files", async () => {
  await refused(writeSafetensors([]), "is no checkpoint: its format is not told");
  await refused(writeSafetensors([], { format: "pt" }), 'its format is "pt"');
  for (const sha256 of ["", "0", "z".repeat(64)]) {
    await refused(writeSafetensors([], { format: "nagare-checkpoint-1", sha256 }), "SHA-256");
  }
  await refused(writeSafetensors([], { format: "nagare-checkpoint-1" }), "SHA-256");
});

Deno.test("decodeCheckpoint() refuses what fits together only by its digest", async () => {
  assertEquals(bitsOf((await decodeCheckpoint(changed(() => {}))).state), bitsOf(state));
  const wrong = "its metadata are not what a checkpoint has";
  const metadata: [name: string, value: string][] = [
    ["update", "-1"],
    ["update", "NaN"],
    ["layout", "{}"],
    ["layout", "["],
    ["layout", '[{"name": "weights 1", "rows": 9, "columns": "3"}]'],
    ["layout", '[{"name": "a", "rows": 1, "columns": 1}, {"name": "a", "rows": 1, "columns": 1}]'],
    ["replicas", "[null]"],
    ["replicas", '[{"seed": 1, "lead": "0.9"}]'],
    ["replicas", '[{"seed": -1, "lead": 0.9}]'],
  ];
  for (const [name, value] of metadata) {
    await refused(changed((texts) => texts[name] = value), wrong);
  }
  const missing = ["update", "layout", "replicas"];
  for (const name of missing) await refused(changed((texts) => delete texts[name]), wrong);
  const shape = JSON.stringify([{ name: "weights 1", rows: 17, columns: 3 }]);
  await refused(changed((texts) => texts.layout = shape), 'its "0/phi/weights 1" is not');
  const vast = JSON.stringify([{ name: "weights 1", rows: 2 ** 40, columns: 2 ** 40 }]);
  await refused(changed((texts) => texts.layout = vast), 'its "0/phi/weights 1" is not');
  await refused(changed((_, names) => names.pop()), 'its "1/velocity/biases 1" is not');
});

Deno.test("encodeCheckpoint() gives the same bytes for the same state, and others for another", async () => {
  assertEquals(await encodeCheckpoint(state, texts), checkpoint);
  assertNotEquals(await encodeCheckpoint({ ...state, update: 5 }, texts), checkpoint);
});
