// What every loss reads: the inputs z of the output units and their targets.
// #operand
@group(0) @binding(1) var<storage, read> z: array<vec4f>;
// #operand
@group(0) @binding(2) var<storage, read> target_values: array<vec4f>;
