// The Euclidean norm of `length` vec4 of x from `start` on, for a workgroup of ${LANES}, in an order
// that the length alone fixes; to be put beside tree_sum. Where squares might overflow all values are
// scaled first, by a power of two: the norm is infinite only where it is no float32.

const LARGE = 0x1p60f;
const SCALE = 0x1p-80f;

var<workgroup> largest: array<f32, ${LANES}>;

fn euclidean(start: u32, length: u32, lane: u32) -> f32 {
  var most = vec4f();
  for (var i = lane; i < length; i += ${LANES}) {
    most = max(most, abs(x[start + i]));
  }
  largest[lane] = max(max(most.x, most.y), max(most.z, most.w));
  for (var half = ${LANES}u / 2; half > 0; half /= 2) {
    workgroupBarrier();
    if lane < half {
      largest[lane] = max(largest[lane], largest[lane + half]);
    }
  }
  workgroupBarrier();
  let scale = select(1, SCALE, largest[0] > LARGE);
  var sum = vec4f();
  for (var i = lane; i < length; i += ${LANES}) {
    let scaled = scale * x[start + i];
    sum = fma(scaled, scaled, sum);
  }
  return sqrt(tree_sum((sum.x + sum.y) + (sum.z + sum.w), lane)) / scale;
}
