// Muon's step along the orthogonalized average, which `factor` scales; matrix_keep is
// 1 - learning rate x weight decay.
parameters = fma(vec4f(-matrix_rate), factor * direction, matrix_keep * parameters);
