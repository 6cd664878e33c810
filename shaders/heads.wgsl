// The parts of attention heads out of rows of steps, and back. A row of a step holds part after part
// (queries, keys, values; or one alone), each head after head of d units. Split, each head of a case has
// its parts one after another, each a matrix of its own [T, d] with padding of its own.
//   SPLIT  out[r][case][head][part][t][j] = x[r][t][case][(part heads + head) d + j]
//   else   the inverse
// Padding becomes zero: a product of whole matrices then meets zeros alone. One invocation for four
// values of `out`; where heads begin within a vec4, they are read one by one (WHOLE is not set).

struct Heads {
  count: u32,    // vec4 of out
  steps: u32,    // T
  cases: u32,
  rows: u32,     // of a step, padded
  columns: u32,  // of a row of a step, in vec4
  heads: u32,
  parts: u32,
  units: u32,    // d
  padded: u32,   // T, padded
  stride: u32,   // of a row of a head, in vec4
}

@group(0) @binding(0) var<uniform> shape: Heads;
// #if ${WHOLE}
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
// #else
@group(0) @binding(1) var<storage, read> x: array<f32>;
// #endif
@group(0) @binding(2) var<storage, read_write> out: array<vec4f>;

// Where unit j of a head's part lies at a step, in the rows of steps and in the matrices.
fn in_rows(replica: u32, t: u32, row: u32, part: u32, head: u32, j: u32) -> u32 {
  let start = ((replica * shape.steps + t) * shape.rows + row) * shape.columns * 4;
  return start + (part * shape.heads + head) * shape.units + j;
}

fn in_heads(replica: u32, t: u32, row: u32, part: u32, head: u32, j: u32) -> u32 {
  let matrix = ((replica * shape.rows + row) * shape.heads + head) * shape.parts + part;
  return (matrix * shape.padded + t) * shape.stride * 4 + j;
}

@compute @workgroup_size(${WORKGROUP})
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * ${WORKGROUP} + lane;
  if i >= shape.count { return; }
  // #if ${SPLIT}
  let first = i % shape.stride * 4;
  let line = i / shape.stride;
  let t = line % shape.padded;
  let matrix = line / shape.padded;
  let part = matrix % shape.parts;
  let head = matrix / shape.parts % shape.heads;
  let place = matrix / (shape.parts * shape.heads);
  let row = place % shape.rows;
  let replica = place / shape.rows;
  // #else
  let column = i % shape.columns * 4;
  let line = i / shape.columns;
  let row = line % shape.rows;
  let t = line / shape.rows % shape.steps;
  let replica = line / (shape.rows * shape.steps);
  // #endif
  var value = vec4f();
  // #if ${WHOLE}
  // #if ${SPLIT}
  if (first < shape.units) & (t < shape.steps) & (row < shape.cases) {
    value = x[in_rows(replica, t, row, part, head, first) / 4];
  }
  // #else
  let number = column / shape.units;
  if (number < shape.parts * shape.heads) & (row < shape.cases) {
    let part = number / shape.heads;
    value = x[in_heads(replica, t, row, part, number % shape.heads, column % shape.units) / 4];
  }
  // #endif
  // #else
  // #for j in 4
  // #if ${SPLIT}
  if (first + ${j} < shape.units) & (t < shape.steps) & (row < shape.cases) {
    value[${j}] = x[in_rows(replica, t, row, part, head, first + ${j})];
  }
  // #else
  let number_${j} = (column + ${j}) / shape.units;
  if (number_${j} < shape.parts * shape.heads) & (row < shape.cases) {
    let part = number_${j} / shape.heads;
    let unit = (column + ${j}) % shape.units;
    value[${j}] = x[in_heads(replica, t, row, part, number_${j} % shape.heads, unit)];
  }
  // #endif
  // #end
  // #endif
  out[i] = value;
}
