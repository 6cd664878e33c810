// Classical momentum, whose momentum is measured.
velocity = fma(vec4f(-learning_rate), gradient, momentum * velocity);
parameters += velocity;
old_gradient = gradient;
