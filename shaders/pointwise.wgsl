// A few lines on every place of some vectors, as core/ops/pointwise.ts is given them: an update of
// parameters and an optimizer's states, four numbers at a time. Names of its own begin with nagare_,
// so that the lines may call what they like.
//
// GROUPED: the scalars differ between groups of tensors. A workgroup belongs to one run of
// neighbouring tensors of a group, which it finds by bisection.

struct NagarePointwise {
  length: u32,         // of one replica's vector, in vec4
  // #if ${SHIFTED}
  other_length: u32,   // of the vectors that hold some of the tensors alone
  // #endif
  // #if ${SCALARS}
  scalars: u32,        // where the first replica's begin in the row of the step
  // #endif
  // #if ${DIVERGES}
  first: u32,          // replica of the trainer that is the first one here
  // #endif
  ${MEMBERS}
  // #if ${GROUPED}
  runs: array<vec4u, ${RUNS}>,    // first workgroup, begin and end in vec4, group
  // #if ${SHIFTED}
  shifts: array<vec4i, ${RUNS}>,  // x: how much sooner a run begins in those vectors
  // #endif
  // #endif
}

@group(0) @binding(0) var<uniform> nagare_pointwise: NagarePointwise;
${DECLARATIONS}
// #if ${DIVERGES}
@group(0) @binding(1) var<storage, read_write> nagare_diverged_at: array<atomic<u32>>;
// #endif

fn nagare_apply(nagare_at: u32, nagare_other: u32${PARAMETERS}) -> bool {
  ${LOADS}
  {
${BODY}
  }
  ${STORES}
  return ${FINITE};
}

@compute @workgroup_size(${WORKGROUP})
fn main(
  @builtin(workgroup_id) nagare_group: vec3u,
  @builtin(num_workgroups) nagare_groups: vec3u,
  @builtin(local_invocation_index) nagare_lane: u32,
) {
  let nagare_replica = nagare_group.z;
  let nagare_place = nagare_group.y * nagare_groups.x + nagare_group.x;
  // #if ${GROUPED}
  var nagare_low = 0u;
  var nagare_high = ${RUNS}u;
  while nagare_high - nagare_low > 1 {
    let middle = (nagare_low + nagare_high) / 2;
    if nagare_pointwise.runs[middle].x <= nagare_place { nagare_low = middle; }
    else { nagare_high = middle; }
  }
  let nagare_run = nagare_pointwise.runs[nagare_low];
  let nagare_begin = nagare_run.y + (nagare_place - nagare_run.x) * ${WORKGROUP} * ${EACH};
  let nagare_end = nagare_run.z;
  let nagare_set = nagare_replica * ${GROUPS} + nagare_run.w;
  // #else
  let nagare_begin = nagare_place * ${WORKGROUP} * ${EACH};
  let nagare_end = nagare_pointwise.length;
  let nagare_set = nagare_replica;
  // #endif
  let nagare_first = nagare_begin + nagare_lane;
  let nagare_start = nagare_replica * nagare_pointwise.length;
  // #if ${SHIFTED}
  let nagare_other_start =
    nagare_replica * nagare_pointwise.other_length - u32(nagare_pointwise.shifts[nagare_low].x);
  // #else
  let nagare_other_start = nagare_start;
  // #endif
  ${SCALAR_LOADS}
  let nagare_stop = ${STOP};
  var nagare_is_finite = true;
  // #for e in EACH
  let nagare_i_${e} = nagare_first + ${e} * ${WORKGROUP};
  if nagare_i_${e} < nagare_stop {
    let is_finite_${e} = nagare_apply(
      nagare_start + nagare_i_${e},
      nagare_other_start + nagare_i_${e}${ARGUMENTS}
    );
    nagare_is_finite = nagare_is_finite & is_finite_${e};
  }
  // #end
  // #if ${DIVERGES}
  if !nagare_is_finite {
    atomicMin(&nagare_diverged_at[nagare_pointwise.first + nagare_replica], nagare_step.update + 1);
  }
  // #endif
}
