// The squared error without 1/2 of output units y = f(z), from their inputs z and the targets x:
//   loss of a case = sum over units of (y - x)^2
//   delta          = 2 (y - x) f'(z) / batch
// One workgroup a case. Without DELTA it is a figure of an evaluation, whose minibatches fill the
// cases of a longer list from the step's position on.

struct SquaredError {
  batch: u32,      // rows that are cases
  columns: u32,    // in vec4
  units: u32,      // columns that are no padding
  rows: u32,       // padded
  cases: u32,      // values of case_loss a replica
}

@group(0) @binding(0) var<uniform> shape: SquaredError;
@group(0) @binding(3) var<storage, read_write> case_loss: array<f32>;
// #if ${DELTA}
@group(0) @binding(4) var<storage, read_write> delta: array<vec4f>;
// #endif

@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = group.x;
  let replica = group.z;
  // #if ${DELTA}
  let place = row;
  // #else
  let place = nagare_step.position + row;
  // #endif
  let is_case = row < shape.batch && place < shape.cases;
  let start = (replica * shape.rows + row) * shape.columns;
  var sum = vec4f();
  for (var column = lane; column < shape.columns; column += ${LANES}) {
    let output = activate(z_at(start + column));
    let error = output - target_values_at(start + column);
    let is_unit = 4 * column + vec4u(0, 1, 2, 3) < vec4u(shape.units);
    let counts = is_unit & vec4<bool>(is_case);
    sum += select(vec4f(), error * error, counts);
    // #if ${DELTA}
    delta[start + column] =
      select(vec4f(), 2 * error * slope(output) / f32(shape.batch), counts);
    // #endif
  }
  let total = tree_sum((sum.x + sum.y) + (sum.z + sum.w), lane);
  if lane == 0 && is_case {
    case_loss[replica * shape.cases + place] = total;
  }
}
