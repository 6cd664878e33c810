// What windows make of each channel by itself: the mean of what they see, or the largest value, of
// equals the first in reading order; NaN counts as larger than all others. An invocation serves one
// place in all channels:
//   FORWARD   made = the mean; of MAX the largest value, and its place in the window as the winner
//   BACKWARD  out = for each pixel the sum over windows of their deltas that fall to it
//   TANGENT   made = the mean of the tangents, or the winner's
// The forward pass of a mean is its tangent.

@group(0) @binding(0) var<uniform> shape: Windows;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;
// #if ${MAX}
// #if ${FORWARD}
@group(0) @binding(3) var<storage, read_write> winners: array<f32>;
// #else
@group(0) @binding(3) var<storage, read> winners: array<f32>;
// #endif
// #endif

const SHARE = 1.0 / (${HEIGHT} * ${WIDTH});

@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let place = group.x * ${WORKGROUP} + lane;
  let number = group.z * shape.cases + group.y;
  let windows = shape.rows * shape.columns;
  let pixels = shape.height * shape.width;
  // #if ${BACKWARD}
  let channels = channels_where(place < pixels);
  let y = place / shape.width;
  let x = place % shape.width;
  // #for j in MEET_ACROSS
  let column_${j} = column_of(x, ${j});
  let across_${j} = x - ${ACROSS} * column_${j};
  let met_${j} = meets_column(column_${j}, across_${j});
  // #end
  for (var channel = 0u; channel < channels; channel++) {
    let map = number * shape.made + channel * windows;
    var sum = 0.0;
    for (var i = 0u; i < ${MEET_DOWN}; i++) {
      let row = row_of(y, i);
      let down = y - ${DOWN} * row;
      let met = meets_row(row, down);
      // #for j in MEET_ACROSS
      {
        let at = select(map, map + row * shape.columns + column_${j}, met & met_${j});
        // #if ${MAX}
        let share = select(0.0, 1.0, winners[at] == f32(down * ${WIDTH} + across_${j}));
        // #else
        let share = SHARE;
        // #endif
        sum += select(0, share * a[at], met & met_${j} & (share > 0));
      }
      // #end
    }
    out[number * shape.images + channel * pixels + place] = sum;
  }
  // #else
  let channels = channels_where(place < windows);
  let y = place / shape.columns * ${DOWN};
  let x = place % shape.columns * ${ACROSS};
  for (var channel = 0u; channel < channels; channel++) {
    let at = number * shape.made + channel * windows + place;
    let corner = number * shape.images + channel * pixels + y * shape.width + x;
    // #if ${MAX}
    // #if ${FORWARD}
    var most = a[corner];
    var winner = 0.0;
    for (var i = 0u; i < ${HEIGHT}; i++) {
      // #for j in WIDTH
      {
        let value = a[corner + i * shape.width + ${j}];
        let wins = (value > most) | (is_nan(value) & !is_nan(most));
        most = select(most, value, wins);
        winner = select(winner, f32(i * ${WIDTH} + ${j}), wins);
      }
      // #end
    }
    out[at] = most;
    winners[at] = winner;
    // #else
    let winner = u32(winners[at]);
    out[at] = a[corner + winner / ${WIDTH} * shape.width + winner % ${WIDTH}];
    // #endif
    // #else
    var sum = 0.0;
    for (var i = 0u; i < ${HEIGHT}; i++) {
      // #for j in WIDTH
      sum += a[corner + i * shape.width + ${j}];
      // #end
    }
    out[at] = sum * SHARE;
    // #endif
  }
  // #endif
}
