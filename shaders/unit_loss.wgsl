// A loss that is a sum over units, from the inputs z of the output units, their outputs y = f(z) and
// what is wanted of them; VALUE and SLOPE are a loss's own, vec4f for four units:
//   loss of a case = sum over units of VALUE
//   delta          = SLOPE / batch
// Both are multiplied by the case's weight where cases have one. One workgroup a case.

struct UnitLoss {
  batch: u32,      // rows that are cases
  columns: u32,    // in vec4
  units: u32,      // columns that are no padding
  rows: u32,       // padded
}

@group(0) @binding(0) var<uniform> nagare_shape: UnitLoss;
@group(0) @binding(3) var<storage, read_write> case_loss: array<f32>;
// #if ${DELTA}
@group(0) @binding(4) var<storage, read_write> delta: array<vec4f>;
// #endif
// #if ${WEIGHTS}
// #operand
@group(0) @binding(5) var<storage, read> weights: array<vec4f>;
// #endif

fn nagare_value(z: vec4f, y: vec4f, wanted: vec4f) -> vec4f {
  return ${VALUE};
}

fn nagare_slope(z: vec4f, y: vec4f, wanted: vec4f) -> vec4f {
  return ${SLOPE};
}

@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = group.x;
  let replica = group.z;
  let is_case = row < nagare_shape.batch;
  let place = replica * nagare_shape.rows + row;
  let start = place * nagare_shape.columns;
  // #if ${WEIGHTS}
  let weight = weights_at(place * 2).x;
  // #endif
  var sum = vec4f();
  for (var column = lane; column < nagare_shape.columns; column += ${LANES}) {
    let input = z_at(start + column);
    let wanted = target_values_at(start + column);
    let output = activate(input);
    let is_unit = 4 * column + vec4u(0, 1, 2, 3) < vec4u(nagare_shape.units);
    let counts = is_unit & vec4<bool>(is_case);
    sum += select(vec4f(), nagare_value(input, output, wanted), counts);
    // #if ${DELTA}
    var change = nagare_slope(input, output, wanted);
    // #if ${WEIGHTS}
    change *= weight;
    // #endif
    delta[start + column] = select(vec4f(), change / f32(nagare_shape.batch), counts);
    // #endif
  }
  var total = tree_sum((sum.x + sum.y) + (sum.z + sum.w), lane);
  // #if ${WEIGHTS}
  total *= weight;
  // #endif
  if lane == 0 && is_case {
    case_loss[replica * nagare_shape.batch + row] = total;
  }
}
