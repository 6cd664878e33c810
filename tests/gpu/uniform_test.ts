import { assertEquals, assertThrows } from "@std/assert";
import { encodeUniform, uniformType, type UniformValue } from "../../core/gpu/uniform.ts";
import { gpuTest } from "./fixture.ts";

const structs = `
  struct Place { offset: u32, stride: u32, unused: vec2u }
  struct Shape {
    rows: u32,
    rate: f32,
    shift: i32,
    place: Place,
    pair: vec2f,
    factor: f32,
    weights: vec4u,
    runs: array<vec4u, 2>,
  }`;

const shape = {
  rows: 7,
  rate: 0.5,
  shift: -3,
  place: { offset: 11, stride: 12 },
  pair: [1.5, 2.5],
  factor: 3.5,
  weights: [1, 2, 3, 4],
  runs: [[5, 6, 7, 8], [9, 10, 11, 12]],
};

gpuTest("encodeUniform() lays values where the shader reads them", async (bench) => {
  const kernel = bench.gpu.kernel("read uniform", [`
    ${structs} // struct Shape { other: u32 }
    @group(0) @binding(0) var<uniform> shape: Shape;
    @group(0) @binding(1) var<storage, read_write> out: array<f32>;
    @compute @workgroup_size(1)
    fn main() {
      out[0] = f32(shape.rows);
      out[1] = shape.rate;
      out[2] = f32(shape.shift);
      out[3] = f32(shape.place.offset);
      out[4] = f32(shape.place.stride);
      out[5] = shape.pair.y;
      out[6] = shape.factor;
      out[7] = f32(shape.weights.w + shape.runs[1].z);
    }`]);
  const out = bench.buffer(new Float32Array(8));
  const extent = { groups: [1, 1, 1], iterations: 0 } as const;
  bench.run((plan) => plan.dispatch(kernel, { shape, out }, extent));
  assertEquals([...await bench.floats(out)], [7, 0.5, -3, 11, 12, 2.5, 3.5, 15]);
});

Deno.test("encodeUniform() refuses what the shader does not declare", () => {
  const encode = (value: UniformValue) =>
    encodeUniform("shape", uniformType(structs, "Shape"), value);
  assertEquals(encode(shape).length, 96);
  const { rate: _, ...incomplete } = shape;
  const refused: [UniformValue, string][] = [
    [incomplete, "shape.rate was not given"],
    [{ ...shape, more: 1 }, "shape has no member more"],
    [{ ...shape, rows: 1.5 }, "shape.rows is u32; 1.5 was given"],
    [{ ...shape, rows: -1 }, "shape.rows is u32; -1 was given"],
    [{ ...shape, pair: [1] }, "shape.pair holds 2 numbers; [1] was given"],
    [{ ...shape, place: 3 }, "shape.place is a struct"],
    [{ ...shape, runs: [[1, 2, 3, 4]] }, "shape.runs holds 2 elements"],
    [7, "shape is a struct"],
  ];
  for (const [value, message] of refused) assertThrows(() => encode(value), Error, message);
  assertThrows(() => uniformType(structs, "mat4x4f"), Error, "mat4x4f cannot be given by name");
});
