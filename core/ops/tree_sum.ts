import source from "../../shaders/common/tree_sum.wgsl" with { type: "text" };

/** WGSL of `tree_sum`. */
export const treeSumSource: string = source;

/** Lanes of every sum over a workgroup. It fixes the order of the sums: the same on all adapters. */
export const lanes = 64;
