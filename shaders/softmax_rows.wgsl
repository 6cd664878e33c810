// The softmax of the rows of T x T matrices, and what moves become of it: CAUSAL row t is over columns
// 0 to t alone, and zero behind them. All in place; padding becomes zero. One invocation a row.
//   values:  w_j = exp(scale (s_j - max s)) / sum of these, for the scores s
//   SLOPE:   m_j becomes scale w_j (m_j - sum of w m), for the weights w

struct Softmax {
  rows: u32,     // of all matrices, padded
  padded: u32,   // rows of a matrix, padded
  units: u32,    // T
  stride: u32,   // in vec4
  scale: f32,
}

@group(0) @binding(0) var<uniform> shape: Softmax;
// #if ${SLOPE}
@group(0) @binding(1) var<storage, read> weights: array<vec4f>;
// #endif
@group(0) @binding(2) var<storage, read_write> values: array<vec4f>;

fn total(value: vec4f) -> f32 {
  return (value.x + value.y) + (value.z + value.w);
}

fn are_below(column: u32, count: u32) -> vec4<bool> {
  return 4 * column + vec4u(0, 1, 2, 3) < vec4u(count);
}

@compute @workgroup_size(${WORKGROUP})
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = (group.y * groups.x + group.x) * ${WORKGROUP} + lane;
  // A bound that is a uniform alone has lavapipe compile the kernel anew for every dispatch.
  let stride = select(0u, shape.stride, row < shape.rows);
  let start = row * shape.stride;
  let t = row % shape.padded;
  // #if ${CAUSAL}
  let all = t + 1;
  // #else
  let all = shape.units;
  // #endif
  let count = select(0u, all, (t < shape.units) & (row < shape.rows));
  let columns = (count + 3) / 4;
  var sums = vec4f();
  // #if ${SLOPE}
  for (var column = 0u; column < columns; column++) {
    let product = weights[start + column] * values[start + column];
    sums += select(vec4f(), product, are_below(column, count));
  }
  let mean = total(sums);
  // #else
  var most = vec4f(-3.4e38);
  for (var column = 0u; column < columns; column++) {
    most = max(most, select(vec4f(-3.4e38), values[start + column], are_below(column, count)));
  }
  let largest = max(max(most.x, most.y), max(most.z, most.w));
  for (var column = 0u; column < columns; column++) {
    let part = exp_or_nan(shape.scale * (values[start + column] - largest));
    let own = select(vec4f(), part, are_below(column, count));
    values[start + column] = own;
    sums += own;
  }
  let sum = total(sums);
  // #endif
  for (var column = 0u; column < stride; column++) {
    // #if ${SLOPE}
    let made = shape.scale * weights[start + column] * (values[start + column] - mean);
    // #else
    let made = values[start + column] / sum;
    // #endif
    values[start + column] = select(vec4f(), made, are_below(column, count));
  }
}
