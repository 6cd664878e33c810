// Sequences of a data set [T, cases, width] into a minibatch [R, T, B, width], one workgroup a row:
// the case at place position + row of the epoch's permutation, as in gather.wgsl. Where a step is one
// row behind the last, they are windows of a series.

struct GatherSteps {
  cases: u32,        // of the data set
  first_row: u32,    // of the data, that of the first step of case 0
  rows_a_step: u32,
  width: u32,        // values a step
  steps: u32,
  batch: u32,        // rows that are cases
  rows: u32,         // padded
  stride: u32,       // of out, in vec4
  purpose: u32,
  shuffled: u32,     // 0: place p is case p
}

@group(0) @binding(0) var<uniform> shape: GatherSteps;
@group(0) @binding(1) var<storage, read> data: array<f32>;
@group(0) @binding(2) var<storage, read> seeds: array<vec2u>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;

fn case_at(row: u32, replica: u32) -> u32 {
  var place = nagare_step.position + row;
  var epoch = nagare_step.epoch;
  if place >= shape.cases {
    place -= shape.cases;
    epoch++;
  }
  if shape.shuffled == 0 { return place % shape.cases; }
  return permute(place, shape.cases, seeds[replica], shape.purpose, epoch);
}

@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = group.x;
  let replica = group.z;
  let index = case_at(row, replica);
  for (var i = lane; i < shape.steps * shape.stride; i += ${LANES}) {
    let t = i / shape.stride;
    let column = i % shape.stride;
    let start = (shape.first_row + t * shape.rows_a_step + index) * shape.width;
    var value = vec4f();
    // #for j in 4
    if 4 * column + ${j} < shape.width {
      value[${j}] = data[start + 4 * column + ${j}];
    }
    // #end
    out[((replica * shape.steps + t) * shape.rows + row) * shape.stride + column] = value;
  }
}
