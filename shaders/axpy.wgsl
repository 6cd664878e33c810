// out = x + a y, with one a for each replica.

struct Vectors {
  length: u32,   // of one replica's vector, in vec4
}

@group(0) @binding(0) var<uniform> vectors: Vectors;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> y: array<vec4f>;
@group(0) @binding(3) var<storage, read> a: array<f32>;
@group(0) @binding(4) var<storage, read_write> out: array<vec4f>;

@compute @workgroup_size(${WORKGROUP})
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let replica = group.z;
  let i = (group.y * groups.x + group.x) * ${WORKGROUP} + lane;
  if i >= vectors.length { return; }
  let at = replica * vectors.length + i;
  out[at] = fma(vec4f(a[replica]), y[at], x[at]);
}
