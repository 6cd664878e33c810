import accumulateSource from "../../shaders/common/accumulate.wgsl" with { type: "text" };
import productSource from "../../shaders/common/product.wgsl" with { type: "text" };
import source from "../../shaders/matmul.wgsl" with { type: "text" };
import workgroupSource from "../../shaders/matmul_workgroup.wgsl" with { type: "text" };
import type { Constants } from "../gpu/compose.ts";
import { padded, rowsOf, type Tensor } from "../gpu/tensor.ts";
import type { Plan } from "../gpu/plan.ts";
import {
  checkEpilogue,
  type Epilogue,
  epilogueBindings,
  epilogueConstants,
  epilogueMembers,
  epilogueSources,
  place,
  shapeText as text,
} from "./epilogue.ts";
import {
  defaultTile,
  lanesOf,
  type SharingWorkgroup,
  type Tile,
  tilesFor,
  workgroups,
} from "./tile.ts";

/** The product to record; see {@linkcode matmul}. */
export interface Product extends Epilogue {
  /** [R, M, K], or [R, K, M] where `transposeA` is set. */
  a: Tensor;
  /** [R, K, N], or [R, N, K] where `transposeB` is set. */
  b: Tensor;
  /** [R, M, N]. */
  out: Tensor;
  /** Whether a is taken transposed. */
  transposeA?: boolean;
  /** Whether b is. */
  transposeB?: boolean;
  /**
   * Beside a weight gradient, that of the biases: [R, 1, N] in the buffer of `out`, the sums of the
   * columns of b, which is not transposed.
   */
  columnSums?: Tensor;
}

/**
 * Records out = then(op(a) op(b) + times plus), or the same with the former out added to the product.
 * Each output is one fma chain over k = 0..K-1, so its bits depend on neither R nor the tile.
 *
 * A layer y = f(x W + b) is { a: x, b: W, plus: b, then: { activate } }; the delta of the layer below
 * { a: delta, b: W, transposeB: true, then: { slopeOf, outputs } }; the gradient of W with weight
 * decay { a: x, b: delta, transposeA: true, plus: W, times: l2, columnSums }.
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
  const kernel = gpu.kernel(
    nameOf(product),
    [
      ...epilogueSources,
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
  const shared = padded(transposeA ? rowsOf(a) : a.columns);
  plan.dispatch(kernel, {
    job: {
      rows: padded(rowsOf(out)),
      columns: out.stride / 4,
      shared_length: shared / 4,
      units: out.columns,
      a: place(a),
      b: place(b),
      out: place(out),
      sums: place(columnSums),
      ...epilogueMembers(product, out),
    },
    a: a.buffer,
    b: b.buffer,
    out: out.buffer,
    ...epilogueBindings(product),
  }, {
    groups: [workgroups(tile, out), 1, out.replicas],
    iterations: iterations(tile, shared, columnSums !== undefined),
  });
}

/** Iterations of all loops of an invocation, with the tests that end them. */
function iterations({ rows, workgroup }: Tile, shared: number, sumsColumns: boolean): number {
  // Panels, their parts and the column sums.
  if (typeof workgroup === "object") return 1.5 * shared;
  const rowLoop = 4 * rows + 1;
  return 2 * rowLoop + (sumsColumns ? 2 : 1) * (shared / 4 + 1);
}

/** The fastest tile for products of about this size. */
function chooseTile(plan: Plan, product: Product): Tile {
  const { a, out, transposeA } = product;
  const sizes = [rowsOf(out), transposeA ? rowsOf(a) : a.columns, out.columns, out.replicas];
  return plan.choose({
    key: `${nameOf(product)} ${sizes.map((size) => 2 ** Math.ceil(Math.log2(size))).join(" x ")}`,
    variants: tilesFor(plan.gpu),
    fallback: defaultTile(plan.gpu, out),
    record: (plan, tile) => matmul(plan, product, tile),
  });
}

/** Throws unless the shapes of the operands give that of the output. */
function checkShapes(product: Product): void {
  const { a, b, out, transposeA, transposeB, columnSums: sums } = product;
  const shared = transposeA ? rowsOf(a) : a.columns;
  const shapes = [
    [transposeA ? a.columns : rowsOf(a), rowsOf(out)],
    [transposeB ? b.columns : rowsOf(b), shared],
    [transposeB ? rowsOf(b) : b.columns, out.columns],
  ];
  if (shapes.some(([given, wanted]) => given !== wanted)) {
    throw new RangeError(
      `a product of ${text(a)}${transposeA ? "'" : ""} and ${text(b)}${transposeB ? "'" : ""} ` +
        `does not give ${text(out)}`,
    );
  }
  checkEpilogue(product, out);
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
