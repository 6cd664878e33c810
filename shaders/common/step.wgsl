// The row of the step table in force (core/gpu/scalars.ts), bound at a dynamic offset. Its name leaves
// WGSL's own step() callable.

struct NagareStep {
  update: u32,    // updates done before this one
  slot: u32,      // of the metrics ring
  position: u32,  // of the minibatch's first case in its epoch
  epoch: u32,
  scalars: array<f32>,  // what the optimizers read, by replica, group of tensors and name
}

@group(1) @binding(0) var<storage, read> nagare_step: NagareStep;
