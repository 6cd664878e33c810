// AdamW with Nesterov's momentum: fresh and past are the shares of the gradient and of the mean in a
// step, with their bias corrections.
mean = fma(vec4f(beta1), mean, rest1 * gradient);
square = fma(vec4f(beta2), square, rest2 * gradient * gradient);
let ahead = fma(vec4f(past), mean, fresh * gradient);
let size = sqrt(square_correction * square) + epsilon;
parameters = fma(vec4f(-learning_rate), ahead / size, keep * parameters);
