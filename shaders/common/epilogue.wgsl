// How a sum of an operation begins and ends: perhaps with what is in `out`; with a multiple of another
// matrix added; activated, or multiplied by the slope of an activation.

struct Place { offset: u32, stride: u32, replica: u32, unused: u32 }  // in vec4

struct Epilogue {
  out: Place,
  plus: Place,    // its stride is 0 where one row is added to all
  slopes: Place,  // the outputs whose slopes multiply
  times: f32,     // of plus
  linear: u32,    // 1: units are linear, whatever activation is compiled in
  units: u32,     // columns of out that are no padding
  unused: u32,
}

// #if ${PLUS}
// #if ${UPDATES}
// Parameters, which the lines of an update move behind that.
fn plus_at(i: u32) -> vec4f { return nagare_parameters[i]; }
// #else
// #operand
@group(0) @binding(4) var<storage, read> plus: array<vec4f>;
// #endif
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
fn begin(epilogue: Epilogue, replica: u32, row: u32, column: u32) -> vec4f {
  // #if ${ADDS}
  return out[at(epilogue.out, replica, row, column)];
  // #else
  return vec4f();
  // #endif
}

// What is made of a sum in the end.
fn end(epilogue: Epilogue, replica: u32, row: u32, column: u32, sum: vec4f) -> vec4f {
  var z = sum;
  // #if ${PLUS}
  z = fma(vec4f(epilogue.times), plus_at(at(epilogue.plus, replica, row, column)), z);
  // #endif
  let is_linear = vec4<bool>(epilogue.linear == 1);
  // #if ${ACTIVATE}
  let is_unit = 4 * column + vec4u(0, 1, 2, 3) < vec4u(epilogue.units);
  z = select(vec4f(), select(activate(z), z, is_linear), is_unit);
  // #elif ${SLOPE}
  let outputs = slopes_at(at(epilogue.slopes, replica, row, column));
  z *= select(slope(outputs), vec4f(1), is_linear);
  // #endif
  return z;
}
