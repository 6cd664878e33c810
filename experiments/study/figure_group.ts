import type { Gpu, Model, ReplicaPoint } from "../../mod.ts";

/** What figures of curvature are measured of: networks side by side. */
export interface MeasuredNetworks {
  readonly gpu: Gpu;
  readonly model: Model;
  readonly networks: readonly MeasuredNetwork[];
  /** Training cases that the network's seed chooses. */
  readonly cases: number;
  /** Of the run, and of a block of those cases. */
  readonly batchSize: number;
  /** Updates done. */
  readonly update: number;
}

/** A network at theta. */
export interface MeasuredNetwork extends ReplicaPoint {
  /** Of an optimizer whose next step goes on by mu v, and which has taken one: v as its state has it. */
  readonly momentum?: { readonly mu: number; readonly velocity: Float32Array<ArrayBuffer> };
}

/** Figures of one network, by their names. */
export type FiguresByName = Readonly<Record<string, number>>;

/** Figures that are measured together. */
export interface FigureGroup {
  /** What they are, in words. */
  readonly help: string;
  /** Their names, by their columns of curve.csv. */
  readonly columns: Readonly<Record<string, string>>;
  /** What a measurement costs, in gradients over its cases, or in gradients over a minibatch. */
  readonly gradients: { readonly cases: number } | { readonly minibatches: number };
  /** Bytes that a measurement of one network takes. */
  bytes(of: Omit<MeasuredNetworks, "networks" | "update">): number;
  /** Measures them. */
  measure(of: MeasuredNetworks): Promise<FiguresByName[]>;
}
