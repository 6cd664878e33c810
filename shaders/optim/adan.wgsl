// Adan: changes is 0 in the first update, which has no former gradient, and 1 from then on. The rate
// holds the bias correction of the mean; share weighs the mean difference against the mean.
let difference = changes * (gradient - old_gradient);
let ahead = fma(vec4f(beta2), difference, gradient);
mean = fma(vec4f(beta1), mean, rest1 * gradient);
mean_difference = fma(vec4f(beta2), mean_difference, rest2 * difference);
square = fma(vec4f(beta3), square, rest3 * ahead * ahead);
let size = sqrt(square_correction * square) + epsilon;
parameters = fma(vec4f(-rate), fma(vec4f(share), mean_difference, mean) / size, keep * parameters);
old_gradient = gradient;
