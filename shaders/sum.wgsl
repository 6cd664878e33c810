// out = a, with what common/epilogue.wgsl adds and makes of it: four units of one row an invocation.

struct Sum {
  a: Place,
  epilogue: Epilogue,
  rows: u32,     // of out, padded
  columns: u32,  // of out, in vec4
}

@group(0) @binding(0) var<uniform> job: Sum;
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;
// #if ${OPERAND}
// #operand
@group(0) @binding(1) var<storage, read> a: array<vec4f>;
// #endif

@compute @workgroup_size(${WORKGROUP})
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * ${WORKGROUP} + lane;
  if i >= job.rows * job.columns { return; }
  let replica = group.z;
  let row = i / job.columns;
  let column = i % job.columns;
  var sum = begin(job.epilogue, replica, row, column);
  // #if ${OPERAND}
  sum += a_at(at(job.a, replica, row, column));
  // #endif
  out[at(job.epilogue.out, replica, row, column)] = end(job.epilogue, replica, row, column, sum);
}
