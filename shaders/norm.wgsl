// out = the Euclidean norm of each replica's vector, one workgroup a replica, in an order that the
// length alone fixes. Where squares might overflow all values are scaled first, by a power of two:
// the norm is infinite only where it is no float32.

struct Vectors {
  length: u32,   // of one replica's vector, in vec4
}

@group(0) @binding(0) var<uniform> vectors: Vectors;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;

const LARGE = 0x1p60f;
const SCALE = 0x1p-80f;

var<workgroup> largest: array<f32, ${LANES}>;

@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let start = group.x * vectors.length;
  var most = vec4f();
  for (var i = lane; i < vectors.length; i += ${LANES}) {
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
  for (var i = lane; i < vectors.length; i += ${LANES}) {
    let scaled = scale * x[start + i];
    sum = fma(scaled, scaled, sum);
  }
  let total = tree_sum((sum.x + sum.y) + (sum.z + sum.w), lane);
  if lane == 0 {
    out[group.x] = sqrt(total) / scale;
  }
}
