// out = the dot product of two vectors for each replica, one workgroup a replica, in an order that
// the length alone fixes.

struct Vectors {
  length: u32,   // of one replica's vector, in vec4
}

@group(0) @binding(0) var<uniform> vectors: Vectors;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> y: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let start = group.x * vectors.length;
  var sum = vec4f();
  for (var i = lane; i < vectors.length; i += ${LANES}) {
    sum = fma(x[start + i], y[start + i], sum);
  }
  let total = tree_sum((sum.x + sum.y) + (sum.z + sum.w), lane);
  if lane == 0 {
    out[group.x] = total;
  }
}
