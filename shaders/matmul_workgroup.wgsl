// out = a b, one product a replica; see common/product.wgsl for the operands, common/epilogue.wgsl for
// where its sums begin and end.
//
// For GPUs: a workgroup of DOWN x ACROSS invocations computes a tile of the output together, each
// invocation 4 ROWS rows of COLUMNS vec4, which lie apart so that neighbours read neighbouring
// places. What they read they share: panels of a and b, 8 PARTS deep along the shared dimension.
// Workgroup memory holds two of each in turn: the next ones are on their way into registers while
// the last ones are multiplied, and one barrier a panel is enough.

const row_quads = ${DOWN}u * ${ROWS};        // rows of the tile, by four
const column_quads = ${ACROSS}u * ${COLUMNS};
const lanes = ${DOWN}u * ${ACROSS};
const depth = 2u * ${PARTS};                 // of a panel, by four
const a_blocks = row_quads * depth;
const b_blocks = column_quads * depth;

// By step of the shared dimension: four rows of a, four columns of b.
var<workgroup> a_panels: array<array<array<vec4f, row_quads>, 4 * depth>, 2>;
var<workgroup> b_panels: array<array<array<vec4f, column_quads>, 4 * depth>, 2>;

// The quad of rows or columns that block i of a panel holds, and its place along the shared
// dimension: blocks that lie together in memory are fetched by neighbours.
// #if ${A_TRANSPOSED}
fn a_place(i: u32) -> vec2u { return vec2u(i % row_quads, i / row_quads); }
// #else
fn a_place(i: u32) -> vec2u { return vec2u(i / depth, i % depth); }
// #endif
// #if ${B_TRANSPOSED}
fn b_place(i: u32) -> vec2u { return vec2u(i / depth, i % depth); }
// #else
fn b_place(i: u32) -> vec2u { return vec2u(i % column_quads, i / column_quads); }
// #endif

// Where block k along the shared dimension lies; past its end the last one, which is not multiplied.
fn a_at_step(job: Product, start: u32, k: u32) -> u32 {
  return start + min(k, job.shared_length - 1) * a_step(job.a);
}
fn b_at_step(job: Product, start: u32, k: u32) -> u32 {
  return start + min(k, job.shared_length - 1) * b_step(job.b);
}

@compute @workgroup_size(lanes)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let replica = group.z;
  let job = product_of(group.x);
  let tile = group.x - job.first;
  let tiles_down = (job.rows / 4 + row_quads - 1) / row_quads;
  let first_row = tile % tiles_down * row_quads;
  let first_column = tile / tiles_down * column_quads;
  let down = lane / ${ACROSS};
  let across = lane % ${ACROSS};

  // Past the edge of a matrix its last rows and columns are fetched again, for sums that are dropped.
  // #for f in A_FETCHES
  let a_block_${f} = lane + ${f} * lanes;
  let a_place_${f} = a_place(a_block_${f});
  let a_start_${f} = a_start(job.a, replica, min(first_row + a_place_${f}.x, job.rows / 4 - 1));
  var a_next_${f} = a_block(job.a, a_at_step(job, a_start_${f}, a_place_${f}.y));
  // #end
  // #for f in B_FETCHES
  // Where there are fewer blocks than invocations, other ones than those that fetch a.
  let b_block_${f} = (lane + lanes / 2) % lanes + ${f} * lanes;
  let b_place_${f} = b_place(b_block_${f});
  let b_start_${f} = b_start(job.b, replica, min(first_column + b_place_${f}.x, job.columns - 1));
  var b_next_${f} = b_block(job.b, b_at_step(job, b_start_${f}, b_place_${f}.y));
  // #end

  // #for c in COLUMNS
  // #if ${COLUMN_SUMS}
  var column_sum_${c} = vec4f();
  // #endif
  // #for i in ROWS
  let first_${i}_${c} = 4 * min(first_row + down + ${i} * ${DOWN}, job.rows / 4 - 1);
  let first_column_${i}_${c} = min(first_column + across + ${c} * ${ACROSS}, job.columns - 1);
  // #for j in 4
  let row_${i}_${j}_${c} = first_${i}_${c} + ${j};
  var sum_${i}_${j}_${c} =
    begin(job.epilogue, replica, row_${i}_${j}_${c}, first_column_${i}_${c});
  // #end
  // #end
  // #end
  for (var k = 0u; k < job.shared_length; k += depth) {
    let turn = k / depth % 2;
    // #for f in A_FETCHES
    if a_block_${f} < a_blocks {
      let rows = transpose(a_next_${f});
      // #for k in 4
      a_panels[turn][4 * a_place_${f}.y + ${k}][a_place_${f}.x] = rows[${k}];
      // #end
      a_next_${f} = a_block(job.a, a_at_step(job, a_start_${f}, k + depth + a_place_${f}.y));
    }
    // #end
    // #for f in B_FETCHES
    if b_block_${f} < b_blocks {
      // #for k in 4
      b_panels[turn][4 * b_place_${f}.y + ${k}][b_place_${f}.x] = b_next_${f}[${k}];
      // #end
      b_next_${f} = b_block(job.b, b_at_step(job, b_start_${f}, k + depth + b_place_${f}.y));
    }
    // #end
    workgroupBarrier();
    let parts = min(${PARTS}u, (job.shared_length - k) / 2);
    for (var part = 0u; part < parts; part++) {
      // #for k in 8
      // #for i in ROWS
      let a_${k}_${i} = a_panels[turn][8 * part + ${k}][down + ${i} * ${DOWN}];
      // #end
      // #for c in COLUMNS
      let b_${k}_${c} = b_panels[turn][8 * part + ${k}][across + ${c} * ${ACROSS}];
      // #for i in ROWS
      // #for j in 4
      sum_${i}_${j}_${c} = fma(vec4f(a_${k}_${i}[${j}]), b_${k}_${c}, sum_${i}_${j}_${c});
      // #end
      // #end
      // #end
      // #end
    }
    // #if ${COLUMN_SUMS}
    if first_row == 0 && down == 0 {
      for (var line = 0u; line < 8 * parts; line++) {
        // #for c in COLUMNS
        column_sum_${c} += b_panels[turn][line][across + ${c} * ${ACROSS}];
        // #end
      }
    }
    // #endif
  }

  // #for c in COLUMNS
  let column_${c} = first_column + across + ${c} * ${ACROSS};
  // #if ${COLUMN_SUMS}
  // #if ${UPDATES}
  nagare_load(replica, job.sums_group);
  // #endif
  if (first_row == 0) & (down == 0) & (column_${c} < job.columns) {
    put(at(job.sums, replica, 0, column_${c}), replica, column_sum_${c});
  }
  // #endif
  // #end
  // #if ${UPDATES}
  nagare_load(replica, job.group);
  // #endif
  // #for c in COLUMNS
  if column_${c} < job.columns {
    // #for i in ROWS
    let row_${i}_${c} = first_row + down + ${i} * ${DOWN};
    if row_${i}_${c} < job.rows / 4 {
      // #for j in 4
      let end_${i}_${j}_${c} =
        end(job.epilogue, replica, 4 * row_${i}_${c} + ${j}, column_${c}, sum_${i}_${j}_${c});
      put(
        at(job.epilogue.out, replica, 4 * row_${i}_${c} + ${j}, column_${c}),
        replica,
        end_${i}_${j}_${c},
      );
      // #end
    }
    // #end
  }
  // #end
}
