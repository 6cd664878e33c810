// What every variant of a product out = a b shares: its sizes, its operands in blocks of 4 x 4, and
// the epilogue, which adds a bias and applies the activation, multiplies by the activation's
// derivative, or adds a multiple of a third matrix.
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
  extra: Place,        // the bias, the outputs, or the weights
  sums: Place,         // the column sums of b
  decay: f32,
  linear: u32,         // 1: units are linear, whatever activation is compiled in
}

struct Place { offset: u32, stride: u32, replica: u32, unused: u32 }  // in vec4

@group(0) @binding(0) var<uniform> product: Product;
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;
// #operand
@group(0) @binding(1) var<storage, read> a: array<vec4f>;
// #operand
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
// #if ${EXTRA}
// #operand
@group(0) @binding(4) var<storage, read> extra: array<vec4f>;
// #endif

// Where the first block of rows 4r to 4r + 3 of a lies, and how far it is to the next block along the
// shared dimension.
fn a_start(replica: u32, r: u32) -> u32 {
  // #if ${A_TRANSPOSED}
  return product.a.offset + replica * product.a.replica + r;
  // #else
  return product.a.offset + replica * product.a.replica + 4 * r * product.a.stride;
  // #endif
}
// #if ${A_TRANSPOSED}
fn a_step() -> u32 { return 4 * product.a.stride; }
// #else
fn a_step() -> u32 { return 1; }
// #endif

// The block at a place: four rows of a, each from 4k to 4k + 3 of the shared dimension.
fn a_block(at: u32) -> mat4x4f {
  let step = product.a.stride;
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
  return product.b.offset + replica * product.b.replica + 4 * c * product.b.stride;
  // #else
  return product.b.offset + replica * product.b.replica + c;
  // #endif
}
// #if ${B_TRANSPOSED}
fn b_step() -> u32 { return 1; }
// #else
fn b_step() -> u32 { return 4 * product.b.stride; }
// #endif

// The block at a place: from 4k to 4k + 3 of the shared dimension, each at four columns of b.
fn b_block(at: u32) -> mat4x4f {
  let step = product.b.stride;
  let lines = mat4x4f(b_at(at), b_at(at + step), b_at(at + 2 * step), b_at(at + 3 * step));
  // #if ${B_TRANSPOSED}
  return transpose(lines);
  // #else
  return lines;
  // #endif
}

// Writes what the epilogue makes of a sum; `column` counts vec4.
fn finish(replica: u32, row: u32, column: u32, sum: vec4f) {
  let at = product.out.offset + replica * product.out.replica + row * product.out.stride + column;
  // #if ${EXTRA}
  let other = extra_at(
    product.extra.offset + replica * product.extra.replica + row * product.extra.stride + column,
  );
  // #endif
  let is_linear = vec4<bool>(product.linear == 1);
  // #if ${BIAS}
  let is_unit = 4 * column + vec4u(0, 1, 2, 3) < vec4u(product.units);
  let z = sum + other;
  out[at] = select(vec4f(), select(activate(z), z, is_linear), is_unit);
  // #elif ${DERIVATIVE}
  out[at] = sum * select(slope(other), vec4f(1), is_linear);
  // #elif ${DECAY}
  out[at] = fma(vec4f(product.decay), other, sum);
  // #else
  out[at] = sum;
  // #endif
}
