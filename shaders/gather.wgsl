// Rows of a data set into a minibatch, one a replica. Row i is the case at place position + i of the
// epoch's permutation, which only the replica's seed, the purpose and the epoch fix; past the end of
// an epoch the next one begins.

struct Gather {
  cases: u32,      // of the data set
  width: u32,      // values a case
  batch: u32,      // rows that are cases; the padding after them becomes zero
  stride: u32,     // of out, in vec4
  replica: u32,    // of out, in vec4
  purpose: u32,
  shuffled: u32,   // 0: place p is case p
}

@group(0) @binding(0) var<uniform> gather: Gather;
@group(0) @binding(1) var<storage, read> data: array<u32>;
@group(0) @binding(2) var<storage, read> seeds: array<vec2u>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;

// #if ${BYTES}
fn value_at(i: u32) -> f32 {
  return f32(extractBits(data[i / 4], 8 * (i % 4), 8)) / 255;
}
// #elif ${HALVES}
fn value_at(i: u32) -> f32 {
  let pair = unpack2x16float(data[i / 2]);
  return select(pair.x, pair.y, i % 2 == 1);
}
// #else
fn value_at(i: u32) -> f32 {
  return bitcast<f32>(data[i]);
}
// #endif

fn case_at(row: u32, replica: u32) -> u32 {
  var place = step.position + row;
  var epoch = step.epoch;
  if place >= gather.cases {
    place -= gather.cases;
    epoch++;
  }
  if gather.shuffled == 0 { return place; }
  return permute(place, gather.cases, seeds[replica], gather.purpose, epoch);
}

@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = group.x;
  let replica = group.z;
  let out_start = replica * gather.replica + row * gather.stride;
  var start = 0u;
  let is_case = row < gather.batch;
  if is_case { start = case_at(row, replica) * gather.width; }
  for (var column = lane; column < gather.stride; column += ${WORKGROUP}) {
    var value = vec4f();
    // #for j in 4
    if is_case && 4 * column + ${j} < gather.width {
      value[${j}] = value_at(start + 4 * column + ${j});
    }
    // #end
    out[out_start + column] = value;
  }
}
