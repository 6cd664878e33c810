// out = the columns of each tensor of x made orthonormal, in order, by modified Gram-Schmidt, twice;
// one workgroup a tensor and replica. A column that lies in the span of those before it becomes zero.
// Every sum is in an order that the number of rows alone fixes.
//
// Of the columns before `first` out holds what an earlier dispatch made of them.

struct GramSchmidt {
  length: u32,   // of one replica's vector
  first: u32,    // column to begin with
  end: u32,      // column to end before
  places: array<vec4u, ${TENSORS}>,   // offset, rows, columns, stride
}

@group(0) @binding(0) var<uniform> gram_schmidt: GramSchmidt;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;
// #if ${INSTEAD}
// What is taken for a tensor of zeros, the same for all replicas.
@group(0) @binding(3) var<storage, read> instead: array<f32>;
// #endif

// Below this share of its length a column lies in the span of those before it: rounding leaves some
// 1e-7 of one that does.
const VANISHING = 1e-6f;

var<workgroup> largest: array<f32, ${LANES}>;

// The largest value of a workgroup, for all of its invocations.
fn tree_max(value: f32, lane: u32) -> f32 {
  largest[lane] = value;
  for (var half = ${LANES}u / 2; half > 0; half /= 2) {
    workgroupBarrier();
    if lane < half {
      largest[lane] = max(largest[lane], largest[lane + half]);
    }
  }
  workgroupBarrier();
  let most = largest[0];
  workgroupBarrier();
  return most;
}

// tree_sum() that may be followed by another one.
fn sum_of(value: f32, lane: u32) -> f32 {
  let total = tree_sum(value, lane);
  workgroupBarrier();
  return total;
}

// A power of two that takes a value to [1, 2), or near it.
fn scale_of(value: f32) -> f32 {
  let exponent = (bitcast<u32>(value) >> 23) & 0xff;
  return bitcast<f32>((254 - min(exponent, 253)) << 23);
}

@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let place = gram_schmidt.places[group.x];
  let rows = place.y;
  let stride = place.w;
  let start = group.z * gram_schmidt.length + place.x;
  let end = min(gram_schmidt.end, place.z);
  // #if ${INSTEAD}
  var any = 0f;
  for (var i = lane; i < rows * stride; i += ${LANES}) {
    any = max(any, abs(x[start + i]));
  }
  let is_zero = tree_max(any, lane) == 0;
  // #endif
  for (var j = gram_schmidt.first; j < end; j++) {
    var most = 0f;
    for (var i = lane; i < rows; i += ${LANES}) {
      var value = x[start + i * stride + j];
      // #if ${INSTEAD}
      value = select(value, instead[place.x + i * stride + j], is_zero);
      // #endif
      out[start + i * stride + j] = value;
      most = max(most, abs(value));
    }
    let scale = scale_of(tree_max(most, lane));
    var square = 0f;
    for (var i = lane; i < rows; i += ${LANES}) {
      let value = scale * out[start + i * stride + j];
      out[start + i * stride + j] = value;
      square = fma(value, value, square);
    }
    let whole = sum_of(square, lane);
    for (var k = 0u; k < 2 * j; k++) {
      let former = start + select(k - j, k, k < j);
      var share = 0f;
      for (var i = lane; i < rows; i += ${LANES}) {
        share = fma(out[former + i * stride], out[start + i * stride + j], share);
      }
      let total = sum_of(share, lane);
      for (var i = lane; i < rows; i += ${LANES}) {
        let at = start + i * stride + j;
        out[at] = fma(-total, out[former + i * stride], out[at]);
      }
    }
    square = 0f;
    for (var i = lane; i < rows; i += ${LANES}) {
      let value = out[start + i * stride + j];
      square = fma(value, value, square);
    }
    let rest = sum_of(square, lane);
    let is_left = rest > VANISHING * VANISHING * whole;
    let factor = select(0f, 1 / sqrt(rest), is_left);
    for (var i = lane; i < rows; i += ${LANES}) {
      out[start + i * stride + j] *= factor;
    }
  }
}
