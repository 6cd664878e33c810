// How a sum of an operation begins and ends: perhaps with what is in `out`; with a multiple of another
// matrix added; activated, or multiplied by the slope of an activation. The operation's uniform is
// `job`, with the members that are named here.

struct Place { offset: u32, stride: u32, replica: u32, unused: u32 }  // in vec4

// #if ${PLUS}
// #operand
@group(0) @binding(4) var<storage, read> plus: array<vec4f>;
// #endif
// #if ${SLOPE}
// #operand
@group(0) @binding(5) var<storage, read> slopes: array<vec4f>;
// #endif

// Where four units of a row lie; `column` counts vec4.
fn at(place: Place, replica: u32, row: u32, column: u32) -> u32 {
  return place.offset + replica * place.replica + row * place.stride + column;
}

// What a sum begins with.
fn begin(replica: u32, row: u32, column: u32) -> vec4f {
  // #if ${ADDS}
  return out[at(job.out, replica, row, column)];
  // #else
  return vec4f();
  // #endif
}

// Writes what the epilogue makes of a sum.
fn finish(replica: u32, row: u32, column: u32, sum: vec4f) {
  var z = sum;
  // #if ${PLUS}
  z = fma(vec4f(job.times), plus_at(at(job.plus, replica, row, column)), z);
  // #endif
  let is_linear = vec4<bool>(job.linear == 1);
  // #if ${ACTIVATE}
  let is_unit = 4 * column + vec4u(0, 1, 2, 3) < vec4u(job.units);
  z = select(vec4f(), select(activate(z), z, is_linear), is_unit);
  // #elif ${SLOPE}
  let outputs = slopes_at(at(job.slopes, replica, row, column));
  z *= select(slope(outputs), vec4f(1), is_linear);
  // #endif
  out[at(job.out, replica, row, column)] = z;
}
