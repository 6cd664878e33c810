// AdamW: the rate holds the bias correction of the mean, square_correction that of the square; keep
// is 1 - learning rate x weight decay.
mean = fma(vec4f(beta1), mean, rest1 * gradient);
square = fma(vec4f(beta2), square, rest2 * gradient * gradient);
let size = sqrt(square_correction * (square + initial_share)) + epsilon;
parameters = fma(vec4f(-rate), mean / size, keep * parameters);
