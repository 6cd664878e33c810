// The gradient of a table from the derivatives by the rows that were looked up in it: each entry has the
// sum of those of the steps and cases that read it, in their order, step by step and case by case.
//   LINK   for tokens, the chain of rows that hold each of them: chains[entry] is one more than the first
//          row, chains[entries + row] one more than the next one, and 0 that there is none
//   else   the sums: along those chains (TOKENS), or of an entry's own step. One invocation a vec4.

struct Sums {
  entries: u32,
  count: u32,      // entries, padded
  steps: u32,
  rows: u32,       // of a step, padded
  cases: u32,      // rows of a step that are no padding
  columns: u32,    // of a row, in vec4
  chains: u32,     // from a replica to the next
  out: vec2u,      // where the sums lie, and from a replica to the next, in vec4
}

@group(0) @binding(0) var<uniform> shape: Sums;
// #if ${LINK}
// #operand
@group(0) @binding(1) var<storage, read> tokens: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> chains: array<u32>;
// #else
// #if ${TOKENS}
@group(0) @binding(2) var<storage, read> chains: array<u32>;
// #endif
// #operand
@group(0) @binding(3) var<storage, read> delta: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> out: array<vec4f>;
// #endif

@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(global_invocation_id) id: vec3u) {
  let replica = id.z;
  let start = replica * shape.steps * shape.rows;
  // #if ${LINK}
  let entry = id.x;
  let chain = replica * shape.chains;
  // A bound that is a uniform alone has lavapipe compile the kernel anew for every dispatch.
  let all = select(0u, shape.steps * shape.rows, entry < shape.entries);
  var last = entry;
  if entry < shape.entries { chains[chain + entry] = 0; }
  for (var row = 0u; row < all; row++) {
    if (tokens_at(2 * (start + row)).x == f32(entry)) & (row % shape.rows < shape.cases) {
      chains[chain + last] = row + 1;
      last = shape.entries + row;
      chains[chain + last] = 0;
    }
  }
  // #else
  let entry = id.x / shape.columns;
  let column = id.x % shape.columns;
  if entry >= shape.count { return; }
  var sum = vec4f();
  // #if ${TOKENS}
  let chain = replica * shape.chains;
  var next = 0u;
  if entry < shape.entries { next = chains[chain + entry]; }
  while next != 0 {
    sum += delta_at((start + next - 1) * shape.columns + column);
    next = chains[chain + shape.entries + next - 1];
  }
  // #else
  let first = start + entry * shape.rows;
  let cases = select(0u, shape.cases, entry < shape.entries);
  for (var row = 0u; row < cases; row++) {
    sum += delta_at((first + row) * shape.columns + column);
  }
  // #endif
  out[shape.out.x + replica * shape.out.y + entry * shape.columns + column] = sum;
  // #endif
}
