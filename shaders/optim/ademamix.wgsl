// AdEMAMix: AdamW's lines with a second, slow mean that has no bias correction. The rate holds that
// of the fast mean, and share undoes it for the slow one.
mean = fma(vec4f(beta1), mean, rest1 * gradient);
slow_mean = fma(vec4f(beta3), slow_mean, rest3 * gradient);
square = fma(vec4f(beta2), square, rest2 * gradient * gradient);
let size = sqrt(square_correction * square) + epsilon;
parameters = fma(vec4f(-rate), fma(vec4f(share), slow_mean, mean) / size, keep * parameters);
