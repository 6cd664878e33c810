// out = scale x / (|x| + 1e-7) for each tensor of a vector, one workgroup a tensor and replica. A
// tensor of zeros stays one.

struct Normalize {
  length: u32,    // of one replica's vector, in vec4
  scale: f32,
  places: array<vec4u, ${TENSORS}>,   // begin and length, in vec4
}

@group(0) @binding(0) var<uniform> normalize_all: Normalize;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> out: array<vec4f>;

@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let place = normalize_all.places[group.x];
  let start = group.z * normalize_all.length + place.x;
  let factor = normalize_all.scale / (euclidean(start, place.y, lane) + 1e-7);
  for (var i = lane; i < place.y; i += ${LANES}) {
    out[start + i] = factor * x[start + i];
  }
}
