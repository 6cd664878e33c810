// The row of the step table in force (core/gpu/scalars.ts), bound at a dynamic offset.

struct Step {
  update: u32,    // updates done before this one
  slot: u32,      // of the metrics ring
  position: u32,  // of the minibatch's first case in its epoch
  epoch: u32,
  replicas: array<Rates>,
}

struct Rates {
  learning_rate: f32,
  momentum: f32,
  lead: f32,       // phi = theta + lead v before this update
  next_lead: f32,  // and after it
}

@group(1) @binding(0) var<storage, read> step: Step;
