// The loss of a recurrent network's linear outputs z against the targets x, one workgroup a case, its
// invocations along the steps that have a target: every step of the sequence, or the LAST alone.
//   SOFTMAX: loss = - sum over units of x log softmax(z);  delta = (softmax(z) sum(x) - x) / batch
//   else     loss = sum over units of (z - x)^2;           delta = 2 (z - x) / batch
// MEAN divides the loss by the number of its terms, steps times units, of a softmax by that of steps.
// LABELS are the numbers of classes, one a step, in place of a target for each unit.
// Softmax subtracts the largest z first, so that no exponential overflows.
// CURVATURE gives, for tangents of z, the second derivatives by z times the tangent:
//   SOFTMAX: delta = sum(x) y (tangent - y'tangent) / batch for y = softmax(z);  else 2 tangent / batch
//
// WRONG tells what is wrong by the zero-one loss: the steps whose target is one of the first `classes`
// units while another of these is the largest output (SOFTMAX), or those with an error above the
// tolerance.

struct SequenceLoss {
  batch: u32,         // rows that are cases
  rows: u32,          // padded
  steps: u32,
  stride: u32,        // of z and delta, in vec4
  target_stride: u32,
  first: u32,         // MEAN: units before it do not count
  units: u32,         // columns that are no padding
  classes: u32,
  tolerance: f32,
  factor: f32,        // of what is told of a case
}

@group(0) @binding(0) var<uniform> shape: SequenceLoss;
@group(0) @binding(3) var<storage, read> lengths: array<u32>;
// #if ${CURVATURE}
// #operand
@group(0) @binding(4) var<storage, read> tangents: array<vec4f>;
// #else
@group(0) @binding(4) var<storage, read_write> case_values: array<f32>;
// #endif
// #if ${OUT}
@group(0) @binding(5) var<storage, read_write> delta: array<vec4f>;
// #endif

fn total(value: vec4f) -> f32 {
  return (value.x + value.y) + (value.z + value.w);
}

fn is_below(column: u32, count: u32) -> vec4<bool> {
  return 4 * column + vec4u(0, 1, 2, 3) < vec4u(count);
}

// What is wanted of four units.
fn wanted_at(start: u32, column: u32) -> vec4f {
  // #if ${LABELS}
  let label = u32(target_values_at(start).x);
  return select(vec4f(), vec4f(1), 4 * column + vec4u(0, 1, 2, 3) == vec4u(label));
  // #else
  return target_values_at(start + column);
  // #endif
}

@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = group.x;
  let replica = group.z;
  let is_case = row < shape.batch;
  let length = lengths[replica * shape.rows + row];
  // #if ${MEAN}
  // #if ${SOFTMAX}
  var terms = 1u;
  // #else
  var terms = shape.units - shape.first;
  // #endif
  // #if ${LAST}
  // #else
  terms *= max(length, 1);
  // #endif
  let share = 1 / f32(terms);
  // #else
  let share = 1.0;
  // #endif
  var loss = 0.0;
  var wrong = 0.0;
  for (var t = lane; t < shape.steps; t += ${LANES}) {
    let place = (replica * shape.steps + t) * shape.rows + row;
    let start = place * shape.stride;
    // #if ${LAST}
    let has_target = is_case && t + 1 == length;
    let target_start = (replica * shape.rows + row) * shape.target_stride;
    // #else
    let has_target = is_case && t < length;
    let target_start = place * shape.target_stride;
    // #endif
    // #if ${SOFTMAX}
    var largest = -3.4e38;
    var largest_other = -3.4e38;  // of the classes that are not wanted
    var wanted_output = -3.4e38;
    var has_class = false;
    var weight = 0.0;
    for (var column = 0u; column < shape.stride; column++) {
      let output = z_at(start + column);
      let wanted = wanted_at(target_start, column);
      let is_unit = is_below(column, shape.units);
      let is_class = is_below(column, shape.classes);
      weight += total(select(vec4f(), wanted, is_unit));
      // #for j in 4
      if is_unit[${j}] { largest = max(largest, output[${j}]); }
      if is_class[${j}] {
        if wanted[${j}] > 0.5 {
          has_class = true;
          wanted_output = output[${j}];
        } else {
          largest_other = max(largest_other, output[${j}]);
        }
      }
      // #end
    }
    var sum = 0.0;
    var product = 0.0;
    for (var column = 0u; column < shape.stride; column++) {
      let scaled = exp_or_nan(z_at(start + column) - largest);
      sum += total(select(vec4f(), scaled, is_below(column, shape.units)));
      // #if ${CURVATURE}
      let moved = scaled * tangents_at(start + column);
      product += total(select(vec4f(), moved, is_below(column, shape.units)));
      // #endif
    }
    let log_sum = log_or_nan(sum);
    for (var column = 0u; column < shape.stride; column++) {
      let output = z_at(start + column);
      let wanted = wanted_at(target_start, column);
      let counts = is_below(column, shape.units) & vec4<bool>(has_target);
      let terms = wanted * (largest - output + log_sum);
      loss += total(select(vec4f(), terms, counts & (wanted != vec4f())));
      // #if ${DELTA}
      let slopes = exp_or_nan(output - largest) / sum * weight - wanted;
      delta[start + column] = select(vec4f(), slopes / f32(shape.batch) * share, counts);
      // #elif ${CURVATURE}
      let curved = exp_or_nan(output - largest) / sum * weight *
        (tangents_at(start + column) - product / sum);
      delta[start + column] = select(vec4f(), curved / f32(shape.batch) * share, counts);
      // #endif
    }
    // A tie is wrong, lest a dead network pass; and so is NaN, which is above nothing.
    if has_target && has_class && !(wanted_output > largest_other) { wrong += 1; }
    // #else
    var is_right = true;
    for (var column = 0u; column < shape.stride; column++) {
      let error = z_at(start + column) - wanted_at(target_start, column);
      let is_unit = is_below(column, shape.units) & !is_below(column, shape.first);
      let counts = is_unit & vec4<bool>(has_target);
      loss += total(select(vec4f(), error * error, counts));
      is_right &= all(!counts | (abs(error) <= vec4f(shape.tolerance)));
      // #if ${DELTA}
      let slopes = 2 * error / f32(shape.batch);
      delta[start + column] = select(vec4f(), slopes * share, counts);
      // #elif ${CURVATURE}
      let curved = 2 * tangents_at(start + column) / f32(shape.batch);
      delta[start + column] = select(vec4f(), curved * share, counts);
      // #endif
    }
    if !is_right { wrong += 1; }
    // #endif
  }
  // #if ${CURVATURE}
  // #else
  // #if ${WRONG}
  let case_total = tree_sum(wrong, lane);
  // #else
  let case_total = tree_sum(loss, lane) * share;
  // #endif
  if lane == 0 && is_case { case_values[replica * shape.batch + row] = shape.factor * case_total; }
  // #endif
}
