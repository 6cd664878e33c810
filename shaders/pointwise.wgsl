// A few lines on every place of some vectors, as core/ops/pointwise.ts is given them: an update of
// parameters and an optimizer's states, four numbers at a time; common/lines.wgsl holds the lines.
//
// GROUPED: the scalars differ between groups of tensors. A workgroup belongs to one run of
// neighbouring tensors of a group, which it finds by bisection.

// #if ${GROUPED}
struct NagareRuns {
  runs: array<vec4u, ${RUNS}>,    // first workgroup, begin and end in vec4, group
  // #if ${SHIFTED}
  shifts: array<vec4i, ${RUNS}>,  // x: how much sooner a run begins in vectors of another length
  // #endif
}
@group(0) @binding(0) var<uniform> nagare_runs: NagareRuns;
// #endif

@compute @workgroup_size(${WORKGROUP})
fn main(
  @builtin(workgroup_id) nagare_workgroup: vec3u,
  @builtin(num_workgroups) nagare_groups: vec3u,
  @builtin(local_invocation_index) nagare_lane: u32,
) {
  let nagare_replica = nagare_workgroup.z;
  let nagare_place = nagare_workgroup.y * nagare_groups.x + nagare_workgroup.x;
  // #if ${GROUPED}
  var nagare_low = 0u;
  var nagare_high = ${RUNS}u;
  while nagare_high - nagare_low > 1 {
    let middle = (nagare_low + nagare_high) / 2;
    if nagare_runs.runs[middle].x <= nagare_place { nagare_low = middle; }
    else { nagare_high = middle; }
  }
  let nagare_run = nagare_runs.runs[nagare_low];
  let nagare_begin = nagare_run.y + (nagare_place - nagare_run.x) * ${WORKGROUP} * ${EACH};
  let nagare_end = nagare_run.z;
  let nagare_group = nagare_run.w;
  // #else
  let nagare_begin = nagare_place * ${WORKGROUP} * ${EACH};
  let nagare_end = nagare_lines.length;
  let nagare_group = 0u;
  // #endif
  let nagare_first = nagare_begin + nagare_lane;
  let nagare_start = nagare_replica * nagare_lines.length;
  // #if ${SHIFTED}
  let nagare_other_start =
    nagare_replica * nagare_lines.other_length - u32(nagare_runs.shifts[nagare_low].x);
  // #else
  let nagare_other_start = nagare_start;
  // #endif
  nagare_load(nagare_replica, nagare_group);
  let nagare_stop = ${STOP};
  var nagare_is_finite = true;
  // #for e in EACH
  let nagare_i_${e} = nagare_first + ${e} * ${WORKGROUP};
  if nagare_i_${e} < nagare_stop {
    let is_finite_${e} =
      nagare_apply(nagare_start + nagare_i_${e}, nagare_other_start + nagare_i_${e});
    nagare_is_finite = nagare_is_finite & is_finite_${e};
  }
  // #end
  nagare_note(nagare_is_finite, nagare_replica);
}
