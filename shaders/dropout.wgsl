// out = a / keep where a unit is kept, else 0: four units of one row an invocation. Which are kept is a
// function of the replica's seed, the update of the step in force, the layer, the case's place in its
// epoch and the unit, so that every pass of one update drops the same. The twin is dropoutMask() of
// core/reference/layers.ts.

struct Dropout {
  cases: CaseRows,
  columns: u32,   // of a row, in vec4
  units: u32,     // columns that are no padding
  stream: u32,    // of the layer
  purpose: u32,
  threshold: u32, // words below it keep a unit
  keep: f32,      // the share of units that are kept
}

@group(0) @binding(0) var<uniform> shape: Dropout;
// #operand
@group(0) @binding(1) var<storage, read> a: array<vec4f>;
@group(0) @binding(2) var<storage, read> seeds: array<vec2u>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;

@compute @workgroup_size(${WORKGROUP})
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * ${WORKGROUP} + lane;
  let length = shape.cases.rows * shape.cases.steps * shape.columns;
  if i >= length { return; }
  let replica = group.z;
  let at = replica * length + i;
  let row = i / shape.columns;
  let column = i % shape.columns;
  let block = case_block(shape.cases, row, column);
  let counter = vec4u(block, nagare_step.update, shape.stream, shape.purpose);
  let words = philox4x32(counter, seeds[replica]);
  let is_unit = 4 * column + vec4u(0, 1, 2, 3) < vec4u(shape.units);
  let kept = is_unit & (words < vec4u(shape.threshold)) & vec4<bool>(is_case(shape.cases, row));
  out[at] = select(vec4f(), a_at(at) / shape.keep, kept);
}
