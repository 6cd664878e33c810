// out = a b, one product a replica; a or b may be read transposed. The epilogue adds a bias and
// applies the activation, multiplies by the activation's derivative, or adds a multiple of a third
// matrix.
//
// Each invocation keeps a tile of ROWS x COLUMNS vec4 of the output in named registers and walks
// along the shared dimension four at a time, so that a load feeds as much arithmetic as it can.
// Every output is one chain of fma over the shared dimension, in its order, whatever the tile.

struct Product {
  rows: u32,           // of out, padded
  columns: u32,        // of out, in vec4
  shared_length: u32,  // in vec4
  units: u32,          // columns of out that are no padding
  a: Place,
  b: Place,
  out: Place,
  extra: Place,        // the bias, the outputs, or the weights
  decay: f32,
  linear: u32,         // 1: units are linear, whatever activation is compiled in
}

struct Place { offset: u32, stride: u32, replica: u32, unused: u32 }  // in vec4

@group(0) @binding(0) var<uniform> product: Product;
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;
// #if ${TEXTURES}
@group(0) @binding(1) var a: texture_storage_2d<rgba32float, read>;
@group(0) @binding(2) var b: texture_storage_2d<rgba32float, read>;
fn a_at(i: u32) -> vec4f { return textureLoad(a, mirrored(i)); }
fn b_at(i: u32) -> vec4f { return textureLoad(b, mirrored(i)); }
// #else
@group(0) @binding(1) var<storage, read> a: array<vec4f>;
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
fn a_at(i: u32) -> vec4f { return a[i]; }
fn b_at(i: u32) -> vec4f { return b[i]; }
// #endif
// #if ${BIAS}
@group(0) @binding(4) var<storage, read> bias: array<vec4f>;
// #endif
// #if ${EXTRA_MATRIX}
// #if ${TEXTURES}
@group(0) @binding(4) var extra: texture_storage_2d<rgba32float, read>;
fn extra_at(i: u32) -> vec4f { return textureLoad(extra, mirrored(i)); }
// #else
@group(0) @binding(4) var<storage, read> extra: array<vec4f>;
fn extra_at(i: u32) -> vec4f { return extra[i]; }
// #endif
// #endif

@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(global_invocation_id) id: vec3u) {
  let tiles_down = product.rows / (4 * ${ROWS});
  let row = id.x % tiles_down * (4 * ${ROWS});
  let column = id.x / tiles_down * ${COLUMNS};
  if column >= product.columns { return; }
  let a_start = product.a.offset + id.z * product.a.replica;
  let b_start = product.b.offset + id.z * product.b.replica;

  // #for i in ROWS
  // #if ${A_TRANSPOSED}
  let a_start_${i} = a_start + row / 4 + ${i};
  // #else
  // #for j in 4
  let a_start_${i}_${j} = a_start + (row + 4 * ${i} + ${j}) * product.a.stride;
  // #end
  // #endif
  // #end
  // #for c in COLUMNS
  // #if ${B_TRANSPOSED}
  // #for j in 4
  let b_start_${c}_${j} = b_start + (4 * (column + ${c}) + ${j}) * product.b.stride;
  // #end
  // #else
  let b_start_${c} = b_start + column + ${c};
  // #endif
  // #end

  // #for i in ROWS
  // #for j in 4
  // #for c in COLUMNS
  var sum_${i}_${j}_${c} = vec4f();
  // #end
  // #end
  // #end
  for (var k = 0u; k < product.shared_length; k++) {
    // #for i in ROWS
    // #if ${A_TRANSPOSED}
    // #for k in 4
    let a_${i}_k${k} = a_at(a_start_${i} + (4 * k + ${k}) * product.a.stride);
    // #end
    // #for j in 4
    let a_${i}_${j} = vec4f(a_${i}_k0[${j}], a_${i}_k1[${j}], a_${i}_k2[${j}], a_${i}_k3[${j}]);
    // #end
    // #else
    // #for j in 4
    let a_${i}_${j} = a_at(a_start_${i}_${j} + k);
    // #end
    // #endif
    // #end
    // #for c in COLUMNS
    // #if ${B_TRANSPOSED}
    // #for j in 4
    let b_j${j}_${c} = b_at(b_start_${c}_${j} + k);
    // #end
    // #for k in 4
    let b_${k}_${c} = vec4f(b_j0_${c}[${k}], b_j1_${c}[${k}], b_j2_${c}[${k}], b_j3_${c}[${k}]);
    // #end
    // #else
    // #for k in 4
    let b_${k}_${c} = b_at(b_start_${c} + (4 * k + ${k}) * product.b.stride);
    // #end
    // #endif
    // #end
    // #for i in ROWS
    // #for j in 4
    // #for c in COLUMNS
    // #for k in 4
    sum_${i}_${j}_${c} = fma(vec4f(a_${i}_${j}[${k}]), b_${k}_${c}, sum_${i}_${j}_${c});
    // #end
    // #end
    // #end
    // #end
  }

  let is_linear = vec4<bool>(product.linear == 1);
  let out_start = product.out.offset + id.z * product.out.replica + column;
  let extra_start = product.extra.offset + id.z * product.extra.replica + column;
  // #for c in COLUMNS
  // #if ${BIAS}
  let bias_${c} = bias[extra_start + ${c}];
  let is_unit_${c} = 4 * (column + ${c}) + vec4u(0, 1, 2, 3) < vec4u(product.units);
  // #endif
  // #for i in ROWS
  // #for j in 4
  // #if ${BIAS}
  sum_${i}_${j}_${c} += bias_${c};
  sum_${i}_${j}_${c} = select(activate(sum_${i}_${j}_${c}), sum_${i}_${j}_${c}, is_linear);
  sum_${i}_${j}_${c} = select(vec4f(), sum_${i}_${j}_${c}, is_unit_${c});
  // #endif
  // #if ${DERIVATIVE}
  let slope_${i}_${j}_${c} =
    slope(extra_at(extra_start + (row + 4 * ${i} + ${j}) * product.extra.stride + ${c}));
  sum_${i}_${j}_${c} *= select(slope_${i}_${j}_${c}, vec4f(1), is_linear);
  // #endif
  // #if ${DECAY}
  sum_${i}_${j}_${c} = fma(
    vec4f(product.decay),
    extra_at(extra_start + (row + 4 * ${i} + ${j}) * product.extra.stride + ${c}),
    sum_${i}_${j}_${c},
  );
  // #endif
  out[out_start + (row + 4 * ${i} + ${j}) * product.out.stride + ${c}] = sum_${i}_${j}_${c};
  // #end
  // #end
  // #end
}
