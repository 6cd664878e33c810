// Muon's average of the gradients, and the average that is one gradient ahead of it.
average = fma(vec4f(momentum), average, rest * gradient);
ahead = fma(vec4f(momentum), average, rest * gradient);
