// What windows see, row by row of a matrix for each case: row p is the window at place p, its columns
// the channels, lines and columns within it. Two passes, each the transpose of the other, of which one
// is compiled; an invocation serves one place in all channels:
//   UNFOLD  matrix = what the windows see, zeros beyond the image and in the padding of the rows
//   else    images = for each pixel the sum of all places of the matrix that see it

@group(0) @binding(0) var<uniform> shape: Windows;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;

// #if ${UNFOLD}
@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let window = group.x * ${WORKGROUP} + lane;
  let channels = channels_where(window < shape.matrix_rows);
  let number = group.z * shape.cases + group.y;
  let row = window / shape.columns;
  let column = window % shape.columns;
  var image = number * shape.images;
  var at = number * shape.made + window * shape.matrix_stride;
  // #for j in WIDTH
  let x_${j} = pixel_of(column, ${j});
  let sees_${j} = (x_${j} < shape.width) & (row < shape.rows);
  // #end
  for (var channel = 0u; channel < channels; channel++) {
    for (var i = 0u; i < ${HEIGHT}; i++) {
      let y = line_of(row, i);
      let line = image + y * shape.width;
      let sees = y < shape.height;
      // #for j in WIDTH
      out[at + ${j}] = select(0, a[select(0, line + x_${j}, sees & sees_${j})], sees & sees_${j});
      // #end
      at += ${WIDTH};
    }
    image += shape.height * shape.width;
  }
}
// #else
@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let pixel = group.x * ${WORKGROUP} + lane;
  let channels = channels_where(pixel < shape.height * shape.width);
  let number = group.z * shape.cases + group.y;
  let y = pixel / shape.width;
  let x = pixel % shape.width;
  let matrix = number * shape.made;
  // #for j in MEET_ACROSS
  let column_${j} = column_of(x, ${j});
  let place_${j} = x + ${LEFT} - ${ACROSS} * column_${j};
  let met_${j} = meets_column(column_${j}, place_${j});
  let from_${j} = column_${j} * shape.matrix_stride + place_${j};
  // #end
  for (var channel = 0u; channel < channels; channel++) {
    var sum = 0.0;
    for (var i = 0u; i < ${MEET_DOWN}; i++) {
      let row = row_of(y, i);
      let place = y + ${ABOVE} - ${DOWN} * row;
      let met = meets_row(row, place);
      let line = matrix + row * shape.columns * shape.matrix_stride +
        (channel * ${HEIGHT} + place) * ${WIDTH};
      // #for j in MEET_ACROSS
      sum += select(0, a[select(0, line + from_${j}, met & met_${j})], met & met_${j});
      // #end
    }
    out[number * shape.images + channel * shape.height * shape.width + pixel] = sum;
  }
}
// #endif
