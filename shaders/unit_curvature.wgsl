// The curvature of a loss that is a sum over units, times a tangent of the output units' inputs z:
// out = CURVATURE / batch, times the case's weight where cases have one. CURVATURE is the loss's own,
// a vec4f for four units, from z, the outputs y = f(z) and the tangent.

struct UnitCurvature {
  batch: u32,      // rows that are cases
  columns: u32,    // in vec4
  units: u32,      // columns that are no padding
  rows: u32,       // padded
}

@group(0) @binding(0) var<uniform> nagare_shape: UnitCurvature;
// #operand
@group(0) @binding(1) var<storage, read> z: array<vec4f>;
// #operand
@group(0) @binding(2) var<storage, read> tangents: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;
// #if ${WEIGHTS}
// #operand
@group(0) @binding(4) var<storage, read> weights: array<vec4f>;
// #endif

fn nagare_curvature(z: vec4f, y: vec4f, tangent: vec4f) -> vec4f {
  return ${CURVATURE};
}

@compute @workgroup_size(${WORKGROUP})
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * ${WORKGROUP} + lane;
  if i >= nagare_shape.rows * nagare_shape.columns { return; }
  let row = i / nagare_shape.columns;
  let place = group.z * nagare_shape.rows + row;
  let at = group.z * nagare_shape.rows * nagare_shape.columns + i;
  let column = i % nagare_shape.columns;
  let counts = (4 * column + vec4u(0, 1, 2, 3) < vec4u(nagare_shape.units)) &
    vec4<bool>(row < nagare_shape.batch);
  let input = z_at(at);
  var value = nagare_curvature(input, activate(input), tangents_at(at));
  // #if ${WEIGHTS}
  value *= weights_at(place * 2).x;
  // #endif
  out[at] = select(vec4f(), value / f32(nagare_shape.batch), counts);
}
