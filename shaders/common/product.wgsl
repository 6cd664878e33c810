// What every variant of a product out = a b shares: its sizes, and its operands in blocks of 4 x 4;
// common/epilogue.wgsl has where its sums begin and end.
//
// Every output is one chain of fma over the shared dimension, in its order, whatever the variant.

struct Product {
  first: u32,          // of its workgroups
  rows: u32,           // of out, padded
  columns: u32,        // of out, in vec4
  shared_length: u32,  // in vec4
  a: Place,
  b: Place,
  sums: Place,         // the column sums of b
  epilogue: Epilogue,
  // #if ${UPDATES}
  group: u32,          // of settings, of out
  sums_group: u32,
  unused: vec2u,
  // #endif
}

// Products of which none waits for another, in one dispatch.
struct Products { list: array<Product, ${PRODUCTS}> }

@group(0) @binding(0) var<uniform> products: Products;
// #operand
@group(0) @binding(1) var<storage, read> a: array<vec4f>;
// #operand
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
// #if ${UPDATES}
// Puts four numbers of a gradient to use: the lines of an update take them.
fn put(place: u32, replica: u32, gradient: vec4f) {
  nagare_note(nagare_apply(place, place, gradient), replica);
}
// #else
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;
fn put(place: u32, replica: u32, value: vec4f) { out[place] = value; }
// #endif

// The product that a workgroup is of.
fn product_of(group: u32) -> Product {
  var i = 0u;
  // #for p in PRODUCTS
  if products.list[${p}].first <= group { i = ${p}; }
  // #end
  return products.list[i];
}

// Where the first block of rows 4r to 4r + 3 of a lies, and how far it is to the next block along the
// shared dimension.
fn a_start(a: Place, replica: u32, r: u32) -> u32 {
  // #if ${A_TRANSPOSED}
  return a.offset + replica * a.replica + r;
  // #else
  return a.offset + replica * a.replica + 4 * r * a.stride;
  // #endif
}
// #if ${A_TRANSPOSED}
fn a_step(a: Place) -> u32 { return 4 * a.stride; }
// #else
fn a_step(a: Place) -> u32 { return 1; }
// #endif

// The block at a place: four rows of a, each from 4k to 4k + 3 of the shared dimension.
fn a_block(a: Place, at: u32) -> mat4x4f {
  let step = a.stride;
  let lines = mat4x4f(a_at(at), a_at(at + step), a_at(at + 2 * step), a_at(at + 3 * step));
  // #if ${A_TRANSPOSED}
  return transpose(lines);
  // #else
  return lines;
  // #endif
}

// The same of columns 4c to 4c + 3 of b.
fn b_start(b: Place, replica: u32, c: u32) -> u32 {
  // #if ${B_TRANSPOSED}
  return b.offset + replica * b.replica + 4 * c * b.stride;
  // #else
  return b.offset + replica * b.replica + c;
  // #endif
}
// #if ${B_TRANSPOSED}
fn b_step(b: Place) -> u32 { return 1; }
// #else
fn b_step(b: Place) -> u32 { return 4 * b.stride; }
// #endif

// The block at a place: from 4k to 4k + 3 of the shared dimension, each at four columns of b.
fn b_block(b: Place, at: u32) -> mat4x4f {
  let step = b.stride;
  let lines = mat4x4f(b_at(at), b_at(at + step), b_at(at + 2 * step), b_at(at + 3 * step));
  // #if ${B_TRANSPOSED}
  return transpose(lines);
  // #else
  return lines;
  // #endif
}
