// The mean over the steps of sequences, in their order, and its transpose: SPREAD, each step has its share
// of what the mean has. One invocation a vec4 of `out`.

struct StepMean {
  count: u32,   // vec4 of out
  steps: u32,
  place: u32,   // vec4 of a step
  share: f32,   // 1 / steps
}

@group(0) @binding(0) var<uniform> shape: StepMean;
// #operand
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> out: array<vec4f>;

@compute @workgroup_size(${WORKGROUP})
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * ${WORKGROUP} + lane;
  if i >= shape.count { return; }
  let place = i % shape.place;
  // #if ${SPREAD}
  out[i] = shape.share * x_at(i / (shape.place * shape.steps) * shape.place + place);
  // #else
  let start = i / shape.place * shape.place * shape.steps + place;
  var sum = vec4f();
  // A bound that is a uniform alone has lavapipe compile the kernel anew for every dispatch.
  let steps = select(0u, shape.steps, i < shape.count);
  for (var t = 0u; t < steps; t++) { sum += x_at(start + t * shape.place); }
  out[i] = shape.share * sum;
  // #endif
}
