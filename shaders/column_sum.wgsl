// out[j] = the sum over rows of a[i][j], in their order: the gradient of a bias.

struct ColumnSum {
  rows: u32,       // padded; the padding is zero
  columns: u32,    // in vec4
  a: vec4u,        // offset, stride, replica; in vec4
  out: vec4u,
}

@group(0) @binding(0) var<uniform> shape: ColumnSum;
// #operand
@group(0) @binding(1) var<storage, read> a: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> out: array<vec4f>;

@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(global_invocation_id) id: vec3u) {
  let column = id.x;
  // A bound that is a uniform alone has lavapipe compile the kernel anew for every dispatch.
  let rows = select(0u, shape.rows, column < shape.columns);
  let start = shape.a.x + id.z * shape.a.z + column;
  var sum = vec4f();
  for (var row = 0u; row < rows; row += 8) {
    // #for i in 8
    sum += a_at(start + (row + ${i}) * shape.a.y);
    // #end
  }
  if column < shape.columns { out[shape.out.x + id.z * shape.out.z + column] = sum; }
}
