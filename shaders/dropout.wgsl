// out = a / keep where a unit is kept, else 0: four units of one row an invocation. Which are kept is a
// function of the replica's seed, the update of the step in force, the layer and the unit's place in the
// minibatch, so that every pass of one update drops the same. The twin is dropoutMask() of
// core/reference/layers.ts.

struct Dropout {
  rows: u32,
  columns: u32,   // of a row, in vec4
  units: u32,     // columns that are no padding
  stream: u32,    // of the layer
  purpose: u32,
  threshold: u32, // words below it keep a unit
  keep: f32,      // the share of units that are kept
  padded_rows: u32,
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
  if i >= shape.padded_rows * shape.columns { return; }
  let replica = group.z;
  let at = replica * shape.padded_rows * shape.columns + i;
  // A quad of a row has its block of the generator, whatever the padding.
  let quads = (shape.units + 3) / 4;
  let row = i / shape.columns;
  let column = i % shape.columns;
  let counter = vec4u(row * quads + column, nagare_step.update, shape.stream, shape.purpose);
  let words = philox4x32(counter, seeds[replica]);
  let is_unit = 4 * column + vec4u(0, 1, 2, 3) < vec4u(shape.units);
  let kept = is_unit & (words < vec4u(shape.threshold)) & vec4<bool>(row < shape.rows);
  out[at] = select(vec4f(), a_at(at) / shape.keep, kept);
}
