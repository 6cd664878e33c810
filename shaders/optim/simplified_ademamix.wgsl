// Simplified AdEMAMix: sum is no mean, so it has neither 1 - beta1 nor a bias correction; alpha
// weighs the gradient against it.
sum = fma(vec4f(beta1), sum, gradient);
square = fma(vec4f(beta2), square, rest2 * gradient * gradient);
let size = sqrt(square_correction * square) + epsilon;
parameters = fma(vec4f(-learning_rate), fma(vec4f(alpha), gradient, sum) / size, keep * parameters);
