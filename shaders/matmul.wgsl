// out = a b, one product a replica; see common/product.wgsl for the operands, common/epilogue.wgsl for
// where its sums begin and end.
//
// Each invocation keeps a tile of 4 ROWS rows of COLUMNS vec4 of the output in named registers and
// walks along the shared dimension four at a time, so that a load feeds as much arithmetic as it can.

@compute @workgroup_size(${LANES})
fn main(@builtin(global_invocation_id) id: vec3u) {
  let tiles_down = (job.rows + 4 * ${ROWS} - 1) / (4 * ${ROWS});
  let row = id.x % tiles_down * (4 * ${ROWS});
  let column = id.x / tiles_down * ${COLUMNS};
  if column >= job.columns { return; }
  // #for i in ROWS
  // #for j in 4
  // #for c in COLUMNS
  var sum_${i}_${j}_${c} = begin(id.z, row + 4 * ${i} + ${j}, column + ${c});
  // #end
  // #end
  // #end
  // #for i in ROWS
  var a_place_${i} = a_start(id.z, row / 4 + ${i});
  // #end
  // #for c in COLUMNS
  var b_place_${c} = b_start(id.z, column + ${c});
  // #end
  for (var k = 0u; k < job.shared_length; k++) {
    // #for i in ROWS
    let a_${i} = a_block(a_place_${i});
    a_place_${i} += a_step();
    // #end
    // #for c in COLUMNS
    let b_${c} = b_block(b_place_${c});
    b_place_${c} += b_step();
    // #end
    // #for i in ROWS
    // #for j in 4
    // #for c in COLUMNS
    sum_${i}_${j}_${c} = accumulate(sum_${i}_${j}_${c}, a_${i}[${j}], b_${c});
    // #end
    // #end
    // #end
  }
  // #for i in ROWS
  // #for j in 4
  // #for c in COLUMNS
  finish(id.z, row + 4 * ${i} + ${j}, column + ${c}, sum_${i}_${j}_${c});
  // #end
  // #end
  // #end
}
