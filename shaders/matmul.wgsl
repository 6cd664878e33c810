// out = a b, products one a replica; see common/product.wgsl for the operands, common/epilogue.wgsl for
// where its sums begin and end.
//
// Each invocation keeps a tile of 4 ROWS rows of COLUMNS vec4 of the output in named registers and
// walks along the shared dimension four at a time, so that a load feeds as much arithmetic as it can.
// A block of b stays in registers while all rows meet it.
//
// The sums begin and end row by row in a loop, in which they move on by one row: epilogues of each
// of them, written out, would take as long to compile as all the rest.

@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let replica = group.z;
  let job = product_of(group.x);
  let tile = (group.x - job.first) * ${LANES} + lane;
  let tiles_down = (job.rows + 4 * ${ROWS} - 1) / (4 * ${ROWS});
  let row = tile % tiles_down * (4 * ${ROWS});
  let column = tile / tiles_down * ${COLUMNS};
  if column >= job.columns { return; }
  // #for i in ROWS
  // #for j in 4
  // #for c in COLUMNS
  var sum_${i}_${j}_${c} = vec4f();
  // #end
  // #end
  // #end
  // #if ${ADDS}
  for (var r = 4 * ${ROWS}u; r > 0; r--) {
    // #for c in COLUMNS
    var next_${c} = begin(job.epilogue, replica, row + r - 1, column + ${c});
    // #for i in ROWS
    // #for j in 4
    let old_${i}_${j}_${c} = sum_${i}_${j}_${c};
    sum_${i}_${j}_${c} = next_${c};
    next_${c} = old_${i}_${j}_${c};
    // #end
    // #end
    // #end
  }
  // #endif
  // #for i in ROWS
  var a_place_${i} = a_start(job.a, replica, row / 4 + ${i});
  // #end
  // #for c in COLUMNS
  var b_place_${c} = b_start(job.b, replica, column + ${c});
  // #end
  for (var k = 0u; k < job.shared_length; k++) {
    // #for i in ROWS
    let a_${i} = a_block(job.a, a_place_${i});
    a_place_${i} += a_step(job.a);
    // #end
    // #for c in COLUMNS
    let b_${c} = b_block(job.b, b_place_${c});
    b_place_${c} += b_step(job.b);
    // #for i in ROWS
    // #for j in 4
    sum_${i}_${j}_${c} = accumulate(sum_${i}_${j}_${c}, a_${i}[${j}], b_${c});
    // #end
    // #end
    // #end
  }
  // #if ${COLUMN_SUMS}
  // Apart from the sums, since lavapipe goes through the branches of an if whoever takes them.
  // #for c in COLUMNS
  var column_sum_${c} = vec4f();
  b_place_${c} = b_start(job.b, replica, column + ${c});
  // #end
  for (var k = select(job.shared_length, 0, row == 0); k < job.shared_length; k++) {
    // #for c in COLUMNS
    let lines_${c} = b_block(job.b, b_place_${c});
    b_place_${c} += b_step(job.b);
    // #for j in 4
    column_sum_${c} += lines_${c}[${j}];
    // #end
    // #end
  }
  // #if ${UPDATES}
  nagare_load(replica, job.sums_group);
  // #endif
  // #for c in COLUMNS
  if (row == 0) & (column + ${c} < job.columns) {
    put(at(job.sums, replica, 0, column + ${c}), replica, column_sum_${c});
  }
  // #end
  // #endif
  // #if ${UPDATES}
  nagare_load(replica, job.group);
  // #endif
  for (var r = 4 * ${ROWS}u; r > 0; r--) {
    // #for c in COLUMNS
    var last_${c} = vec4f();
    // #for i in ROWS
    // #for j in 4
    let done_${i}_${j}_${c} = sum_${i}_${j}_${c};
    sum_${i}_${j}_${c} = last_${c};
    last_${c} = done_${i}_${j}_${c};
    // #end
    // #end
    // #end
    if row + r <= job.rows {
      // #for c in COLUMNS
      if column + ${c} < job.columns {
        let end_${c} = end(job.epilogue, replica, row + r - 1, column + ${c}, last_${c});
        put(at(job.epilogue.out, replica, row + r - 1, column + ${c}), replica, end_${c});
      }
      // #end
    }
  }
}
