import accumulateSource from "../../shaders/common/accumulate.wgsl" with { type: "text" };
import productSource from "../../shaders/common/product.wgsl" with { type: "text" };
import source from "../../shaders/matmul.wgsl" with { type: "text" };
import workgroupSource from "../../shaders/matmul_workgroup.wgsl" with { type: "text" };
import type { Constants } from "../gpu/compose.ts";
import { type Matrix, padded } from "../gpu/matrix.ts";
import type { Plan } from "../gpu/plan.ts";
import { type Activation, activationConstants, activationSource } from "./activation.ts";
import { columnSum } from "./column_sum.ts";
import {
  defaultTile,
  lanesOf,
  type SharingWorkgroup,
  type Tile,
  tilesFor,
  workgroups,
} from "./tile.ts";

/** The product to record; see {@linkcode matmul}. */
export interface Product {
  /** [R, M, K], or [R, K, M] where `transposeA` is set. */
  a: Matrix;
  /** [R, K, N], or [R, N, K] where `transposeB` is set. */
  b: Matrix;
  /** [R, M, N]. */
  out: Matrix;
  /** Whether a is taken transposed. */
  transposeA?: boolean;
  /** Whether b is. */
  transposeB?: boolean;
  /** Epilogue of a forward pass: out = f(a b + bias), bias [R, 1, N]. */
  forward?: { bias: Matrix; activation: Activation };
  /** Epilogue of a backward pass: out = (a b) * f'(z), from the outputs y = f(z) [R, M, N]. */
  backward?: { outputs: Matrix; activation: Activation };
  /** Epilogue of a weight gradient: out = a b + l2 weights, the gradient of l2/2 |weights|^2 added. */
  decay?: { weights: Matrix; l2: number };
  /**
   * Beside a weight gradient, that of the biases: [R, 1, N] in the buffer of `out`, the sums of the
   * columns of b, which is not transposed.
   */
  columnSums?: Matrix;
}

/**
 * Records out = op(a) op(b), with an epilogue. Each output is one fma chain over k = 0..K-1, so its
 * bits depend on neither R nor the tile.
 */
export function matmul(
  plan: Plan,
  product: Product,
  tile: Tile = chooseTile(plan, product),
): void {
  const { a, b, out, transposeA = false, transposeB = false, columnSums } = product;
  checkShapes(product);
  const { workgroup } = tile;
  const shares = typeof workgroup === "object";
  const { gpu } = plan;
  const extra = extraOf(product);
  const kernel = gpu.kernel(
    nameOf(product),
    [
      activationSource,
      accumulateSource,
      productSource,
      shares ? workgroupSource : source,
    ],
    {
      ROWS: tile.rows,
      COLUMNS: tile.columns,
      LANES: lanesOf(tile),
      ...shares && sharingConstants(tile, workgroup),
      A_TRANSPOSED: transposeA,
      B_TRANSPOSED: transposeB,
      ...epilogueConstants(product),
      COLUMN_SUMS: columnSums !== undefined,
    },
  );
  const shared = padded(transposeA ? a.rows : a.columns);
  plan.dispatch(kernel, {
    product: {
      rows: padded(out.rows),
      columns: out.stride / 4,
      shared_length: shared / 4,
      units: out.columns,
      a: place(a),
      b: place(b),
      out: place(out),
      extra: place(extra),
      sums: place(columnSums),
      decay: product.decay?.l2 ?? 0,
      linear: isLinear(product) ? 1 : 0,
    },
    a: a.buffer,
    b: b.buffer,
    out: out.buffer,
    ...(extra && { extra: extra.buffer }),
  }, {
    groups: [workgroups(tile, out), 1, out.replicas],
    // Panels, their parts and the column sums, with the tests that end the inner loops.
    iterations: shares ? 1.5 * shared : shared / 4,
  });
  if (columnSums && !shares) columnSum(plan, b, columnSums);
}

/** The fastest tile for products of about this size. */
function chooseTile(plan: Plan, product: Product): Tile {
  const { a, out, transposeA } = product;
  const sizes = [out.rows, transposeA ? a.rows : a.columns, out.columns, out.replicas];
  return plan.choose({
    key: `${nameOf(product)} ${sizes.map((size) => 2 ** Math.ceil(Math.log2(size))).join(" x ")}`,
    variants: tilesFor(plan.gpu),
    fallback: defaultTile(plan.gpu, out),
    record: (plan, tile) => matmul(plan, product, tile),
  });
}

/** Throws unless the shapes of the operands give that of the output. */
function checkShapes({ a, b, out, transposeA, transposeB, columnSums: sums }: Product): void {
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
  if (sums && (transposeB || sums.buffer !== out.buffer || sums.columns !== out.columns)) {
    throw new RangeError(
      `${text(sums)} cannot hold the column sums of ${text(b)} beside a product`,
    );
  }
}

function nameOf({ transposeA, transposeB }: Product): string {
  return `matmul_${transposeA ? "t" : "n"}${transposeB ? "t" : "n"}`;
}

function sharingConstants(
  { rows, columns }: Tile,
  { down, across, parts }: SharingWorkgroup,
): Constants {
  const blocks = (quads: number) => quads * 2 * parts;
  return {
    DOWN: down,
    ACROSS: across,
    PARTS: parts,
    A_FETCHES: Math.ceil(blocks(rows * down) / (down * across)),
    B_FETCHES: Math.ceil(blocks(columns * across) / (down * across)),
  };
}

function epilogueConstants({ forward, backward, decay }: Product): Constants {
  return {
    BIAS: forward !== undefined,
    DERIVATIVE: backward !== undefined,
    DECAY: decay !== undefined,
    EXTRA: (forward ?? backward ?? decay) !== undefined,
    ...activationConstants(compiledActivation((forward ?? backward)?.activation)),
  };
}

/** The matrix that the epilogue reads; a bias is the same row for all rows. */
function extraOf({ forward, backward, decay }: Product): Matrix | undefined {
  return forward ? { ...forward.bias, stride: 0 } : backward?.outputs ?? decay?.weights;
}

function isLinear({ forward, backward }: Product): boolean {
  return (forward ?? backward)?.activation === "linear";
}

/**
 * Linear units share the kernel of sigmoid ones and pass it by: compiling one of their own takes as
 * long as hundreds of products on a software adapter, and most networks have both.
 */
function compiledActivation(activation: Activation | undefined): Activation {
  return activation === "linear" ? "sigmoid" : activation ?? "linear";
}

/** Where a matrix lies, in vec4. */
function place(matrix: Matrix | undefined) {
  const { offset = 0, stride = 0, replicaStride = 0 } = matrix ?? {};
  return { offset: offset / 4, stride: stride / 4, replica: replicaStride / 4 };
}

function text({ replicas, rows, columns }: Matrix): string {
  return `[${replicas}, ${rows}, ${columns}]`;
}
