// A figure of the cases of a minibatch into the list of all cases: row i belongs at the step's
// position + i, or SLOT + i.

struct PlaceCases {
  batch: u32,
  cases: u32,    // of the list, a replica
}

@group(0) @binding(0) var<uniform> shape: PlaceCases;
@group(0) @binding(1) var<storage, read> values: array<f32>;
@group(0) @binding(2) var<storage, read_write> list: array<f32>;

@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(global_invocation_id) id: vec3u) {
  // #if ${SLOT}
  let place = nagare_step.slot + id.x;
  // #else
  let place = nagare_step.position + id.x;
  // #endif
  if id.x >= shape.batch || place >= shape.cases { return; }
  list[id.z * shape.cases + place] = values[id.z * shape.batch + id.x];
}
