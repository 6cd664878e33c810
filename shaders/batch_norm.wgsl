// Batch norm: each channel of all cases less its mean, divided by s = sqrt(variance + epsilon), times a
// gain, plus a shift; a channel is some neighbouring columns. Moves t go through
//   P t = (t - mean t - u mean(u t)) / s    with u = (x - mean) / s
// which is its own transpose. One workgroup a channel; of four passes one is compiled:
//   FORWARD   moments = mean, 1 / s; out = gain u + shift; perhaps the statistics move towards the mean
//             and the variance of what the cases are drawn of, n / (n - 1) of that of the cases
//   BACKWARD  out = gain P t for the delta t; its share in the gradient of gain and shift
//   TANGENT   out = gain P t + dgain u + dshift for the tangent t
//   else      out = gain (x - mean) / s + shift by the statistics

struct BatchNorm {
  rows: u32,       // of a replica, with padding
  step_rows: u32,  // of these, those of a step,
  cases: u32,      // of which so many are cases
  stride: u32,     // floats from a row to the next, of x, t and out
  places: u32,     // columns of a channel
  across: u32,     // lanes along these; the others go along the rows
  count: u32,      // values of a channel
  epsilon: f32,
  share: f32,      // of the minibatch in the statistics
  moments: vec2u,  // floats from a replica to the next, and from the mean to 1 / s
  // Where the first replica's row lies, and from a replica to the next:
  gains: vec2u,
  shifts: vec2u,
  means: vec2u,
  variances: vec2u,
  moved_gains: vec2u,   // of a direction, or of the gradient
  moved_shifts: vec2u,
}

@group(0) @binding(0) var<uniform> shape: BatchNorm;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> parameters: array<f32>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;
// #if ${FORWARD}
@group(0) @binding(4) var<storage, read_write> moments: array<f32>;
// #elif ${EVALUATES}
// #else
@group(0) @binding(4) var<storage, read> moments: array<f32>;
@group(0) @binding(5) var<storage, read> t: array<f32>;
// #endif
// #if ${BACKWARD}
@group(0) @binding(6) var<storage, read_write> moved: array<f32>;
// #elif ${TANGENT}
@group(0) @binding(6) var<storage, read> moved: array<f32>;
// #endif
// #if ${TAKES}
@group(0) @binding(7) var<storage, read_write> statistics: array<f32>;
// #elif ${EVALUATES}
@group(0) @binding(7) var<storage, read> statistics: array<f32>;
// #endif

fn moved_towards(value: f32, former: f32) -> f32 {
  return fma(shape.share, value, (1 - shape.share) * former);
}

fn is_case(row: u32) -> bool { return row % shape.step_rows < shape.cases; }

@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let channel = group.x;
  let replica = group.z;
  let gain = parameters[shape.gains.x + replica * shape.gains.y + channel];
  let first_row = lane / shape.across;
  let row_step = ${LANES} / shape.across;
  let first_place = lane % shape.across;
  let start = replica * shape.rows * shape.stride + channel * shape.places;
  let n = f32(shape.count);
  // Bounds that are uniforms alone have lavapipe compile the kernel anew for every dispatch.
  let rows = select(0u, shape.rows, lane < ${LANES});
  let places = select(0u, shape.places, lane < ${LANES});
  // #if ${EVALUATES}
  let shift = parameters[shape.shifts.x + replica * shape.shifts.y + channel];
  let mean = statistics[shape.means.x + replica * shape.means.y + channel];
  let variance = statistics[shape.variances.x + replica * shape.variances.y + channel];
  let inverse = 1 / sqrt(variance + shape.epsilon);
  // #else
  let at_moments = replica * shape.moments.x + channel;
  var sum = 0.0;
  var second = 0.0;
  // #if ${FORWARD}
  for (var row = first_row; row < rows; row += row_step) {
    for (var place = first_place; place < places; place += shape.across) {
      sum += select(0, x[start + row * shape.stride + place], is_case(row));
    }
  }
  let mean = tree_sum(sum, lane) / n;
  workgroupBarrier();
  for (var row = first_row; row < rows; row += row_step) {
    for (var place = first_place; place < places; place += shape.across) {
      let deviation = select(0, x[start + row * shape.stride + place] - mean, is_case(row));
      second = fma(deviation, deviation, second);
    }
  }
  let variance = tree_sum(second, lane) / n;
  let inverse = 1 / sqrt(variance + shape.epsilon);
  let shift = parameters[shape.shifts.x + replica * shape.shifts.y + channel];
  if lane == 0 {
    moments[at_moments] = mean;
    moments[at_moments + shape.moments.y] = inverse;
    // #if ${TAKES}
    let at_mean = shape.means.x + replica * shape.means.y + channel;
    let at_variance = shape.variances.x + replica * shape.variances.y + channel;
    statistics[at_mean] = moved_towards(mean, statistics[at_mean]);
    let of_all = variance * (n / max(n - 1, 1));
    statistics[at_variance] = moved_towards(of_all, statistics[at_variance]);
    // #endif
  }
  // #else
  let mean = moments[at_moments];
  let inverse = moments[at_moments + shape.moments.y];
  for (var row = first_row; row < rows; row += row_step) {
    for (var place = first_place; place < places; place += shape.across) {
      let at = start + row * shape.stride + place;
      let motion = select(0, t[at], is_case(row));
      sum += motion;
      second = fma((x[at] - mean) * inverse, motion, second);
    }
  }
  let total = tree_sum(sum, lane);
  workgroupBarrier();
  let along = tree_sum(second, lane);
  let at_gain = shape.moved_gains.x + replica * shape.moved_gains.y + channel;
  let at_shift = shape.moved_shifts.x + replica * shape.moved_shifts.y + channel;
  // #if ${BACKWARD}
  if lane == 0 {
    moved[at_gain] = along;
    moved[at_shift] = total;
  }
  // #else
  let moved_gain = moved[at_gain];
  let moved_shift = moved[at_shift];
  // #endif
  // #endif
  // #endif
  for (var row = first_row; row < rows; row += row_step) {
    for (var place = first_place; place < places; place += shape.across) {
      let at = start + row * shape.stride + place;
      let u = (x[at] - mean) * inverse;
      // #if ${FORWARD}
      let made = fma(gain, u, shift);
      // #elif ${EVALUATES}
      let made = fma(gain, u, shift);
      // #else
      let projected = gain * inverse * (t[at] - total / n - u * (along / n));
      // #if ${TANGENT}
      let made = projected + fma(moved_gain, u, moved_shift);
      // #else
      let made = projected;
      // #endif
      // #endif
      out[at] = select(0, made, is_case(row));
    }
  }
}
