// Nesterov's accelerated gradient as the paper writes it (section 2, equations 3 and 4):
//   v'     = momentum v - learning_rate grad f(theta + momentum v)
//   theta' = theta + v'
// The parameters are phi = theta + lead v, where the gradient is taken. Classical momentum has no
// lead; quasi-hyperbolic momentum one that is no momentum.
let next = fma(vec4f(-learning_rate), gradient, momentum * velocity);
parameters = fma(vec4f(-lead), velocity, parameters) + fma(vec4f(next_lead), next, next);
velocity = next;
