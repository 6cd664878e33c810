// Schedule-free SGD: the parameters are the gradient point y and base is z; the average x, where the
// network is evaluated, lies on the line through both. pull draws y towards z with x, and stride is
// how far y goes where z goes by rate.
let direction = fma(vec4f(decay), parameters, gradient);
parameters = fma(vec4f(pull), base - parameters, parameters);
parameters = fma(vec4f(-stride), direction, parameters);
base = fma(vec4f(-rate), direction, base);
