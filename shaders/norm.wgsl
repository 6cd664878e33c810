// out = the Euclidean norm of each replica's vector, one workgroup a replica.

struct Vectors {
  length: u32,   // of one replica's vector, in vec4
}

@group(0) @binding(0) var<uniform> vectors: Vectors;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let norm = euclidean(group.x * vectors.length, vectors.length, lane);
  if lane == 0 {
    out[group.x] = norm;
  }
}
