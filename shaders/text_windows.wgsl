// Windows of a text: T tokens of it, and the token behind each of them as its target. One workgroup a
// window. DRAWN ones begin anywhere, as the number of the window in its stream says: at position + row
// of the step. Others follow one another, each T tokens behind the last, in the order of a permutation
// where that is wanted.

struct Windows {
  batch: u32,      // rows that are cases
  rows: u32,       // padded
  steps: u32,      // T
  stride: u32,     // of a row, in vec4
  places: u32,     // where a window may begin, or how many follow one another
  purpose: u32,
  shuffled: u32,   // 0: place p is window p
}

@group(0) @binding(0) var<uniform> shape: Windows;
@group(0) @binding(1) var<storage, read> tokens: array<u32>;  // in pairs, the even one in the low bits
@group(0) @binding(2) var<storage, read> seeds: array<vec2u>;
@group(0) @binding(3) var<storage, read_write> inputs: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> target_values: array<vec4f>;

fn token_at(i: u32) -> f32 {
  return f32(extractBits(tokens[i / 2], 16 * (i % 2), 16));
}

fn start_of(number: u32, seed: vec2u) -> u32 {
  // #if ${DRAWN}
  // floor(word places / 2^32)
  return multiply_wide(philox4x32(vec4u(0, number, 0, shape.purpose), seed).x, shape.places).y;
  // #else
  let place = number % shape.places;
  if shape.shuffled == 0 { return place * shape.steps; }
  let epoch = nagare_step.epoch + number / shape.places;
  return permute(place, shape.places, seed, shape.purpose, epoch) * shape.steps;
  // #endif
}

@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = group.x;
  let replica = group.z;
  let start = start_of(nagare_step.position + row, seeds[replica]);
  for (var t = lane; t < shape.steps; t += ${LANES}) {
    let at = ((replica * shape.steps + t) * shape.rows + row) * shape.stride;
    inputs[at] = vec4f(token_at(start + t), 0, 0, 0);
    target_values[at] = vec4f(token_at(start + t + 1), 0, 0, 0);
  }
}
