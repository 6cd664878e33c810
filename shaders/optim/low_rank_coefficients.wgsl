// The velocity in the new basis P: `carried` holds Q times what P was in the old one, `held` G'P.
carried = momentum * carried;
coefficients = fma(vec4f(-learning_rate), held, carried);
