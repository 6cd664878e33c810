import accumulateSource from "../../shaders/common/accumulate.wgsl" with { type: "text" };
import productSource from "../../shaders/common/product.wgsl" with { type: "text" };
import source from "../../shaders/matmul.wgsl" with { type: "text" };
import workgroupSource from "../../shaders/matmul_workgroup.wgsl" with { type: "text" };
import type { Constants } from "../gpu/compose.ts";
import type { Kernel } from "../gpu/kernel.ts";
import { padded, rowsOf, type Tensor } from "../gpu/tensor.ts";
import type { Binding, Plan } from "../gpu/plan.ts";
import type { UniformValue } from "../gpu/uniform.ts";
import {
  checkEpilogue,
  type Epilogue,
  epilogueBindings,
  epilogueConstants,
  epilogueSources,
  epilogueValue,
  place,
  shapeText as text,
} from "./epilogue.ts";
import type { ComposedLines } from "./lines.ts";
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

/** An update that takes what products come to as its gradient, in place of their outputs. */
export interface ProductUpdate {
  /** Its lines, to which the products give the gradient. */
  readonly lines: ComposedLines;
  /** What else the kernel binds for them. */
  bindings(kernel: Kernel): Record<string, Binding>;
  /** Members of a product: the groups of tensors that it and its column sums belong to. */
  groups(product: Product): { group: number; sums_group: number };
}

/**
 * Records out = then(op(a) op(b) + times plus), or the same with the former out added to the product.
 * Each output is one fma chain over k = 0..K-1, so its bits depend on neither R nor the tile.
 *
 * A layer y = f(x W + b) is { a: x, b: W, plus: b, then: { activate } }; the delta of the layer below
 * { a: delta, b: W, transposeB: true, then: { slopeOf, outputs } }; the gradient of W with weight
 * decay { a: x, b: delta, transposeA: true, plus: W, times: l2, columnSums }.
 */
export function matmul(plan: Plan, product: Product, tile?: Tile): void {
  recordProducts(plan, [product], tile);
}

/**
 * Records products of which none reads what another writes, with the bits of {@linkcode matmul}: those
 * that read the same two buffers in one dispatch.
 */
export function matmuls(plan: Plan, products: readonly Product[], tile?: Tile): void {
  for (const group of groupsOf(plan, products)) recordProducts(plan, group, tile);
}

/** Records products of one group in one dispatch. */
export function recordProducts(
  plan: Plan,
  products: readonly Product[],
  tile: Tile = chooseTile(plan, products),
  update?: ProductUpdate,
): void {
  for (const product of products) checkShapes(product);
  const [product] = products;
  const { a, b, out, transposeA = false, transposeB = false, columnSums } = product;
  const { workgroup } = tile;
  const shares = typeof workgroup === "object";
  const kernel = plan.gpu.kernel(
    nameOf(product),
    [
      ...update?.lines.sources ?? [],
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
      PRODUCTS: products.length,
      UPDATES: update !== undefined,
      ...update?.lines.constants,
    },
    update?.lines.explain,
  );
  const counts = products.map(({ out }) => workgroups(tile, out));
  const firsts = counts.map((_, i) => counts.slice(0, i).reduce((sum, count) => sum + count, 0));
  plan.dispatch(kernel, {
    products: {
      list: products.map((product, i) => ({
        first: firsts[i],
        ...uniformOf(product),
        ...update?.groups(product),
      })),
    },
    a: a.buffer,
    b: b.buffer,
    ...update ? update.bindings(kernel) : { out: out.buffer, ...epilogueBindings(product) },
  }, {
    groups: [counts.reduce((sum, count) => sum + count), 1, out.replicas],
    iterations: Math.max(...products.map((product) => iterations(tile, product))),
  });
}

function uniformOf(product: Product): Record<string, UniformValue> {
  const { a, b, out, columnSums } = product;
  return {
    rows: padded(rowsOf(out)),
    columns: out.stride / 4,
    shared_length: sharedLength(product) / 4,
    a: place(a),
    b: place(b),
    sums: place(columnSums),
    epilogue: epilogueValue(product, out),
  };
}

/** Terms of each sum, padding included. */
function sharedLength({ a, transposeA }: Product): number {
  return padded(transposeA ? rowsOf(a) : a.columns);
}

/** Iterations of all loops of an invocation, with the tests that end them. */
function iterations({ rows, workgroup }: Tile, product: Product): number {
  const shared = sharedLength(product);
  // Panels, their parts and the column sums.
  if (typeof workgroup === "object") return 1.5 * shared;
  const rowLoop = 4 * rows + 1;
  return 2 * rowLoop + (product.columnSums ? 2 : 1) * (shared / 4 + 1);
}

/** Products by the kernel that computes them and the buffers that it binds, in their order. */
export function groupsOf({ gpu }: Plan, products: readonly Product[]): Product[][] {
  const most = Math.floor(gpu.device.limits.maxUniformBufferBindingSize / PRODUCT_BYTES);
  const groups: Product[][] = [];
  for (const product of products) {
    const group = groups.find((group) => group.length < most && goTogether(group[0], product));
    if (group) group.push(product);
    else groups.push([product]);
  }
  return groups;
}

/** Bytes of a product in the uniform, at most. */
const PRODUCT_BYTES = 256;

function goTogether(one: Product, other: Product): boolean {
  const words = (product: Product) => {
    const { transposeA, transposeB, columnSums, out } = product;
    const kinds = [transposeA, transposeB, columnSums].map(Boolean);
    return JSON.stringify([kinds, out.replicas, epilogueConstants(product)]);
  };
  const buffers = ({ a, b, out, ...epilogue }: Product) => [
    ...[a, b, out].map(({ buffer }) => buffer),
    ...Object.values(epilogueBindings(epilogue)),
  ];
  return words(one) === words(other) &&
    buffers(one).every((buffer, i) => buffer === buffers(other)[i]);
}

/** The fastest tile for products of about these sizes. */
function chooseTile(plan: Plan, products: readonly Product[]): Tile {
  const sizes = products.map((product) =>
    [rowsOf(product.out), sharedLength(product), product.out.columns, product.out.replicas]
      .map((size) => 2 ** Math.ceil(Math.log2(size))).join(" x ")
  );
  return plan.choose({
    key: `${nameOf(products[0])} ${sizes.join(" + ")}`,
    variants: tilesFor(plan.gpu),
    fallback: defaultTile(plan.gpu, products.map(({ out }) => out)),
    record: (plan, tile) => recordProducts(plan, products, tile),
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
