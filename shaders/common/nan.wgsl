// NaN, by its bits: compilers fold v != v. And exp() and log() of NaN, which some drivers have be
// numbers: by SwiftShader's, infinity and 89, a sigmoid unit would be 0, and a loss finite.

fn is_nan(value: f32) -> bool {
  return (bitcast<u32>(value) & 0x7fffffffu) > 0x7f800000u;
}

fn exp_or_nan(x: vec4f) -> vec4f {
  return select(exp(x), x, (bitcast<vec4u>(x) & vec4u(0x7fffffffu)) > vec4u(0x7f800000u));
}

fn log_or_nan(x: f32) -> f32 {
  return select(log(x), x, is_nan(x));
}
