// By the bits of the exponent: compilers fold v != v, and max(NaN, 0) is 0.
fn is_finite(value: f32) -> bool {
  return (bitcast<u32>(value) & 0x7f800000u) != 0x7f800000u;
}

fn all_finite(value: vec4f) -> bool {
  return all((bitcast<vec4u>(value) & vec4u(0x7f800000u)) != vec4u(0x7f800000u));
}
