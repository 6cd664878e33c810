// The mean over cases of what a loss kernel wrote for each, one workgroup a replica, into the
// metrics ring. A mean that is not finite marks the replica with the update it was found at.

struct CaseMean {
  cases: u32,
  stride: u32,    // from a replica's losses to the next one's
  replicas: u32,
  slot: u32,      // without a step
}

@group(0) @binding(0) var<uniform> shape: CaseMean;
@group(0) @binding(1) var<storage, read> case_loss: array<f32>;
@group(0) @binding(2) var<storage, read_write> ring: array<f32>;
// #if ${STEP}
@group(0) @binding(3) var<storage, read_write> diverged_at: array<atomic<u32>>;
// #endif

@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let replica = group.x;
  var sum = 0.0;
  for (var i = lane; i < shape.cases; i += ${LANES}) {
    sum += case_loss[replica * shape.stride + i];
  }
  let mean = tree_sum(sum, lane) / f32(shape.cases);
  // #if ${STEP}
  if lane == 0 {
    ring[nagare_step.slot * shape.replicas + replica] = mean;
    if !is_finite(mean) {
      atomicMin(&diverged_at[replica], nagare_step.update + 1);
    }
  }
  // #else
  if lane == 0 {
    ring[shape.slot * shape.replicas + replica] = mean;
  }
  // #endif
}
