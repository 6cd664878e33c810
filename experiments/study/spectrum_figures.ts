import { Curvature, curvatureBytes, hutchinson, lanczos } from "../../mod.ts";
import type { FigureGroup } from "./figure_group.ts";

/** Steps of Lanczos' method with each matrix, and samples of the trace. */
const STEPS = 20, SAMPLES = 10;

/** A product costs so many passes over the cases, where a gradient costs 3; see `Curvature`. */
const PASSES = { "gauss-newton": 5, hessian: 6 } as const;

/** The ends of the spectrum, and its sum. */
export const spectrumFigures: FigureGroup = {
  help:
    "the largest eigenvalues of the Gauss-Newton matrix and of the Hessian, by Lanczos' method, " +
    "and the trace of the Hessian, by Hutchinson's",
  columns: {
    gauss_newton_top: "gaussNewtonTop",
    hessian_top: "hessianTop",
    hessian_trace: "hessianTrace",
    hessian_trace_error: "hessianTraceError",
  },
  gradients: {
    cases: (STEPS * PASSES["gauss-newton"] + (STEPS + SAMPLES) * PASSES.hessian) / 3,
  },
  bytes: ({ gpu, model, cases, batchSize: blockCases }) =>
    curvatureBytes(gpu, model, { cases, blockCases, steps: STEPS }),
  async measure({ gpu, model, networks: replicas, cases, batchSize: blockCases }) {
    const options = { model, replicas, cases, blockCases };
    const newton = await Curvature.open(gpu, { ...options, matrix: "gauss-newton" });
    const tops = await lanczos(newton, { steps: STEPS }).finally(() => newton.free());
    const hessian = await Curvature.open(gpu, { ...options, matrix: "hessian" });
    try {
      const spectra = await lanczos(hessian, { steps: STEPS });
      const traces = await hutchinson(hessian, { samples: SAMPLES });
      return tops.map(({ values: [gaussNewtonTop] }, r) => ({
        gaussNewtonTop,
        hessianTop: spectra[r].values[0],
        hessianTrace: traces[r].trace,
        hessianTraceError: traces[r].standardError,
      }));
    } finally {
      hessian.free();
    }
  },
};
