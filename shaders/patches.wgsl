// Images cut into square patches, none of which overlap, and back: the step of a sequence is a patch, from
// left to right and from the top down, its units the channels, lines and columns within it.
//   CUT   out[r][t][case][(channel size + i) size + j] = x[r][case][(channel height + y) width + x]
//   else  the inverse
// with y = size (t / across) + i and x = size (t % across) + j. Padding becomes zero. One invocation for
// four values of `out`.

struct Patches {
  count: u32,    // vec4 of out
  steps: u32,    // patches of an image
  cases: u32,
  rows: u32,     // of a step, padded
  pixels: u32,   // of a row of images, padded
  units: u32,    // of a row of patches, padded
  channels: u32,
  height: u32,
  width: u32,
  size: u32,     // of a patch, down and across
}

@group(0) @binding(0) var<uniform> shape: Patches;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<vec4f>;

@compute @workgroup_size(${WORKGROUP})
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * ${WORKGROUP} + lane;
  if i >= shape.count { return; }
  let size = shape.size;
  let across = shape.width / size;
  // #if ${CUT}
  let columns = shape.units / 4;
  let steps = shape.steps;
  let used = shape.channels * size * size;
  // #else
  let columns = shape.pixels / 4;
  let steps = 1u;
  let used = shape.channels * shape.height * shape.width;
  // #endif
  let line = i / columns;
  let row = line % shape.rows;
  let replica = line / (shape.rows * steps);
  var value = vec4f();
  // #for k in 4
  let column_${k} = i % columns * 4 + ${k};
  if (column_${k} < used) & (row < shape.cases) {
    // #if ${CUT}
    let t = line / shape.rows % steps;
    let channel = column_${k} / (size * size);
    let y = t / across * size + column_${k} / size % size;
    let from_column = (channel * shape.height + y) * shape.width + t % across * size + column_${k} % size;
    value[${k}] = x[(replica * shape.rows + row) * shape.pixels + from_column];
    // #else
    let channel = column_${k} / (shape.height * shape.width);
    let y = column_${k} / shape.width % shape.height;
    let column = column_${k} % shape.width;
    let t = y / size * across + column / size;
    let unit = (channel * size + y % size) * size + column % size;
    value[${k}] = x[((replica * shape.steps + t) * shape.rows + row) * shape.units + unit];
    // #endif
  }
  // #end
  out[i] = value;
}
