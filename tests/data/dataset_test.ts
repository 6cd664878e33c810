import { assertThrows } from "@std/assert";
import { Dataset } from "../../core/data/dataset.ts";
import { InputError } from "../../core/errors.ts";
import { gpuTest } from "../gpu/fixture.ts";

gpuTest("Dataset refuses arrays that it does not know", ({ gpu }) => {
  const others = [
    [1, 2, 3, 4],
    new ArrayBuffer(16),
    new Float64Array(4),
    new Int8Array(4),
    new Uint8ClampedArray(4),
    undefined,
  ];
  for (const values of others) {
    assertThrows(
      // deno-lint-ignore no-explicit-any -- as JavaScript may
      () => new Dataset(gpu, values as any, { width: 4, label: "digits" }),
      InputError,
      "digits must be a Uint8Array, a Uint32Array of half floats or a Float32Array",
    );
  }
});

gpuTest("Dataset refuses values that make no cases", ({ gpu }) => {
  for (const width of [0, -1, 2.5, NaN, 3]) {
    assertThrows(
      () => new Dataset(gpu, new Float32Array(4), { width }),
      InputError,
      `4 values are no whole number of cases of ${width} values`,
    );
  }
  assertThrows(() => new Dataset(gpu, new Float32Array(0), { width: 4 }), InputError, "0 values");
});

gpuTest("Dataset refuses a largest part that holds nothing", ({ gpu }) => {
  for (const largestPart of [0, -1, NaN, Infinity]) {
    assertThrows(
      () => new Dataset(gpu, new Float32Array(4), { width: 4, largestPart }),
      InputError,
      `a finite number of bytes above 0, not ${largestPart}`,
    );
  }
});
