// The cross-entropy of softmax outputs y = exp(z) / sum of exp(z), from their inputs z and what is
// wanted of them: the number of the class in the first column where LABELS is set, else probabilities,
// SMOOTHED towards all classes alike.
//   loss of a case = - sum over classes of wanted log y
//   delta          = (y - wanted) / batch
// and for a tangent of z the CURVATURE y (tangent - y'tangent) / batch, all of them times the case's
// weight where cases have one. The largest z is taken off first, so that no exponential overflows.
// One invocation a case.

struct Softmax {
  batch: u32,      // rows that are cases
  columns: u32,    // of z, in vec4
  units: u32,      // columns that are no padding
  rows: u32,       // padded
  // #if ${SMOOTHED}
  keep: f32,       // the share of the targets that is kept
  each: f32,       // what every class has besides
  // #endif
}

@group(0) @binding(0) var<uniform> shape: Softmax;
// #if ${CURVATURE}
// #operand
@group(0) @binding(1) var<storage, read> z: array<vec4f>;
// #operand
@group(0) @binding(2) var<storage, read> tangents: array<vec4f>;
// #else
@group(0) @binding(3) var<storage, read_write> case_loss: array<f32>;
// #endif
// #if ${OUT}
@group(0) @binding(4) var<storage, read_write> out: array<vec4f>;
// #endif
// #if ${WEIGHTS}
// #operand
@group(0) @binding(5) var<storage, read> weights: array<vec4f>;
// #endif

fn total(value: vec4f) -> f32 {
  return (value.x + value.y) + (value.z + value.w);
}

fn are_units(column: u32) -> vec4<bool> {
  return 4 * column + vec4u(0, 1, 2, 3) < vec4u(shape.units);
}

// #if ${TARGETS}
fn wanted_at(place: u32, column: u32) -> vec4f {
  // #if ${LABELS}
  let label = u32(target_values_at(place * 2).x);
  let wanted = select(vec4f(), vec4f(1), 4 * column + vec4u(0, 1, 2, 3) == vec4u(label));
  // #else
  let wanted = target_values_at(place * shape.columns + column);
  // #endif
  // #if ${SMOOTHED}
  return fma(vec4f(shape.keep), wanted, vec4f(shape.each));
  // #else
  return wanted;
  // #endif
}
// #endif

@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(global_invocation_id) id: vec3u) {
  let row = id.x;
  let replica = id.z;
  if row >= shape.rows { return; }
  let is_case = row < shape.batch;
  let place = replica * shape.rows + row;
  let start = place * shape.columns;
  // Padding rows pass through no loop.
  let columns = select(0u, shape.columns, is_case);
  var most = vec4f(-3.4e38);
  for (var column = 0u; column < columns; column++) {
    most = max(most, select(vec4f(-3.4e38), z_at(start + column), are_units(column)));
  }
  let largest = max(max(most.x, most.y), max(most.z, most.w));
  var sums = vec4f();
  // #if ${CURVATURE}
  var products = vec4f();
  // #endif
  for (var column = 0u; column < columns; column++) {
    let part = select(vec4f(), exp_or_nan(z_at(start + column) - largest), are_units(column));
    sums += part;
    // #if ${CURVATURE}
    products += part * tangents_at(start + column);
    // #endif
  }
  let sum = total(sums);
  // #if ${CURVATURE}
  let mean = total(products) / sum;
  // #else
  let log_sum = log_or_nan(sum);
  var loss = vec4f();
  // #endif
  var weight = 1.0;
  // #if ${WEIGHTS}
  weight = weights_at(place * 2).x;
  // #endif
  for (var column = 0u; column < shape.columns; column++) {
    let centred = z_at(start + column) - largest;
    let counts = are_units(column) & vec4<bool>(is_case);
    // #if ${CURVATURE}
    let value = exp_or_nan(centred) / sum * (tangents_at(start + column) - mean);
    // #else
    let wanted = wanted_at(place, column);
    loss += select(vec4f(), wanted * (log_sum - centred), counts);
    let value = exp_or_nan(centred) / sum - wanted;
    // #endif
    // #if ${OUT}
    out[start + column] = select(vec4f(), weight * value / f32(shape.batch), counts);
    // #endif
  }
  // #if ${TARGETS}
  if is_case { case_loss[replica * shape.batch + row] = weight * total(loss); }
  // #endif
}
