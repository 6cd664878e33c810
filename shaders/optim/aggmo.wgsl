// Aggregated momentum: v_i' = beta_i v_i - grad f, theta' = theta + (learning rate / K) sum v_i'.
// The velocity whose beta is 0 (PLAIN) is the gradient's own.
// #if ${PLAIN}
var sum = -gradient;
// #else
var sum = vec4f();
// #endif
// #for i in KEPT
velocity_${i} = fma(vec4f(beta_${i}), velocity_${i}, -gradient);
sum += velocity_${i};
// #end
parameters = fma(vec4f(share), sum, parameters);
