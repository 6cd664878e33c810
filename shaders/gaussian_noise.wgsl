// out += deviation N(0, 1), four numbers of one row an invocation: two pairs of Box and Muller from
// the four words of one block of the generator. Which block is told by the place in the tensor, or
// where its rows are CASES of a layer by the case's own. The twin is gaussianNoise() of
// core/reference/noise.ts.

struct Noise {
  // #if ${CASES}
  cases: CaseRows,
  layer: u32,
  // #endif
  columns: u32,   // without padding, which is left as it is
  quads: u32,     // vec4 of a row that hold columns
  rows: u32,      // of all steps
  stride: u32,    // of out, in vec4
  first: u32,     // where the first replica's matrix begins, in vec4
  replica: u32,   // from a replica to the next, in vec4
  purpose: u32,
  deviation: f32,
}

@group(0) @binding(0) var<uniform> noise: Noise;
@group(0) @binding(1) var<storage, read> seeds: array<vec2u>;
@group(0) @binding(2) var<storage, read_write> out: array<vec4f>;

// A pair of independent normal numbers. 1 to 2^24 in units of 2^-24 is never 0; the angle lies halfway
// between multiples of pi / 2^23, within [-pi, pi], where WGSL says how exact cos and sin are.
fn normal_pair(words: vec2u) -> vec2f {
  let part = f32((words.x >> 8) + 1) / 16777216;
  let angle = (f32(bitcast<i32>(words.y) >> 8) + 0.5) * (3.141592653589793 / 8388608);
  // log may be off by 2^-21 near 1.
  let radius = sqrt(max(-2 * log(part), 0));
  return radius * vec2f(cos(angle), sin(angle));
}

@compute @workgroup_size(${WORKGROUP})
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let replica = group.z;
  let block = (group.y * groups.x + group.x) * ${WORKGROUP} + lane;
  if block >= noise.rows * noise.quads { return; }
  // #if ${CASES}
  let row = block / noise.quads;
  if !is_case(noise.cases, row) { return; }
  let own = case_block(noise.cases, row, block % noise.quads);
  let counter = vec4u(own, nagare_step.update, noise.layer, noise.purpose);
  // #else
  let counter = vec4u(block, nagare_step.update, 0, noise.purpose);
  // #endif
  let words = philox4x32(counter, seeds[replica]);
  let normals = vec4f(normal_pair(words.xy), normal_pair(words.zw));
  let column = 4 * (block % noise.quads);
  let inside = vec4u(column) + vec4u(0, 1, 2, 3) < vec4u(noise.columns);
  let at = noise.first + replica * noise.replica + block / noise.quads * noise.stride + column / 4;
  out[at] = select(out[at], out[at] + noise.deviation * normals, inside);
}
