// The time loop of a recurrent layer. From step to step
//   state_t = f(state M + drive_t D),
// a row for each sequence of the minibatch, where `state` is that of the step before, or BACKWARD of
// the step after; M and D are weights, TRANSPOSED both of them; the sum may begin with what lies in the
// step's slot (ADDS) and may have no DRIVE; and f adds a bias and applies the activation, or multiplies
// by its SLOPE at the outputs of the forward pass.
//   hidden states    state = h, M = W, the drive is the input x_t, D = V
//   derivatives      by the units' inputs: BACKWARD, TRANSPOSED, SLOPE, M = W', the drive is the
//                    derivative by the output units, D = U', or shares that lie in the slots (ADDS)
//   tangents         SLOPE, ADDS, M = W
// DAMPED derivatives have the tangents of the states, times `damping` and a replica's factor, added.
//
// Every state of every step is kept in `history`, one slot more than there are steps, whose first
// (BACKWARD: last) is zero. Where the state stays between two steps is the locality:
//   ROWWISE    an invocation carries ROWS whole rows, and reads back what it wrote to `history`;
//   WORKGROUP  a workgroup carries GROUP_ROWS rows together, an invocation computes tiles of them;
//   else       a dispatch is one step, and reads the state that the last one wrote.
// Each value is one chain of fma over the state and then the drive, whatever the locality.

struct Recurrence {
  rows: u32,           // sequences, padded
  columns: u32,        // of the state, in vec4
  units: u32,          // columns of the state that are no padding
  state_length: u32,   // columns, or 0 where the state is known to be zero
  drive_length: u32,   // in vec4
  first: u32,          // step
  count: u32,          // of steps
  bias: u32,           // where it begins in the parameters
  cases: u32,          // rows that are no padding
  damping: f32,        // what the factors are multiplied by
  weights: vec4u,      // offset and stride of M, then of D
  history: vec4u,      // from a slot and a replica to the next; of the parameters, from a replica
  drive: vec4u,        // from a row, a step and a replica to the next
}

@group(0) @binding(0) var<uniform> shape: Recurrence;
@group(0) @binding(1) var<storage, read_write> history: array<vec4f>;
// #operand
@group(0) @binding(2) var<storage, read> parameters: array<vec4f>;
// #if ${DRIVE}
// #operand
@group(0) @binding(3) var<storage, read> drive: array<vec4f>;
// #endif
// #if ${SLOPE}
// #operand
@group(0) @binding(4) var<storage, read> outputs: array<vec4f>;
// #endif
// #if ${DAMPED}
@group(0) @binding(7) var<storage, read> tangents: array<vec4f>;
@group(0) @binding(8) var<storage, read> factors: array<f32>;
// #endif
// #if ${NEWEST}
// The newest state alone, in a buffer whose mirror is small.
@group(0) @binding(5) var newest: texture_storage_2d<rgba32float, read>;
@group(0) @binding(6) var<storage, read_write> next_newest: array<vec4f>;
// #endif
// #if ${WORKGROUP}
var<workgroup> state: array<vec4f, ${STATE_LENGTH}>;
// #endif

// Rows 4k to 4k + 3, columns 4c to 4c + 3 of the weights that begin at `start`.
fn weights_at(start: u32, stride: u32, k: u32, c: u32) -> mat4x4f {
  // #if ${TRANSPOSED}
  let at = start + 4 * c * stride + k;
  // #else
  let at = start + 4 * k * stride + c;
  // #endif
  let lines = mat4x4f(
    parameters_at(at),
    parameters_at(at + stride),
    parameters_at(at + 2 * stride),
    parameters_at(at + 3 * stride),
  );
  // #if ${TRANSPOSED}
  return transpose(lines);
  // #else
  return lines;
  // #endif
}

// Where step t finds the state, and where it leaves it.
// #if ${BACKWARD}
fn slot_before(t: u32) -> u32 { return (t + 1) * shape.history.x; }
fn slot_after(t: u32) -> u32 { return t * shape.history.x; }
// #else
fn slot_before(t: u32) -> u32 { return t * shape.history.x; }
fn slot_after(t: u32) -> u32 { return (t + 1) * shape.history.x; }
// #endif

@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let replica = group.z;
  // #if ${WORKGROUP}
  let first_row = group.x * ${GROUP_ROWS};
  let tiles_down = ${GROUP_ROWS}u / ${ROWS};
  let first_tile = lane;
  let tiles = tiles_down * shape.columns / ${COLUMNS};
  let next_tile = ${LANES}u;
  // #elif ${ROWWISE}
  let first_row = (group.x * ${LANES} + lane) * ${ROWS};
  let tiles_down = 1u;
  let first_tile = 0u;
  let tiles = (shape.columns + ${COLUMNS} - 1) / ${COLUMNS};
  let next_tile = 1u;
  // #else
  let first_row = 0u;
  let tiles_down = (shape.rows + ${ROWS} - 1) / ${ROWS};
  let first_tile = group.x * ${LANES} + lane;
  let tiles = min(first_tile + 1, tiles_down * shape.columns / ${COLUMNS});
  let next_tile = 1u;
  // #endif
  let parameters_start = replica * shape.history.z;
  let history_start = replica * shape.history.y + first_row * shape.columns;
  // #if ${DRIVE}
  let drive_start = replica * shape.drive.z + first_row * shape.drive.x;
  // #endif

  // #if ${WORKGROUP}
  // Two states in turn: that before a step and that after it.
  let length = ${GROUP_ROWS}u * shape.columns;
  for (var i = first_tile; i < length; i += next_tile) {
    state[i] = history[history_start + slot_before(shape.first) + i];
  }
  // #endif
  for (var done = 0u; done < shape.count; done++) {
    // #if ${BACKWARD}
    let t = shape.first - done;
    // #else
    let t = shape.first + done;
    // #endif
    // #if ${WORKGROUP}
    let before = done % 2 * length;
    let after = length - before;
    // #endif
    // #if ${WORKGROUP}
    workgroupBarrier();
    // #endif
    for (var tile = first_tile; tile < tiles; tile += next_tile) {
      let row = tile % tiles_down * ${ROWS};
      let column = tile / tiles_down * ${COLUMNS};
      let place = row * shape.columns;
      // #for c in COLUMNS
      // #for i in ROWS
      var sum_${i}_${c} = vec4f();
      // #end
      // #end
      // #if ${ADDS}
      // What lies past the edge of a tile is read as well, and dropped.
      let slot = history_start + slot_after(t) + place + column;
      for (var r = ${ROWS}u; r > 0; r--) {
        // #for c in COLUMNS
        var next_${c} = history[slot + (r - 1) * shape.columns + ${c}];
        // #for i in ROWS
        let old_${i}_${c} = sum_${i}_${c};
        sum_${i}_${c} = next_${c};
        next_${c} = old_${i}_${c};
        // #end
        // #end
      }
      // #endif
      let state_weights = parameters_start + shape.weights.x;
      for (var k = 0u; k < shape.state_length; k++) {
        // #for i in ROWS
        // #if ${WORKGROUP}
        let a_${i} = state[before + place + ${i} * shape.columns + k];
        // #elif ${NEWEST}
        let newest_${i} = replica * shape.history.x + place + ${i} * shape.columns;
        let a_${i} = textureLoad(newest, mirrored(newest_${i} + k));
        // #else
        let a_${i} = history[history_start + slot_before(t) + place + ${i} * shape.columns + k];
        // #endif
        // #end
        // #for c in COLUMNS
        let b_${c} = weights_at(state_weights, shape.weights.y, k, column + ${c});
        // #for i in ROWS
        sum_${i}_${c} = accumulate(sum_${i}_${c}, a_${i}, b_${c});
        // #end
        // #end
      }
      // #if ${DRIVE}
      let drive_weights = parameters_start + shape.weights.z;
      let drive_place = drive_start + t * shape.drive.y + row * shape.drive.x;
      for (var k = 0u; k < shape.drive_length; k++) {
        // #for i in ROWS
        let a_${i} = drive_at(drive_place + ${i} * shape.drive.x + k);
        // #end
        // #for c in COLUMNS
        let b_${c} = weights_at(drive_weights, shape.weights.w, k, column + ${c});
        // #for i in ROWS
        sum_${i}_${c} = accumulate(sum_${i}_${c}, a_${i}, b_${c});
        // #end
        // #end
      }
      // #endif

      // #if ${SLOPE}
      // #else
      // #for c in COLUMNS
      let bias_${c} = parameters_at(parameters_start + shape.bias + column + ${c});
      let is_unit_${c} = 4 * (column + ${c}) + vec4u(0, 1, 2, 3) < vec4u(shape.units);
      // #end
      // #endif
      for (var r = ${ROWS}u; r > 0; r--) {
        // #for c in COLUMNS
        var last_${c} = vec4f();
        // #for i in ROWS
        let done_${i}_${c} = sum_${i}_${c};
        sum_${i}_${c} = last_${c};
        last_${c} = done_${i}_${c};
        // #end
        // #end
        if first_row + row + r > shape.rows { continue; }
        // #for c in COLUMNS
        if column + ${c} < shape.columns {
          let at = place + (r - 1) * shape.columns + column + ${c};
          // #if ${SLOPE}
          let forward_at = history_start + (t + 1) * shape.history.x + at;
          let output = outputs_at(forward_at);
          // #if ${DAMPED}
          let is_case = first_row + row + r <= shape.cases;
          let damping = select(0f, shape.damping * factors[replica], is_case);
          let value = fma(last_${c}, slope(output), damping * tangents[forward_at]);
          // #else
          let value = last_${c} * slope(output);
          // #endif
          // #else
          let value = select(vec4f(), activate(last_${c} + bias_${c}), is_unit_${c});
          // #endif
          history[history_start + slot_after(t) + at] = value;
          // #if ${WORKGROUP}
          state[after + at] = value;
          // #elif ${NEWEST}
          next_newest[replica * shape.history.x + at] = value;
          // #endif
        }
        // #end
      }
    }
  }
}
