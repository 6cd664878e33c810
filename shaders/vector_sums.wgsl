// Sums over all places of some vectors for each replica, and lines that run once a replica on what
// they come to, as core/ops/vector_sums.ts is given them. Names of its own begin with nagare_.
//
// Two kernels: a workgroup sums each piece of ${PIECE} vec4, then (LINES) one workgroup a replica
// the pieces. So the order of a sum is fixed by the length alone.

struct NagareSums {
  pieces: u32,   // of a replica's vector
  // #if ${LINES}
  scalars: u32,  // where the first replica's begin in the row of the step
  // #else
  length: u32,   // of one replica's vector, in vec4
  ${MEMBERS}
  // #endif
}

@group(0) @binding(0) var<uniform> nagare_sums: NagareSums;
// #if ${LINES}
@group(0) @binding(1) var<storage, read> nagare_partials: array<f32>;
@group(0) @binding(2) var<storage, read_write> nagare_measured: array<f32>;
// #if ${SERIES}
@group(0) @binding(3) var<storage, read_write> series: array<f32>;
// #endif
// #else
@group(0) @binding(1) var<storage, read_write> nagare_partials: array<f32>;
// #endif
${DECLARATIONS}

// #if ${LINES}
fn nagare_measure(nagare_replica: u32${PARAMETERS}) {
  ${LOADS}
  {
${BODY}
  }
  ${STORES}
}
// #endif

@compute @workgroup_size(${LANES})
fn main(
  @builtin(workgroup_id) nagare_group: vec3u,
  @builtin(num_workgroups) nagare_groups: vec3u,
  @builtin(local_invocation_index) nagare_lane: u32,
) {
  let nagare_replica = nagare_group.z;
  // #if ${LINES}
  // #for k in SUMS
  var nagare_sum_${k} = 0f;
  // #end
  for (var nagare_i = nagare_lane; nagare_i < nagare_sums.pieces; nagare_i += ${LANES}) {
    let nagare_at = (nagare_replica * nagare_sums.pieces + nagare_i) * ${SUMS};
    // #for k in SUMS
    nagare_sum_${k} += nagare_partials[nagare_at + ${k}];
    // #end
  }
  // The first lane alone reads a sum: it does so before it writes the tree of the next one.
  // #for k in SUMS
  let nagare_total_${k} = tree_sum(nagare_sum_${k}, nagare_lane);
  // #end
  if nagare_lane == 0 {
    nagare_measure(nagare_replica${ARGUMENTS});
  }
  // #else
  let nagare_piece = nagare_group.y * nagare_groups.x + nagare_group.x;
  let nagare_start = nagare_replica * nagare_sums.length;
  let nagare_end = min((nagare_piece + 1) * ${PIECE}, nagare_sums.length);
  // #for k in SUMS
  var nagare_sum_${k} = vec4f();
  // #end
  for (var nagare_i = nagare_piece * ${PIECE} + nagare_lane; nagare_i < nagare_end; nagare_i += ${LANES}) {
    let nagare_at = nagare_start + nagare_i;
    ${LOADS}
    ${TERMS}
  }
  let nagare_to = (nagare_replica * nagare_sums.pieces + nagare_piece) * ${SUMS};
  // #for k in SUMS
  let nagare_total_${k} = tree_sum(
    (nagare_sum_${k}.x + nagare_sum_${k}.y) + (nagare_sum_${k}.z + nagare_sum_${k}.w),
    nagare_lane,
  );
  // #end
  if nagare_lane == 0 {
    if nagare_piece < nagare_sums.pieces {
      // #for k in SUMS
      nagare_partials[nagare_to + ${k}] = nagare_total_${k};
      // #end
    }
  }
  // #endif
}
