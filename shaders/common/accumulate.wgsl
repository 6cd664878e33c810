// sum + a b, four terms of a product's chain of fma in their order.
fn accumulate(sum: vec4f, a: vec4f, b: mat4x4f) -> vec4f {
  let first = fma(vec4f(a.y), b[1], fma(vec4f(a.x), b[0], sum));
  return fma(vec4f(a.w), b[3], fma(vec4f(a.z), b[2], first));
}
