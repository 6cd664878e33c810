import type { Gpu } from "../gpu/gpu.ts";
import { padded, rowsOf, type Tensor } from "../gpu/tensor.ts";

/**
 * How a product is cut up: each invocation computes 4 `rows` rows of `columns` vec4 of the output.
 * No bit of the output depends on it.
 */
export interface Tile {
  /** Blocks of 4 rows. */
  readonly rows: number;
  /** vec4 across. */
  readonly columns: number;
  /**
   * Invocations of a workgroup: so many, each by itself, or `down` x `across` that share what they
   * read, 8 `parts` deep along the shared dimension.
   */
  readonly workgroup: number | SharingWorkgroup;
}

/** See {@linkcode Tile}. */
export interface SharingWorkgroup {
  /** Invocations along the rows. */
  readonly down: number;
  /** Invocations along the columns. */
  readonly across: number;
  /** Of the shared dimension, 8 deep each. */
  readonly parts: number;
}

/** For adapters that compute on the CPU, where invocations share nothing and barriers are dear. */
export const softwareTiles: readonly Tile[] = [{ rows: 3, columns: 4, workgroup: 8 }];

/** For GPUs, from large products to small ones. */
export const hardwareTiles: readonly Tile[] = [
  { rows: 2, columns: 2, workgroup: { down: 16, across: 16, parts: 2 } }, // 128 x 128
  { rows: 2, columns: 2, workgroup: { down: 16, across: 16, parts: 1 } },
  { rows: 2, columns: 2, workgroup: { down: 16, across: 8, parts: 1 } }, // 128 x 64
  { rows: 2, columns: 2, workgroup: { down: 8, across: 8, parts: 2 } }, // 64 x 64
  { rows: 1, columns: 1, workgroup: { down: 16, across: 16, parts: 2 } }, // 64 x 64
  { rows: 1, columns: 1, workgroup: { down: 8, across: 8, parts: 4 } }, // 32 x 32
  { rows: 1, columns: 1, workgroup: { down: 4, across: 8, parts: 4 } }, // 16 x 32
];

/** The tiles that an adapter can use. */
export function tilesFor(gpu: Gpu): readonly Tile[] {
  if (gpu.isSoftware) return softwareTiles;
  const { maxComputeInvocationsPerWorkgroup, maxComputeWorkgroupStorageSize } = gpu.device.limits;
  return hardwareTiles.filter((tile) =>
    lanesOf(tile) <= maxComputeInvocationsPerWorkgroup &&
    sharedBytes(tile) <= maxComputeWorkgroupStorageSize
  );
}

/** Workgroups that keep a large GPU busy: one for each of its processors. */
const BUSY = 128;

/** What is used where nothing was measured: the largest tile that keeps a GPU busy. */
export function defaultTile(gpu: Gpu, outs: readonly Tensor[]): Tile {
  const tiles = tilesFor(gpu);
  const count = (tile: Tile) =>
    outs.reduce((sum, out) => sum + out.replicas * workgroups(tile, out), 0);
  return tiles.find((tile) => count(tile) >= BUSY) ?? tiles[tiles.length - 1];
}

/** Workgroups that compute one replica's output. */
export function workgroups({ rows, columns, workgroup }: Tile, out: Tensor): number {
  const shares = typeof workgroup === "object";
  const down = 4 * rows * (shares ? workgroup.down : 1);
  const across = columns * (shares ? workgroup.across : 1);
  const tiles = Math.ceil(padded(rowsOf(out)) / down) * Math.ceil(out.stride / 4 / across);
  return shares ? tiles : Math.ceil(tiles / workgroup);
}

/** Invocations of a workgroup. */
export function lanesOf({ workgroup }: Tile): number {
  return typeof workgroup === "number" ? workgroup : workgroup.down * workgroup.across;
}

/** Workgroup memory that a workgroup takes: two panels of each operand. */
function sharedBytes({ rows, columns, workgroup }: Tile): number {
  if (typeof workgroup === "number") return 0;
  const { down, across, parts } = workgroup;
  return 2 * 8 * parts * 16 * (rows * down + columns * across);
}
