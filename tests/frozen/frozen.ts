// What stands in frozen.json, and how it is read.

import { updates } from "./networks.ts";

/** What the engine computed when it was frozen; numbers in full, parameters by their bits. */
export interface Frozen {
  /** The adapter and driver whose bits these are, as `gpu.description` names it. */
  readonly driver: string;
  readonly networks: Readonly<Record<string, readonly FrozenOutcome[]>>;
}

/** One replica. */
export interface FrozenOutcome {
  readonly reports: readonly (readonly number[])[];
  /** float32, little-endian, in base64. */
  readonly theta: string;
}

/** Where it is kept. */
export const path = new URL("frozen.json", import.meta.url);

/**
 * How far another driver may be off, as a share of the largest value. exp and log differ by some
 * roundings from driver to driver (WGSL allows exp 3 + 2 |x| units in the last place, 16 of them
 * for pre-activations up to 6); each update adds such errors to those before it.
 */
export const tolerance = updates * 16 * 2 ** -23;

/** The bits of float32 as text. */
export function encode(values: Float32Array<ArrayBuffer>): string {
  return btoa(String.fromCharCode(...new Uint8Array(values.buffer)));
}

/** The inverse of {@linkcode encode}. */
export function decode(text: string): Float32Array<ArrayBuffer> {
  return new Float32Array(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
}
