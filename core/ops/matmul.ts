import operandSource from "../../shaders/common/operand.wgsl" with { type: "text" };
import source from "../../shaders/matmul.wgsl" with { type: "text" };
import { type Matrix, padded } from "../gpu/matrix.ts";
import type { Plan } from "../gpu/plan.ts";
import { type Activation, activationConstants, activationSource } from "./activation.ts";

/** The product to record; see {@linkcode matmul}. */
export interface Product {
  /** [R, M, K], or [R, K, M] where `transposeA` is set. */
  a: Matrix;
  /** [R, K, N], or [R, N, K] where `transposeB` is set. */
  b: Matrix;
  /** [R, M, N]. */
  out: Matrix;
  transposeA?: boolean;
  transposeB?: boolean;
  /** Epilogue of a forward pass: out = f(a b + bias), bias [R, 1, N]. */
  forward?: { bias: Matrix; activation: Activation };
  /** Epilogue of a backward pass: out = (a b) * f'(z), from the outputs y = f(z) [R, M, N]. */
  backward?: { outputs: Matrix; activation: Activation };
  /** Epilogue of a weight gradient: out = a b + l2 weights, the gradient of l2/2 |weights|^2 added. */
  decay?: { weights: Matrix; l2: number };
}

/** The output an invocation keeps: 4 `rows` rows of `columns` vec4, in workgroups of `workgroup`. */
export interface Tile {
  rows: number;
  columns: number;
  workgroup: number;
}

/**
 * Records out = op(a) op(b), with an epilogue. Each output is one fma chain over k = 0..K-1, so its
 * bits depend on neither R nor the tile.
 */
export function matmul(plan: Plan, product: Product, tile: Tile = defaultTile): void {
  const { a, b, out, transposeA = false, transposeB = false, forward, backward, decay } = product;
  const shared = transposeA ? a.rows : a.columns;
  const shapes = [
    [transposeA ? a.columns : a.rows, out.rows],
    [transposeB ? b.columns : b.rows, shared],
    [transposeB ? b.rows : b.columns, out.columns],
  ];
  if (shapes.some(([given, wanted]) => given !== wanted)) {
    throw new RangeError(
      `a product of ${text(a)}${transposeA ? "'" : ""} and ${text(b)}${transposeB ? "'" : ""} ` +
        `does not give ${text(out)}`,
    );
  }
  const activation = (forward ?? backward)?.activation;
  const kernel = plan.gpu.kernel(
    `matmul_${transposeA ? "t" : "n"}${transposeB ? "t" : "n"}`,
    [activationSource, operandSource, source],
    {
      ROWS: tile.rows,
      COLUMNS: tile.columns,
      WORKGROUP: tile.workgroup,
      A_TRANSPOSED: transposeA,
      B_TRANSPOSED: transposeB,
      BIAS: forward !== undefined,
      DERIVATIVE: backward !== undefined,
      DECAY: decay !== undefined,
      EXTRA_MATRIX: (backward ?? decay) !== undefined,
      ...activationConstants(compiledActivation(activation)),
      TEXTURES: plan.gpu.operands === "textures",
    },
  );
  const extra = forward?.bias ?? backward?.outputs ?? decay?.weights;
  const rows = padded(out.rows);
  const columns = out.stride / 4;
  const sizes = [rows, columns, padded(shared) / 4, out.columns];
  const strides = [a, b, out, extra].flatMap((m) =>
    m ? [m.offset / 4, m.stride / 4, m.replicaStride / 4, 0] : [0, 0, 0, 0]
  );
  const isLinear = activation === "linear" ? 1 : 0;
  const tiles = rows / (4 * tile.rows) * columns / tile.columns;
  plan.dispatch(kernel, {
    product: new Uint32Array([...sizes, ...strides, ...floatWords(decay?.l2 ?? 0), isLinear, 0, 0]),
    a: a.buffer,
    b: b.buffer,
    out: out.buffer,
    ...(forward && { bias: forward.bias.buffer }),
    ...((backward || decay) && extra && { extra: extra.buffer }),
  }, {
    groups: [Math.ceil(tiles / tile.workgroup), 1, out.replicas],
    iterations: padded(shared) / 4,
  });
}

const defaultTile: Tile = { rows: 2, columns: 2, workgroup: 8 };

/**
 * Linear units share the kernel of sigmoid ones and pass it by: compiling one of their own takes as
 * long as hundreds of products on a software adapter, and most networks have both.
 */
function compiledActivation(activation: Activation | undefined): Activation {
  return activation === "linear" ? "sigmoid" : activation ?? "linear";
}

/** A float32 as a word of a uniform. */
function floatWords(value: number): Uint32Array {
  return new Uint32Array(new Float32Array([value]).buffer);
}

function text({ replicas, rows, columns }: Matrix): string {
  return `[${replicas}, ${rows}, ${columns}]`;
}
