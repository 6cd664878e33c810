import {
  assertEquals,
  assertMatch,
  assertNotEquals,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { createHash } from "node:crypto";
import { readSafetensors, writeSafetensors } from "../../core/formats/safetensors.ts";
import { InputError } from "../../core/errors.ts";
import { VectorLayout } from "../../core/gpu/vector.ts";
import { decodeCheckpoint, encodeCheckpoint } from "../../core/train/checkpoint.ts";
import type { TrainerState } from "../../core/train/state.ts";

const layout = new VectorLayout([
  { name: "weights 1", rows: 9, columns: 3 },
  { name: "biases 1", rows: 1, columns: 3, isBias: true },
]);

/** Of a state that is not the parameters' shape. */
const left = new VectorLayout([{ name: "weights 1", rows: 9, columns: 9 }]);

/** Vectors of every kind of bits, in the padding as well. */
function vector(salt: number, { length } = layout): Float32Array<ArrayBuffer> {
  const bits = new Uint32Array(length).map((_, i) => Math.imul(i + salt, 0x9e3779b1));
  bits.set([0x7f800001, 0xffc12345, 0x80000000, 1, 0xff800000]);
  return new Float32Array(bits.buffer);
}

const state: TrainerState = {
  update: 2 ** 31 + 5,
  layout,
  replicas: [
    {
      seed: 2 ** 52,
      family: "nag",
      since: 7,
      parameters: vector(1),
      states: { velocity: { layout, values: vector(2) } },
      groups: [
        {
          tensors: ["weights 1"],
          running: { lead: 0.995 },
          theta: { parameters: 1, velocity: -Math.fround(0.995) },
        },
        { tensors: ["biases 1"], running: { lead: 0 }, theta: { parameters: 1, velocity: -0 } },
      ],
      measured: {},
      set: { momentum: 0.995 },
      divergedAt: undefined,
    },
    {
      seed: undefined,
      family: undefined,
      since: 0,
      parameters: vector(3),
      states: {},
      groups: [],
      measured: {},
      set: {},
      divergedAt: 17,
    },
    {
      seed: 0,
      family: 'a family of "mine"',
      since: 2 ** 31,
      parameters: vector(4),
      states: {
        left: { layout: left, values: vector(5, left) },
        average: { layout, values: vector(6) },
        none: { layout: new VectorLayout([]), values: new Float32Array() },
      },
      groups: [{
        tensors: ["weights 1", "biases 1"],
        running: { product: 5e-324, other: -Infinity },
        theta: { average: 1 },
      }],
      measured: { norm: NaN, angle: Infinity, sign: -0, third: 1 / 3 },
      set: {},
      divergedAt: 2 ** 31 + 4,
    },
  ],
};

const texts = { note: 'a "sha256":"' + "f".repeat(64) + '" in quotes', "größe": "" };

const checkpoint = await encodeCheckpoint(state, texts);

/** A state with the bits of its vectors in place of their values. */
function bitsOf({ replicas, ...rest }: TrainerState) {
  return {
    ...rest,
    replicas: replicas.map(({ parameters, states, ...one }) => ({
      ...one,
      parameters: new Uint32Array(parameters.buffer),
      states: Object.entries(states).map(([name, { layout, values }]) => [
        name,
        layout,
        new Uint32Array(values.buffer),
      ]),
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
  const [{ groups: [, biases] }, , { measured }] = read.replicas;
  assertStrictEquals(biases.theta.velocity, -0);
  assertStrictEquals(measured.sign, -0);
});

Deno.test("encodeCheckpoint() writes a safetensors file as its documentation has it", () => {
  const { tensors, metadata } = readSafetensors(checkpoint);
  assertEquals([...tensors.keys()], [
    ...["0/parameters/weights 1", "0/parameters/biases 1"],
    ...["0/velocity/weights 1", "0/velocity/biases 1"],
    ...["1/parameters/weights 1", "1/parameters/biases 1"],
    ...["2/parameters/weights 1", "2/parameters/biases 1"],
    ...["2/left/weights 1", "2/average/weights 1", "2/average/biases 1"],
  ]);
  const weights = tensors.get("0/velocity/weights 1")!;
  assertEquals([weights.type, weights.shape], ["F32", [16, 8]]);
  assertEquals(tensors.get("2/left/weights 1")!.shape, [16, 16]);
  const { format, update, layout, replicas, sha256, ...others } = metadata;
  assertEquals([format, update, others], ["nagare-checkpoint-2", String(2 ** 31 + 5), texts]);
  const shapes = [
    { name: "weights 1", rows: 9, columns: 3 },
    { name: "biases 1", rows: 1, columns: 3, isBias: true },
  ];
  assertEquals(JSON.parse(layout), shapes);
  assertEquals(JSON.parse(replicas), [
    {
      seed: 2 ** 52,
      family: "nag",
      since: 7,
      groups: [
        {
          tensors: ["weights 1"],
          running: { lead: 0.995 },
          theta: { parameters: 1, velocity: -Math.fround(0.995) },
        },
        { tensors: ["biases 1"], running: { lead: 0 }, theta: { parameters: 1, velocity: "-0" } },
      ],
      measured: {},
      set: { momentum: 0.995 },
      states: { velocity: shapes },
    },
    { since: 0, groups: [], measured: {}, set: {}, divergedAt: 17, states: {} },
    {
      seed: 0,
      family: 'a family of "mine"',
      since: 2 ** 31,
      groups: [{
        tensors: ["weights 1", "biases 1"],
        running: { product: 5e-324, other: "-Infinity" },
        theta: { average: 1 },
      }],
      measured: { norm: "NaN", angle: "Infinity", sign: "-0", third: 1 / 3 },
      set: {},
      divergedAt: 2 ** 31 + 4,
      states: {
        left: [{ name: "weights 1", rows: 9, columns: 9 }],
        average: shapes,
        none: [],
      },
    },
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
    await refused(writeSafetensors([], { format: "nagare-checkpoint-2", sha256 }), "SHA-256");
  }
  await refused(writeSafetensors([], { format: "nagare-checkpoint-2" }), "SHA-256");
});

Deno.test("decodeCheckpoint() says in one line that a file is of an older version", async () => {
  const shape = [8, 8];
  const data = new Float32Array(64);
  const file = (sha256: string) =>
    writeSafetensors(
      ["0/phi/weights 1", "0/velocity/weights 1"]
        .map((name) => [name, { type: "F32", shape, data }] as const),
      {
        sha256,
        format: "nagare-checkpoint-1",
        update: "5",
        layout: '[{"name":"weights 1","rows":1,"columns":3}]',
        replicas: '[{"seed":1,"lead":0.9}]',
      },
    );
  const older = file(digestOf(file("0".repeat(64))));
  const { message } = await refused(older);
  assertEquals(
    message,
    "this checkpoint is of an older version of Nagare, which this one cannot go on from: finish " +
      "the run with that version, or begin it anew",
  );
});

/** The metadata of the replicas, the first one's changed. */
function replicasWith(change: Record<string, unknown>): string {
  const [first, ...others] = JSON.parse(readSafetensors(checkpoint).metadata.replicas);
  return JSON.stringify([{ ...first, ...change }, ...others]);
}

const group = { tensors: ["weights 1"], running: {}, theta: { parameters: 1 } };

/** What no field of a replica may be. */
const wrongRecords: Record<string, unknown>[] = [
  { seed: -1 },
  { seed: "1" },
  { family: 5 },
  { family: null },
  { since: undefined },
  { since: -1 },
  { since: 0.5 },
  { since: "7" },
  { divergedAt: -1 },
  { groups: undefined },
  { groups: {} },
  { groups: [null] },
  { groups: [{ ...group, tensors: undefined }] },
  { groups: [{ ...group, tensors: "weights 1" }] },
  { groups: [{ ...group, tensors: [1] }] },
  { groups: [{ ...group, running: undefined }] },
  { groups: [{ ...group, running: [] }] },
  { groups: [{ ...group, running: { lead: "0.9" } }] },
  { groups: [{ ...group, running: { lead: null } }] },
  { groups: [{ ...group, theta: undefined }] },
  { groups: [{ ...group, theta: { parameters: "1" } }] },
  { groups: [{ ...group, theta: { mean: 1 } }] },
  { groups: [{ ...group, theta: { toString: 1 } }] },
  { measured: undefined },
  { measured: [] },
  { measured: { norm: true } },
  { measured: { norm: "nan" } },
  { set: undefined },
  { set: "momentum" },
  { set: { momentum: {} } },
  { states: undefined },
  { states: [] },
  { states: { velocity: {} } },
  { states: { velocity: [null] } },
  { states: { velocity: [{ name: "a", rows: 1 }] } },
  { states: { velocity: [{ name: "a", rows: 1, columns: 1, isBias: 1 }] } },
  { states: { velocity: [1, 2].map(() => ({ name: "a", rows: 1, columns: 1 })) } },
  { states: { velocity: [], parameters: [] } },
];

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
    ["replicas", '[{"seed":1,"lead":0.9}]'],
    ...wrongRecords.map((change): [string, string] => ["replicas", replicasWith(change)]),
  ];
  assertEquals(
    bitsOf((await decodeCheckpoint(changed((texts) => texts.replicas = replicasWith({})))).state),
    bitsOf(state),
  );
  for (const [name, value] of metadata) {
    await refused(changed((texts) => texts[name] = value), wrong);
  }
  const missing = ["update", "layout", "replicas"];
  for (const name of missing) await refused(changed((texts) => delete texts[name]), wrong);
  const shape = JSON.stringify([{ name: "weights 1", rows: 17, columns: 3 }]);
  await refused(changed((texts) => texts.layout = shape), 'its "0/parameters/weights 1" is not');
  const vast = JSON.stringify([{ name: "weights 1", rows: 2 ** 40, columns: 2 ** 40 }]);
  await refused(changed((texts) => texts.layout = vast), 'its "0/parameters/weights 1" is not');
  await refused(changed((_, names) => names.pop()), 'its "2/average/biases 1" is not');
  const velocity = JSON.stringify({ velocity: [{ name: "weights 1", rows: 17, columns: 3 }] });
  await refused(
    changed((texts) => texts.replicas = replicasWith({ states: JSON.parse(velocity) })),
    'its "0/velocity/weights 1" is not',
  );
  const others = {
    states: { ...JSON.parse(velocity), mean: [{ name: "a", rows: 1, columns: 1 }] },
  };
  await refused(
    changed((texts) => texts.replicas = replicasWith(others)),
    "is not what its layout",
  );
});

Deno.test("encodeCheckpoint() gives the same bytes for the same state, and others for another", async () => {
  assertEquals(await encodeCheckpoint(state, texts), checkpoint);
  assertNotEquals(await encodeCheckpoint({ ...state, update: 5 }, texts), checkpoint);
});
