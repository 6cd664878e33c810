// Sequences of the memorization problems: the twin of memorizationSequence() in
// core/data/sequences.ts, the same bits. One workgroup a sequence; its number within the stream is
// the step's position plus its row.

struct Memorization {
  rows: u32,            // padded
  symbols: u32,
  items: u32,
  recall: u32,          // the first step of the recall
  steps: u32,
  stride: u32,          // of inputs, in vec4
  target_stride: u32,   // in vec4
  purpose: u32,
  off: vec4f,           // inputs that stand for 0: of a symbol, the blank and the trigger
  on: vec4f,            // and for 1
}

@group(0) @binding(0) var<uniform> shape: Memorization;
@group(0) @binding(1) var<storage, read> seeds: array<vec2u>;
@group(0) @binding(2) var<storage, read_write> inputs: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> target_values: array<vec4f>;

fn symbol_at(item: u32, number: u32, replica: u32) -> u32 {
  let words = philox4x32(vec4u(item / 4, number, 0, shape.purpose), seeds[replica]);
  return multiply_wide(words[item % 4], shape.symbols).y;
}

@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = group.x;
  let replica = group.z;
  let number = nagare_step.position + row;
  let blank = shape.symbols;
  for (var t = lane; t < shape.steps; t += ${LANES}) {
    var input = select(blank, blank + 1, t == shape.recall - 1);
    var wanted = blank;
    if t < shape.items {
      input = symbol_at(t, number, replica);
    }
    if t >= shape.recall {
      wanted = symbol_at(t - shape.recall, number, replica);
    }
    let place = (replica * shape.steps + t) * shape.rows + row;
    for (var column = 0u; column < shape.stride; column++) {
      let units = 4 * column + vec4u(0, 1, 2, 3);
      var off = select(vec4f(shape.off.x), vec4f(shape.off.y), units == vec4u(blank));
      off = select(off, vec4f(shape.off.z), units == vec4u(blank + 1));
      var on = select(vec4f(shape.on.x), vec4f(shape.on.y), units == vec4u(blank));
      on = select(on, vec4f(shape.on.z), units == vec4u(blank + 1));
      let value = select(off, on, units == vec4u(input));
      inputs[place * shape.stride + column] = select(vec4f(), value, units < vec4u(blank + 2));
    }
    for (var column = 0u; column < shape.target_stride; column++) {
      let units = 4 * column + vec4u(0, 1, 2, 3);
      target_values[place * shape.target_stride + column] =
        select(vec4f(), vec4f(1), units == vec4u(wanted));
    }
  }
}
