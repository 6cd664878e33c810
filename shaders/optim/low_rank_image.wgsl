// What a new basis is made of: (momentum P Q' - learning_rate G) W, of which `carried` holds P Q'W and
// `image` holds G W.
image = fma(vec4f(-learning_rate), image, momentum * carried);
