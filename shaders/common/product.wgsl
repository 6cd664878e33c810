// What every variant of a product out = a b shares: its sizes, and its operands in blocks of 4 x 4;
// common/epilogue.wgsl has where its sums begin and end.
//
// Every output is one chain of fma over the shared dimension, in its order, whatever the variant.

struct Product {
  rows: u32,           // of out, padded
  columns: u32,        // of out, in vec4
  shared_length: u32,  // in vec4
  units: u32,          // columns of out that are no padding
  a: Place,
  b: Place,
  out: Place,
  plus: Place,         // its stride is 0 where one row is added to all
  slopes: Place,       // the outputs whose slopes multiply
  sums: Place,         // the column sums of b
  times: f32,          // of plus
  linear: u32,         // 1: units are linear, whatever activation is compiled in
}

@group(0) @binding(0) var<uniform> job: Product;
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;
// #operand
@group(0) @binding(1) var<storage, read> a: array<vec4f>;
// #operand
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
// Where the first block of rows 4r to 4r + 3 of a lies, and how far it is to the next block along the
// shared dimension.
fn a_start(replica: u32, r: u32) -> u32 {
  // #if ${A_TRANSPOSED}
  return job.a.offset + replica * job.a.replica + r;
  // #else
  return job.a.offset + replica * job.a.replica + 4 * r * job.a.stride;
  // #endif
}
// #if ${A_TRANSPOSED}
fn a_step() -> u32 { return 4 * job.a.stride; }
// #else
fn a_step() -> u32 { return 1; }
// #endif

// The block at a place: four rows of a, each from 4k to 4k + 3 of the shared dimension.
fn a_block(at: u32) -> mat4x4f {
  let step = job.a.stride;
  let lines = mat4x4f(a_at(at), a_at(at + step), a_at(at + 2 * step), a_at(at + 3 * step));
  // #if ${A_TRANSPOSED}
  return transpose(lines);
  // #else
  return lines;
  // #endif
}

// The same of columns 4c to 4c + 3 of b.
fn b_start(replica: u32, c: u32) -> u32 {
  // #if ${B_TRANSPOSED}
  return job.b.offset + replica * job.b.replica + 4 * c * job.b.stride;
  // #else
  return job.b.offset + replica * job.b.replica + c;
  // #endif
}
// #if ${B_TRANSPOSED}
fn b_step() -> u32 { return 1; }
// #else
fn b_step() -> u32 { return 4 * job.b.stride; }
// #endif

// The block at a place: from 4k to 4k + 3 of the shared dimension, each at four columns of b.
fn b_block(at: u32) -> mat4x4f {
  let step = job.b.stride;
  let lines = mat4x4f(b_at(at), b_at(at + step), b_at(at + 2 * step), b_at(at + 3 * step));
  // #if ${B_TRANSPOSED}
  return transpose(lines);
  // #else
  return lines;
  // #endif
}
