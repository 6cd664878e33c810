// Uses the bundled library as Node 20 or a browser of 2023 would, in any runtime: takes away what is
// newer, imports the bundle that the command line names, and says what it has used.
// In JavaScript, since such a Node reads no types.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import process from "node:process";
import { pathToFileURL } from "node:url";

const iteratorPrototype = Object.getPrototypeOf(Object.getPrototypeOf([].values()));

/** What Node 20 or Chrome 120 lacks, by the object that has it elsewhere. */
const newer = [
  [globalThis, "Float16Array", "Iterator", "AsyncIterator", "Temporal"],
  [globalThis, "DisposableStack", "AsyncDisposableStack", "SuppressedError"],
  [Array, "fromAsync"],
  [ArrayBuffer.prototype, "transfer", "transferToFixedLength", "detached"],
  [Blob.prototype, "bytes"],
  [DataView.prototype, "getFloat16", "setFloat16"],
  [Error, "isError"],
  [Intl, "DurationFormat"],
  [iteratorPrototype, "drop", "every", "filter", "find", "flatMap", "forEach", "map", "reduce"],
  [iteratorPrototype, "some", "take", "toArray"],
  [JSON, "rawJSON", "isRawJSON"],
  [Map, "groupBy"],
  [Map.prototype, "getOrInsert", "getOrInsertComputed"],
  [Math, "f16round", "sumPrecise"],
  [Object, "groupBy"],
  [Promise, "try", "withResolvers"],
  [ReadableStream, "from"],
  [ReadableStream.prototype, "values", Symbol.asyncIterator],
  [RegExp, "escape"],
  [Response.prototype, "bytes"],
  [Set.prototype, "difference", "intersection", "symmetricDifference", "union"],
  [Set.prototype, "isDisjointFrom", "isSubsetOf", "isSupersetOf"],
  [Uint8Array, "fromBase64", "fromHex"],
  [Uint8Array.prototype, "setFromBase64", "setFromHex", "toBase64", "toHex"],
  [URL, "parse"],
];
for (const [holder, ...names] of newer) {
  for (const name of names) {
    delete holder[name];
    assert(!(name in holder), `${String(name)} cannot be taken away`);
  }
}
// Two that cannot be deleted.
const symbols = Symbol;
globalThis.Symbol = new Proxy(() => {}, {
  get: (_, name) => ["dispose", "asyncDispose"].includes(name) ? undefined : symbols[name],
  apply: (_target, _this, [description]) => symbols(description),
});

const library = await import(pathToFileURL(process.argv[2]));
readsData();
await keepsCheckpoints();
await unpacks();
const trained = await trains();
delete globalThis.navigator; // Node 20 has none
await assert.rejects(library.openGPU(), library.AdapterError);
console.log(trained);

function readsData() {
  const { packHalf, readCSVMatrix, readNPY, readSafetensors, writeSafetensors } = library;
  // Ties to even, a subnormal, and the largest.
  const numbers = Float32Array.of(1 + 2 ** -11, 1 + 3 * 2 ** -11, 2 ** -24, -65504);
  const rounded = Float32Array.of(1, 1 + 2 ** -9, 2 ** -24, -65504);
  const words = packHalf(numbers);
  assert.deepEqual(words, Uint32Array.of(0x3c023c00, 0xfbff0001));

  const file = writeSafetensors([
    ["halves", { type: "F16", shape: [2, 2], data: numbers }],
    ["floats", { type: "F32", shape: [4], data: numbers }],
  ]);
  const { tensors } = readSafetensors(file);
  assert.deepEqual(tensors.get("halves").data, rounded);
  assert.deepEqual(tensors.get("floats").data, numbers);

  const header = "{'descr': '<f2', 'fortran_order': False, 'shape': (4,), }\n";
  const npy = Buffer.concat([
    Buffer.from([0x93, ...Buffer.from("NUMPY"), 1, 0, header.length, 0]),
    Buffer.from(header),
    Buffer.from(words.buffer),
  ]);
  assert.deepEqual(readNPY(npy).data, rounded);

  const { rows, columns, data } = readCSVMatrix(new TextEncoder().encode("a,b\n1,2\n3,4.5e-1\n"));
  assert.deepEqual({ rows, columns, data }, {
    rows: 2,
    columns: 2,
    data: Float32Array.of(1, 2, 3, 0.45),
  });
}

async function keepsCheckpoints() {
  const { decodeCheckpoint, encodeCheckpoint, networkState, VectorLayout } = library;
  const layout = new VectorLayout([{ name: "weights", rows: 2, columns: 3 }]);
  const written = networkState(layout, [[[1, 2, 3, 4, 5, 6]]]);
  const bytes = await encodeCheckpoint(written, { note: "kept" });
  const { state, metadata } = await decodeCheckpoint(bytes);
  assert.deepEqual(state.replicas, written.replicas);
  assert.deepEqual(metadata, { note: "kept" });
  bytes[bytes.length - 1] ^= 1;
  await assert.rejects(decodeCheckpoint(bytes), library.InputError);
}

async function unpacks() {
  const text = new TextEncoder().encode("nagare".repeat(1000));
  const packed = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
  const bytes = new Uint8Array(await new Response(packed).arrayBuffer());
  assert.deepEqual(await library.gunzip(bytes), text);
  await assert.rejects(library.gunzip(bytes, { limit: 5999 }), library.InputError);
  await assert.rejects(library.gunzip(bytes.subarray(0, 20)), library.InputError);
}

/** Trains for a moment where there is WebGPU. */
async function trains() {
  const { autoencoder, Dataset, encodeCheckpoint, nesterov, openGPU, sparse, Trainer } = library;
  if (!globalThis.navigator?.gpu) return "all but the GPU";
  const sums = [];
  for (const operands of ["buffers", "textures"]) {
    const gpu = await openGPU({ operands });
    const train = new Dataset(gpu, new Uint8Array(64).map((_, i) => 4 * i), { width: 8 });
    const trainer = await Trainer.open(gpu, {
      model: autoencoder({ layers: [8, 4, 2], train }),
      replicas: [{
        seed: 1,
        optimizer: nesterov({ learningRate: 0.1, momentum: 0.9 }),
        initializer: sparse(),
      }],
      batchSize: 4,
    });
    const options = { updates: 20, every: 10, evalCases: 8 };
    for await (const { replicas } of trainer.run(options)) {
      assert(replicas[0].figures.squaredError > 0);
    }
    sums.push(
      createHash("sha256").update(await encodeCheckpoint(await trainer.save())).digest("hex"),
    );
    gpu.close();
  }
  assert.equal(sums[0], sums[1]);
  return "all, and the GPU";
}
