// x = x min(1, limit / |x|) for each replica's vector x, from the square of its norm.

struct Vectors {
  length: u32,   // of one replica's vector, in vec4
  limit: f32,
}

@group(0) @binding(0) var<uniform> vectors: Vectors;
@group(0) @binding(1) var<storage, read> squares: array<f32>;
@group(0) @binding(2) var<storage, read_write> x: array<vec4f>;

@compute @workgroup_size(${WORKGROUP})
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let replica = group.z;
  let i = (group.y * groups.x + group.x) * ${WORKGROUP} + lane;
  if i >= vectors.length { return; }
  x[replica * vectors.length + i] *= min(1, vectors.limit / sqrt(squares[replica]));
}
