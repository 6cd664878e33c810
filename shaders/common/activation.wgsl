// What a unit does with its input, four units at a time: ${ACTIVATION} is linear, sigmoid, tanh or
// relu. NaN goes through every one of them: each comparison with it is false, and each false branch
// keeps the value.

// #if ${SIGMOID}
fn activate(z: vec4f) -> vec4f {
  return 1.0 / (1.0 + exp_or_nan(-z));
}

// The derivative, from the unit's output y.
fn slope(y: vec4f) -> vec4f {
  return y * (1.0 - y);
}
// #elif ${TANH}
// The built-in tanh is 0/0 past 44 on some drivers and loses digits near zero on others. Below
// 0.625 an odd polynomial (the coefficients of Cephes, single precision), above it the quotient.
fn activate(z: vec4f) -> vec4f {
  let s = z * z;
  var p = fma(s, vec4f(-5.70498872745e-3), vec4f(2.06390887954e-2));
  p = fma(s, p, vec4f(-5.37397155531e-2));
  p = fma(s, p, vec4f(1.33314422036e-1));
  p = fma(s, p, vec4f(-3.33332819422e-1));
  let near = fma(z * s, p, z);
  let far = sign(z) * (1.0 - 2.0 / (exp_or_nan(2.0 * abs(z)) + 1.0));
  return select(far, near, abs(z) < vec4f(0.625));
}

fn slope(y: vec4f) -> vec4f {
  return fma(-y, y, vec4f(1.0));
}
// #elif ${RELU}
fn activate(z: vec4f) -> vec4f {
  return select(z, vec4f(), z < vec4f());
}

fn slope(y: vec4f) -> vec4f {
  return select(vec4f(1.0), y, y <= vec4f());
}
// #else
fn activate(z: vec4f) -> vec4f {
  return z;
}

fn slope(y: vec4f) -> vec4f {
  return vec4f(1.0);
}
// #endif
