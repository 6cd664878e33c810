// One update of every parameter:
//   v'   = momentum v - learning_rate gradient
//   phi' = phi - lead v + v' + next_lead v'
// lead = next_lead = 0 is classical momentum (and SGD where momentum is 0 as well); lead = mu of
// this update and next_lead = mu of the next one is Nesterov's accelerated gradient, phi = theta +
// lead v (core/optim/optimizer.ts). A replica with a parameter that is not finite is marked.

struct Vectors {
  length: u32,   // of one replica's vector, in vec4
}

@group(0) @binding(0) var<uniform> vectors: Vectors;
// #if ${TEXTURES}
@group(0) @binding(1) var gradient: texture_storage_2d<rgba32float, read>;
@group(0) @binding(5) var old_parameters: texture_storage_2d<rgba32float, read>;
@group(0) @binding(6) var old_velocity: texture_storage_2d<rgba32float, read>;
fn gradient_at(i: u32) -> vec4f { return textureLoad(gradient, mirrored(i)); }
fn parameters_at(i: u32) -> vec4f { return textureLoad(old_parameters, mirrored(i)); }
fn velocity_at(i: u32) -> vec4f { return textureLoad(old_velocity, mirrored(i)); }
// #else
@group(0) @binding(1) var<storage, read> gradient: array<vec4f>;
fn gradient_at(i: u32) -> vec4f { return gradient[i]; }
fn parameters_at(i: u32) -> vec4f { return parameters[i]; }
fn velocity_at(i: u32) -> vec4f { return velocity[i]; }
// #endif
@group(0) @binding(2) var<storage, read_write> parameters: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> velocity: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> diverged_at: array<atomic<u32>>;

@compute @workgroup_size(${WORKGROUP})
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let replica = group.z;
  let rates = step.replicas[replica];
  let first = (group.y * groups.x + group.x) * ${WORKGROUP} * ${EACH} + lane;
  var is_finite = true;
  // #for e in EACH
  let i_${e} = first + ${e} * ${WORKGROUP};
  if i_${e} < vectors.length {
    let at = replica * vectors.length + i_${e};
    let old = velocity_at(at);
    let next = fma(vec4f(-rates.learning_rate), gradient_at(at), rates.momentum * old);
    let moved =
      fma(vec4f(-rates.lead), old, parameters_at(at)) + fma(vec4f(rates.next_lead), next, next);
    velocity[at] = next;
    parameters[at] = moved;
    is_finite &= all_finite(moved);
  }
  // #end
  if !is_finite {
    atomicMin(&diverged_at[replica], step.update + 1);
  }
}
