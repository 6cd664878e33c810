// Nesterov's accelerated gradient (see nesterov.wgsl), whose momentum is measured. a is 1 after a
// step uphill alone, of which no velocity is left.
let next = fma(vec4f(-learning_rate), gradient, momentum * velocity);
parameters = fma(vec4f(-momentum), velocity, parameters) + fma(vec4f(next_momentum), next, next);
velocity = select(next, vec4f(), a == 1);
