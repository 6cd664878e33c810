// Rows of a table, one a row of the steps of sequences: the row that its token numbers (TOKENS), or that
// of its step, with x added (ADDS). What is no token of the table makes NaN. One invocation a vec4.

struct LookUp {
  count: u32,      // vec4 of out
  steps: u32,
  rows: u32,       // of a step, padded
  columns: u32,    // of a row, in vec4
  units: u32,      // columns that are no padding
  entries: u32,    // of the table
  cases: u32,      // rows of a step that are no padding
  table: vec2u,    // where it lies, and from a replica to the next, in vec4
  none: u32,       // the bits of NaN
}

@group(0) @binding(0) var<uniform> shape: LookUp;
// #operand
@group(0) @binding(1) var<storage, read> table: array<vec4f>;
// #if ${TOKENS}
// #operand
@group(0) @binding(2) var<storage, read> tokens: array<vec4f>;
// #endif
// #if ${ADDS}
// #operand
@group(0) @binding(3) var<storage, read> x: array<vec4f>;
// #endif
@group(0) @binding(4) var<storage, read_write> out: array<vec4f>;

@compute @workgroup_size(${WORKGROUP})
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * ${WORKGROUP} + lane;
  if i >= shape.count { return; }
  let line = i / shape.columns;
  let replica = line / (shape.rows * shape.steps);
  // #if ${TOKENS}
  let token = tokens_at(2 * line).x;
  let is_one = (token >= 0) & (token < f32(shape.entries)) & (token == floor(token));
  let entry = u32(select(0, token, is_one));
  // #else
  let is_one = true;
  let entry = line / shape.rows % shape.steps;
  // #endif
  let start = shape.table.x + replica * shape.table.y;
  var value = table_at(start + entry * shape.columns + i % shape.columns);
  // #if ${ADDS}
  value += x_at(i);
  // #endif
  value = select(vec4f(bitcast<f32>(shape.none)), value, is_one);
  let is_unit = 4 * (i % shape.columns) + vec4u(0, 1, 2, 3) < vec4u(shape.units);
  out[i] = select(vec4f(), value, is_unit & vec4<bool>(line % shape.rows < shape.cases));
}
