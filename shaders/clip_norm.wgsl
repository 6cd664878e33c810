// x = x min(1, limit / |x|) for each replica's vector x, from its norm. A vector whose norm is no
// float32 is multiplied by it, so that the divergence shows.

struct Vectors {
  length: u32,   // of one replica's vector, in vec4
  limit: f32,
}

@group(0) @binding(0) var<uniform> vectors: Vectors;
@group(0) @binding(1) var<storage, read> norms: array<f32>;
@group(0) @binding(2) var<storage, read_write> x: array<vec4f>;

const LARGEST = 0x1.fffffep+127f;

@compute @workgroup_size(${WORKGROUP})
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let replica = group.z;
  let i = (group.y * groups.x + group.x) * ${WORKGROUP} + lane;
  if i >= vectors.length { return; }
  let norm = norms[replica];
  var factor = norm;
  if norm <= LARGEST {
    factor = min(1, vectors.limit / norm);
  }
  x[replica * vectors.length + i] *= factor;
}
