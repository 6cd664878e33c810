// What every loss reads: the inputs z of the output units and their targets.
// #if ${TEXTURES}
@group(0) @binding(1) var z: texture_storage_2d<rgba32float, read>;
@group(0) @binding(2) var target_values: texture_storage_2d<rgba32float, read>;
fn z_at(i: u32) -> vec4f { return textureLoad(z, mirrored(i)); }
fn target_at(i: u32) -> vec4f { return textureLoad(target_values, mirrored(i)); }
// #else
@group(0) @binding(1) var<storage, read> z: array<vec4f>;
@group(0) @binding(2) var<storage, read> target_values: array<vec4f>;
fn z_at(i: u32) -> vec4f { return z[i]; }
fn target_at(i: u32) -> vec4f { return target_values[i]; }
// #endif
