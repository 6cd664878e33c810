// Layer norm of each row of n units, one workgroup a row, or ROWWISE one invocation, which gives the same
// bits. With v the deviations of a row from their mean and s = sqrt(mean of v^2 + epsilon) it is u = v / s,
// scaled and shifted. Moves of a row t go through
//   P t = (t - mean t - u mean(u t)) / s
// which is its own transpose. Three passes, of which one is compiled:
//   FORWARD   u = v / s; inverse = 1 / s; out = gains u + shifts
//   BACKWARD  out = P (gains t) for the delta t;  scaled = t u, whose column sums are those of gains
//   TANGENT   out = gains P t + dgains u + dshifts for tangents t, dgains and dshifts

struct LayerNorm {
  batch: u32,      // rows that are cases
  rows: u32,       // padded
  columns: u32,    // in vec4
  units: u32,      // columns that are no padding
  epsilon: f32,
  // Where the first replica's row lies, and from a replica to the next, in vec4:
  gains: vec2u,
  first: vec2u,    // the shifts, or dgains
  second: vec2u,   // dshifts
}

@group(0) @binding(0) var<uniform> shape: LayerNorm;
// #operand
@group(0) @binding(1) var<storage, read> t: array<vec4f>;
// #operand
@group(0) @binding(2) var<storage, read> parameters: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;
// #if ${FORWARD}
@group(0) @binding(4) var<storage, read_write> normal: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> inverses: array<vec4f>;
// #else
// #operand
@group(0) @binding(4) var<storage, read> normal: array<vec4f>;
// #operand
@group(0) @binding(5) var<storage, read> inverses: array<vec4f>;
// #endif
// #if ${BACKWARD}
@group(0) @binding(6) var<storage, read_write> scaled: array<vec4f>;
// #elif ${TANGENT}
// #operand
@group(0) @binding(6) var<storage, read> direction: array<vec4f>;
// #endif

fn total(value: vec4f) -> f32 {
  return (value.x + value.y) + (value.z + value.w);
}

fn place(row: vec2u, replica: u32, column: u32) -> u32 {
  return row.x + replica * row.y + column;
}

fn masked(column: u32, value: vec4f) -> vec4f {
  return select(vec4f(), value, 4 * column + vec4u(0, 1, 2, 3) < vec4u(shape.units));
}

// What is normalized, or goes through P.
fn input(start: u32, replica: u32, column: u32) -> vec4f {
  // #if ${BACKWARD}
  return t_at(start + column) * parameters_at(place(shape.gains, replica, column));
  // #else
  return t_at(start + column);
  // #endif
}

// What a lane adds to the sum of the input of a row, and to that of squared deviations from the mean, or
// of products with u.
fn share(start: u32, replica: u32, lane: u32) -> f32 {
  var sum = vec4f();
  for (var column = lane; column < shape.columns; column += ${LANES}) {
    sum += masked(column, input(start, replica, column));
  }
  return total(sum);
}

fn second_share(start: u32, replica: u32, lane: u32, mean: f32) -> f32 {
  var sum = vec4f();
  for (var column = lane; column < shape.columns; column += ${LANES}) {
    let value = input(start, replica, column);
    // #if ${FORWARD}
    let deviation = masked(column, value - mean);
    sum += deviation * deviation;
    // #else
    sum += masked(column, value * normal_at(start + column));
    // #endif
  }
  return total(sum);
}

// #if ${ROWWISE}
// The sums of tree_sum, by one invocation. Lanes that have no column add zeros, and are left out.
fn tree_of(shares: ptr<function, array<f32, ${LANES}>>, used: u32) -> f32 {
  for (var half = ${LANES}u / 2; half > 0; half /= 2) {
    for (var lane = 0u; lane + half < min(2 * half, used); lane++) {
      (*shares)[lane] += (*shares)[lane + half];
    }
  }
  return (*shares)[0];
}
// #endif

@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) own: u32) {
  let replica = group.z;
  // #if ${ROWWISE}
  let row = group.x * ${WORKGROUP} + own;
  let first = 0u;
  let step = 1u;
  let start = (replica * shape.rows + row) * shape.columns;
  let used = select(0, min(${LANES}u, shape.columns), row < shape.rows);
  var shares: array<f32, ${LANES}>;
  for (var lane = 0u; lane < used; lane++) { shares[lane] = share(start, replica, lane); }
  let sum = tree_of(&shares, used);
  // #else
  let row = group.x;
  let first = own;
  let step = ${LANES}u;
  let start = (replica * shape.rows + row) * shape.columns;
  let sum = tree_sum(share(start, replica, own), own);
  // #endif
  let is_case = row < shape.batch;
  let place_of_inverse = (replica * shape.rows + row) * 2;
  let n = f32(shape.units);
  let mean = sum / n;
  // #if ${ROWWISE}
  for (var lane = 0u; lane < used; lane++) {
    shares[lane] = second_share(start, replica, lane, mean);
  }
  let second_mean = tree_of(&shares, used) / n;
  // #else
  workgroupBarrier();
  let second_mean = tree_sum(second_share(start, replica, own, mean), own) / n;
  // #endif
  // #if ${FORWARD}
  let inverse = 1 / sqrt(second_mean + shape.epsilon);
  if first == 0 { inverses[place_of_inverse] = vec4f(inverse, 0, 0, 0); }
  // #else
  let inverse = inverses_at(place_of_inverse).x;
  // #endif
  for (var column = first; column < shape.columns; column += step) {
    let at = start + column;
    let value = input(start, replica, column);
    let gain = parameters_at(place(shape.gains, replica, column));
    // #if ${FORWARD}
    let u = masked(column, (value - mean) * inverse);
    normal[at] = u;
    let made = fma(gain, u, parameters_at(place(shape.first, replica, column)));
    // #else
    let u = normal_at(at);
    var made = (value - mean - u * second_mean) * inverse;
    // #endif
    // #if ${BACKWARD}
    scaled[at] = select(vec4f(), t_at(at) * u, vec4<bool>(is_case));
    // #elif ${TANGENT}
    made = fma(gain, made, fma(
      direction_at(place(shape.first, replica, column)),
      u,
      direction_at(place(shape.second, replica, column)),
    ));
    // #endif
    out[at] = select(vec4f(), masked(column, made), vec4<bool>(is_case));
  }
}
