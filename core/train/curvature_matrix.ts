// How a product with each matrix of curvature is recorded, block by block.

import { InputError } from "../errors.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { allocateFloats } from "../gpu/tensor.ts";
import type { Plan } from "../gpu/plan.ts";
import { Vector } from "../gpu/vector.ts";
import type { Graph } from "../graph/model.ts";
import { pointwise } from "../ops/pointwise.ts";
import { partialFloats, vectorSums } from "../ops/vector_sums.ts";
import type { CasePasses } from "./case_passes.ts";

/** The matrices that have products. */
export const curvatureMatrices = ["gauss-newton", "hessian"] as const;

/** One of them; see `Curvature`. */
export type CurvatureMatrix = typeof curvatureMatrices[number];

/** What a product is made of. */
export interface ProductParts extends Pick<CasePasses, "theta" | "seeds" | "cases" | "caseLoss"> {
  readonly direction: Vector;
}

/** What is recorded of a product. */
export interface ProductRules {
  /** What comes before the blocks. */
  begin(plan: Plan): void;
  /** out = A direction, of the block of the step in force. */
  multiply(plan: Plan, graph: Graph, out: Vector): void;
  /** Gives its buffers back. */
  free(): void;
}

/** The rules of a matrix. */
export function productRules(
  gpu: Gpu,
  matrix: CurvatureMatrix,
  parts: ProductParts,
): ProductRules {
  return matrix === "hessian" ? new Differences(gpu, parts) : gaussNewton(parts);
}

function gaussNewton(parts: ProductParts): ProductRules {
  const { theta: parameters, direction, seeds, cases, caseLoss } = parts;
  return {
    begin() {},
    multiply(plan, graph, product) {
      if (!graph.recordCurvature) {
        throw new InputError(
          "this model has no products of Gauss and Newton: take the hessian, or give its graph " +
            "recordCurvature()",
        );
      }
      graph.recordCases(plan, { seeds, cases });
      graph.recordLoss(plan, { parameters, seeds, caseLoss });
      graph.recordCurvature(plan, { parameters, direction, product, seeds });
    },
    free() {},
  };
}

/**
 * The step of central differences along a vector of length 1, whatever the length of theta: what
 * directions of large curvature move are the inputs of a few units. At the sparse start of 784-50-20-6,
 * |theta| = 118, it gives 294.78 for the largest eigenvalue 294.81; 0.003 |theta| would give 184.
 */
const STEP = 0.003;

/** The Hessian, by central differences of gradients. */
class Differences implements ProductRules {
  readonly #gpu: Gpu;
  readonly #parts: ProductParts;
  readonly #point: Vector;
  /** The gradient ahead of theta; that behind it is where the product goes. */
  readonly #ahead: Vector;
  /** h / |v|, and 1 / 2h times |v|. */
  readonly #steps: { readonly buffer: GPUBuffer; readonly names: readonly string[] };
  readonly #partials: GPUBuffer;

  constructor(gpu: Gpu, parts: ProductParts) {
    const { theta } = parts, { layout, replicas } = theta;
    this.#gpu = gpu;
    this.#parts = parts;
    this.#point = new Vector(gpu, "point beside theta", layout, replicas);
    this.#ahead = new Vector(gpu, "gradient ahead", layout, replicas);
    const names = ["along", "inverse"];
    const buffer = gpu.allocate("steps of differences", 4 * replicas * names.length);
    this.#steps = { buffer, names };
    this.#partials = allocateFloats(gpu, "partial sums", partialFloats(theta, 1));
  }

  begin(plan: Plan): void {
    const { direction } = this.#parts;
    vectorSums(plan, {
      name: "step of differences",
      vectors: { direction },
      sums: { square: "direction * direction" },
      // Of no direction the difference is 0, whatever the step.
      body: `
        along = ${STEP} / select(1, sqrt(square), square > 0);
        inverse = 0.5 / along;`,
      measured: this.#steps,
      partials: this.#partials,
    });
  }

  multiply(plan: Plan, graph: Graph, out: Vector): void {
    const { seeds, cases, caseLoss } = this.#parts;
    const ahead = this.#ahead, parameters = this.#point;
    graph.recordCases(plan, { seeds, cases });
    for (const [side, gradient] of [[1, ahead], [-1, out]] as const) {
      this.#move(plan, side);
      graph.recordGradient(plan, { parameters, gradient, seeds, caseLoss });
    }
    pointwise(plan, {
      name: "difference of gradients",
      body: "behind = inverse * (ahead - behind);",
      reads: { ahead },
      updates: { behind: out },
      measured: this.#steps,
    });
  }

  #move(plan: Plan, side: 1 | -1): void {
    const { theta, direction } = this.#parts;
    pointwise(plan, {
      name: "point beside theta",
      body: "point = fma(vec4f(side * along), direction, theta);",
      reads: { theta, direction },
      updates: { point: this.#point },
      numbers: { side },
      measured: this.#steps,
    });
  }

  free(): void {
    for (const vector of [this.#point, this.#ahead]) vector.free();
    for (const buffer of [this.#steps.buffer, this.#partials]) this.#gpu.free(buffer);
  }
}
