// What a layer of a user's own does with each unit: out = VALUE of x, or SLOPED v times SLOPE of x. Both
// are vec4f for four units.

struct UnitMap {
  count: u32,    // vec4 of all replicas
  columns: u32,  // of a row, in vec4
  units: u32,    // columns that are no padding
  x: u32,        // where each begins, in vec4
  v: u32,
  out: u32,
}

@group(0) @binding(0) var<uniform> nagare_shape: UnitMap;
// #operand
@group(0) @binding(1) var<storage, read> nagare_x: array<vec4f>;
// #if ${SLOPED}
// #operand
@group(0) @binding(2) var<storage, read> nagare_v: array<vec4f>;
// #endif
@group(0) @binding(3) var<storage, read_write> nagare_out: array<vec4f>;

fn nagare_map(x: vec4f) -> vec4f {
  // #if ${SLOPED}
  return ${SLOPE};
  // #else
  return ${VALUE};
  // #endif
}

@compute @workgroup_size(${WORKGROUP})
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * ${WORKGROUP} + lane;
  if i >= nagare_shape.count { return; }
  let column = i % nagare_shape.columns;
  let is_unit = 4 * column + vec4u(0, 1, 2, 3) < vec4u(nagare_shape.units);
  var value = nagare_map(nagare_x_at(nagare_shape.x + i));
  // #if ${SLOPED}
  value *= nagare_v_at(nagare_shape.v + i);
  // #endif
  nagare_out[nagare_shape.out + i] = select(vec4f(), value, is_unit);
}
