// The parts of attention heads out of rows of steps, and back. A row of a step holds part after part
// (queries, keys, values; or one alone), each head after head of d units. Split, each head of a case has
// its parts one after another, each a matrix of its own [T, d] with padding of its own.
//   SPLIT  out[r][case][head][part][t][j] = x[r][t][case][(part heads + head) d + j]
//   else   the inverse
// Padding becomes zero: a product of whole matrices then meets zeros alone. One invocation for some vec4 of
// a row of `out`, which finds its place by division once; where heads begin within a vec4, values are read
// one by one (WHOLE is not set).

struct Heads {
  count: u32,    // invocations
  each: u32,     // vec4 of one
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
  // A bound that is a uniform alone has lavapipe compile the kernel anew for every dispatch.
  let each = select(0u, shape.each, i < shape.count);
  // #if ${SPLIT}
  let columns = shape.stride;
  // #else
  let columns = shape.columns;
  // #endif
  let a_row = columns / shape.each;
  let line = i / a_row;
  let first = i % a_row * shape.each;
  // #if ${SPLIT}
  let t = line % shape.padded;
  let matrix = line / shape.padded;
  let part = matrix % shape.parts;
  let head = matrix / shape.parts % shape.heads;
  let place = matrix / (shape.parts * shape.heads);
  let row = place % shape.rows;
  let replica = place / shape.rows;
  let is_row = (t < shape.steps) & (row < shape.cases);
  let from_line = in_rows(replica, t, row, part, head, 0);
  // #else
  let row = line % shape.rows;
  let t = line / shape.rows % shape.steps;
  let replica = line / (shape.rows * shape.steps);
  let is_row = row < shape.cases;
  var number = 4 * first / shape.units;
  var unit = 4 * first % shape.units;
  var part = number / shape.heads;
  var head = number % shape.heads;
  // #endif
  for (var column = first; column < first + each; column++) {
    var value = vec4f();
    // #for j in VALUES
    // #if ${SPLIT}
    let is_unit_${j} = is_row & (4 * column + ${j} < shape.units);
    let from_${j} = from_line + 4 * column + ${j};
    // #else
    let is_unit_${j} = is_row & (part < shape.parts);
    let from_${j} = in_heads(replica, t, row, part, head, unit);
    unit += 4 / ${VALUES};
    if unit == shape.units {
      unit = 0;
      head++;
      if head == shape.heads {
        head = 0;
        part++;
      }
    }
    // #endif
    // #if ${WHOLE}
    if is_unit_${j} { value = x[from_${j} / 4]; }
    // #else
    if is_unit_${j} { value[${j}] = x[from_${j}]; }
    // #endif
    // #end
    out[line * columns + column] = value;
  }
}
