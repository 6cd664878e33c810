// The cross-entropy of logistic output units, from their inputs z and the targets x in [0, 1]:
//   loss of a case = sum over units of max(z, 0) - z x + log(1 + exp(-|z|))
//   delta          = (sigmoid(z) - x) / batch
// The form keeps every digit for large |z|. One workgroup a case.

struct CrossEntropy {
  batch: u32,      // rows that are cases
  columns: u32,    // in vec4
  units: u32,      // columns that are no padding
  rows: u32,       // padded
}

@group(0) @binding(0) var<uniform> shape: CrossEntropy;
@group(0) @binding(3) var<storage, read_write> delta: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> case_loss: array<f32>;

@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = group.x;
  let replica = group.z;
  let is_case = row < shape.batch;
  let start = (replica * shape.rows + row) * shape.columns;
  var sum = vec4f();
  for (var column = lane; column < shape.columns; column += ${LANES}) {
    let input = z_at(start + column);
    let wanted = target_values_at(start + column);
    let is_unit = 4 * column + vec4u(0, 1, 2, 3) < vec4u(shape.units);
    let counts = is_unit & vec4<bool>(is_case);
    let loss = max(input, vec4f()) - input * wanted + log(1 + exp(-abs(input)));
    sum += select(vec4f(), loss, counts);
    delta[start + column] =
      select(vec4f(), (activate(input) - wanted) / f32(shape.batch), counts);
  }
  let total = tree_sum((sum.x + sum.y) + (sum.z + sum.w), lane);
  if lane == 0 && is_case {
    case_loss[replica * shape.batch + row] = total;
  }
}
