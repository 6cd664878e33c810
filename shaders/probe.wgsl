// A tensor of a vector that probes a matrix: numbers uniform in (-1, 1), four of one row an invocation,
// from the words of one block of the generator. Odd multiples of 2^-23, so that none is 0 and all
// adapters draw the same. The twin is probe() of core/reference/curvature.ts.

struct Probe {
  columns: u32,   // without padding, which is left as it is
  quads: u32,     // vec4 of a row that hold columns
  rows: u32,
  stride: u32,    // of out, in vec4
  first: u32,     // where the first replica's tensor begins, in vec4
  replica: u32,   // from a replica to the next, in vec4
  tensor: u32,
  purpose: u32,
}

@group(0) @binding(0) var<uniform> probe: Probe;
@group(0) @binding(1) var<storage, read> seeds: array<vec2u>;
@group(0) @binding(2) var<storage, read_write> out: array<vec4f>;

@compute @workgroup_size(${WORKGROUP})
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let replica = group.z;
  let block = (group.y * groups.x + group.x) * ${WORKGROUP} + lane;
  if block >= probe.rows * probe.quads { return; }
  let counter = vec4u(block, nagare_step.update, probe.tensor, probe.purpose);
  let words = bitcast<vec4i>(philox4x32(counter, seeds[replica]));
  let drawn = (vec4f(words >> vec4u(9)) + 0.5) / 4194304;
  let column = 4 * (block % probe.quads);
  let inside = vec4u(column) + vec4u(0, 1, 2, 3) < vec4u(probe.columns);
  let at = probe.first + replica * probe.replica + block / probe.quads * probe.stride + column / 4;
  out[at] = select(out[at], drawn, inside);
}
