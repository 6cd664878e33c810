// Where element i of a mirrored buffer of vec4 lies in its texture (core/gpu/mirror.ts).
fn mirrored(i: u32) -> vec2u {
  return vec2u(i % 1024, i / 1024);
}
