// A few lines on one place of some vectors, four numbers at a time. Names of its own begin with nagare_,
// so that the lines may call what they like.

struct NagareLines {
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
}

// Behind what products bind.
@group(0) @binding(6) var<uniform> nagare_lines: NagareLines;
// #if ${DIVERGES}
@group(0) @binding(7) var<storage, read_write> nagare_diverged_at: array<atomic<u32>>;
// #endif
${DECLARATIONS}

// Reads the scalars of a replica and a group of tensors, which the lines then see.
${SCALARS_READ}
fn nagare_load(nagare_replica: u32, nagare_group: u32) {
  let nagare_set = nagare_replica * ${GROUPS} + nagare_group;
  ${SCALAR_LOADS}
}

// Runs the lines where vectors have a place, those of another layout another one; whether the parameters
// are finite.
fn nagare_apply(nagare_at: u32, nagare_other: u32${GIVEN}) -> bool {
  ${LOADS}
  {
${BODY}
  }
  ${STORES}
  return ${FINITE};
}

// Notes a replica that is not.
fn nagare_note(nagare_is_finite: bool, nagare_replica: u32) {
  // #if ${DIVERGES}
  if !nagare_is_finite {
    atomicMin(&nagare_diverged_at[nagare_lines.first + nagare_replica], nagare_step.update + 1);
  }
  // #endif
}
