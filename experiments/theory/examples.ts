import { paperMomentum, reference, type Schedule } from "../../mod.ts";

/** Eigenvalues from 1/16 to 4, and the slope at 0 along each eigendirection. */
const spectrum = [4, 3, 2, 1, 1 / 2, 1 / 4, 1 / 8, 1 / 16];
const slopes = [1, -2, 3, -1, 1 / 2, 1, -1 / 4, 1 / 8];

/** Two reflections at ones and minus ones: all entries are multiples of 1/4. */
const rotation = reference.orthonormal([1, 1, 1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, -1, 1, -1]);

/** A quadratic whose eigendirections are the axes. Float32 holds all of its numbers. */
export const alongAxes = new reference.Quadratic({ spectrum, slopes });

/** The same quadratic turned: every coordinate has to do with every direction. */
export const turned = new reference.Quadratic({ spectrum, slopes, rotation });

/** Where its minimisation starts, in eigendirections. */
export const start = Float64Array.of(1, -1, 2, 3, -2, 1, -3, 2);

/** The paper's schedule (5), compressed: it rises every 6 updates. */
export const risingMomentum: Schedule = paperMomentum({ cap: 0.99, period: 6 });

/** A learning rate that falls and rises, in multiples of 1/32 up to 1/8. */
export const changingRate: Schedule = (step) => [4, 2, 3, 1][Math.floor(step / 5) % 4] / 32;

/** Updates that pass through eight momenta and ten changes of the learning rate. */
export const updates = 48;
