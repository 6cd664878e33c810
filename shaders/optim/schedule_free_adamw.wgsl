// Schedule-free AdamW: the lines of schedule-free SGD with the gradient over its size.
square = fma(vec4f(beta2), square, rest2 * gradient * gradient);
let size = sqrt(square_correction * square) + epsilon;
let direction = fma(vec4f(decay), parameters, gradient / size);
parameters = fma(vec4f(pull), base - parameters, parameters);
parameters = fma(vec4f(-stride), direction, parameters);
base = fma(vec4f(-rate), direction, base);
