// Stochastic gradient descent: theta' = theta - learning_rate grad f(theta).
parameters = parameters + fma(vec4f(-learning_rate), gradient, vec4f());
