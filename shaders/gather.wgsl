// Rows of a data set into a minibatch, one a replica. Row i is the case at place position + i of the
// epoch's permutation, which only the replica's seed, the purpose and the epoch fix; past the end of
// an epoch the next one begins. The values of a sequence are those of its steps, one after another.

struct Gather {
  cases: u32,      // of the data set
  width: u32,      // values a step
  steps: u32,      // of a case
  batch: u32,      // rows that are cases; the padding after them becomes zero
  stride: u32,     // of out, in vec4
  step: u32,       // of out, in vec4
  replica: u32,    // of out, in vec4
  purpose: u32,
  shuffled: u32,   // 0: place p is case p
  per_part: u32,   // cases of a part of the data
}

// #for p in PARTS
@group(0) @binding(${p}) var<storage, read> data_${p}: array<u32>;
// #end
@group(0) @binding(100) var<uniform> gather: Gather;
@group(0) @binding(101) var<storage, read> seeds: array<vec2u>;
@group(0) @binding(102) var<storage, read_write> out: array<vec4f>;

fn word_at(part: u32, i: u32) -> u32 {
  // #for p in PARTS
  if part == ${p} { return data_${p}[i]; }
  // #end
  return 0;
}

// Values i to i + 3 of a part, of which the first `count` are of the case.
// #if ${WORDS}
fn quad_at(part: u32, i: u32, count: u32) -> vec4f {
  let word = word_at(part, i / 4);
  return vec4f(vec4u(word, word >> 8, word >> 16, word >> 24) & vec4u(255)) / 255;
}
// #else
fn quad_at(part: u32, i: u32, count: u32) -> vec4f {
  var quad = vec4f();
  // #for j in 4
  if ${j} < count { quad[${j}] = value_at(part, i + ${j}); }
  // #end
  return quad;
}
// #endif

// #if ${BYTES}
fn value_at(part: u32, i: u32) -> f32 {
  return f32(extractBits(word_at(part, i / 4), 8 * (i % 4), 8)) / 255;
}
// #elif ${HALVES}
fn value_at(part: u32, i: u32) -> f32 {
  let pair = unpack2x16float(word_at(part, i / 2));
  return select(pair.x, pair.y, i % 2 == 1);
}
// #else
fn value_at(part: u32, i: u32) -> f32 {
  return bitcast<f32>(word_at(part, i));
}
// #endif

fn case_at(row: u32, replica: u32) -> u32 {
  let position = nagare_step.position + row;
  let place = position % gather.cases;
  if gather.shuffled == 0 { return place; }
  let epoch = nagare_step.epoch + position / gather.cases;
  return permute(place, gather.cases, seeds[replica], gather.purpose, epoch);
}

@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = group.x;
  let replica = group.z;
  let is_case = row < gather.batch;
  var chosen = 0u;
  if is_case { chosen = case_at(row, replica); }
  let part = chosen / gather.per_part;
  for (var t = 0u; t < gather.steps; t++) {
    let start = (chosen % gather.per_part * gather.steps + t) * gather.width;
    let out_start = replica * gather.replica + t * gather.step + row * gather.stride;
    for (var column = lane; column < gather.stride; column += ${WORKGROUP}) {
      var value = vec4f();
      if is_case && 4 * column < gather.width {
        value = quad_at(part, start + 4 * column, gather.width - 4 * column);
      }
      out[out_start + column] = value;
    }
  }
}
