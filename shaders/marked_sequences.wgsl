// Sequences of the adding and the multiplication problem: the twin of markedSequence() in
// core/data/sequences.ts, the same bits. One workgroup a sequence; its number within the stream is
// the step's position plus its row.

struct Marked {
  batch: u32,          // rows that are sequences
  rows: u32,           // padded
  shortest: u32,
  steps: u32,          // of the longest sequence
  stride: u32,         // of inputs, in vec4
  target_stride: u32,  // in vec4
  is_product: u32,
  has_cue: u32,
  purpose: u32,
  value_mean: f32,
  marker_off: f32,
  marker_on: f32,
  marker_cue: f32,
}

@group(0) @binding(0) var<uniform> shape: Marked;
@group(0) @binding(1) var<storage, read> seeds: array<vec2u>;
@group(0) @binding(2) var<storage, read_write> inputs: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> target_values: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> lengths: array<u32>;

fn words(block: u32, number: u32, replica: u32) -> vec4u {
  return philox4x32(vec4u(block, number, 0, shape.purpose), seeds[replica]);
}

// floor(word n / 2^32)
fn below(word: u32, n: u32) -> u32 {
  return multiply_wide(word, n).y;
}

// The value at a step, as a multiple of 2^-23.
fn value_at(t: u32, number: u32, replica: u32) -> u32 {
  return words(1 + t / 4, number, replica)[t % 4] >> 9;
}

@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = group.x;
  let replica = group.z;
  let number = nagare_step.position + row;
  let header = words(0, number, replica);
  let length = shape.shortest + below(header.x, shape.steps - shape.shortest + 1);
  let tenth = length / 10;
  let first = below(header.y, tenth);
  let second = tenth + below(header.z, length / 2 - tenth);
  for (var quad = lane; quad < (shape.steps + 3) / 4; quad += ${LANES}) {
    let values = words(1 + quad, number, replica);
    // #for i in 4
    let t_${i} = 4 * quad + ${i};
    if t_${i} < shape.steps {
      let at_end = (shape.has_cue != 0) & ((t_${i} == 0) | (t_${i} == length - 1));
      var marker = select(shape.marker_off, shape.marker_cue, at_end);
      marker = select(marker, shape.marker_on, (t_${i} == first) | (t_${i} == second));
      let value = f32(values[${i}] >> 9) / 8388608 - shape.value_mean;
      inputs[((replica * shape.steps + t_${i}) * shape.rows + row) * shape.stride] =
        select(vec4f(), vec4f(value, marker, 0, 0), t_${i} < length);
    }
    // #end
  }
  if lane == 0 {
    let a = value_at(first, number, replica);
    let b = value_at(second, number, replica);
    let product = multiply_wide(a, b);
    let amount = select(a + b, (product.y << 10) | (product.x >> 22), shape.is_product != 0);
    let place = replica * shape.rows + row;
    target_values[place * shape.target_stride] = vec4f(f32(amount) / 16777216, 0, 0, 0);
    lengths[place] = length;
  }
}
