// Lion: the step is the sign of a blend with the old mean, whose own step comes after it. A sign
// hides what is not finite, which is kept in the parameters for all to see.
let blend = fma(vec4f(beta1), average, rest1 * gradient);
let moved = fma(vec4f(-learning_rate), sign(blend), keep * parameters);
parameters = select(blend, moved, all_finite(blend));
average = fma(vec4f(beta2), average, rest2 * gradient);
