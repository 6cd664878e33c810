// What the page and its worker tell each other.

import type { NetworkSettings, RunSettings } from "./settings.ts";

/** What the page asks of the worker. */
export type Order =
  /** Networks at update 0; `session` is told with all that comes of them. */
  | { type: "open"; session: number; settings: RunSettings; networks: readonly NetworkSettings[] }
  | { type: "train" }
  | { type: "pause" }
  | { type: "step" }
  | { type: "set"; network: number; rate?: number; momentum?: number }
  /** Images to train on in place of Curves, by way of a file's bytes. */
  | { type: "images"; name: string; bytes: Uint8Array<ArrayBuffer> }
  | { type: "measure" };

/** What the worker tells the page. */
export type Answer =
  | { type: "adapter"; name: string; isSoftware: boolean }
  | { type: "report"; session: number; report: SessionReport }
  | { type: "pictures"; session: number; pictures: Pictures }
  | { type: "stopped"; session: number; isFinished: boolean }
  | { type: "images"; name: string; cases: number }
  | { type: "measuring"; what: string }
  | { type: "measured"; times: readonly MeasuredTime[] }
  /** Of "gpu": nothing can be trained here. */
  | { type: "failed"; message: string; of: Order["type"] | "gpu" };

/** The state of all networks after some updates. */
export interface SessionReport {
  readonly update: number;
  readonly updatesPerSecond: number;
  readonly networks: readonly NetworkReport[];
}

/** That of one of them; what its optimizer does not have, or nobody asked for, is undefined. */
export interface NetworkReport {
  readonly squaredError: number;
  /** The learning rate. */
  readonly rate: number;
  readonly momentum: number | undefined;
  readonly velocityNorm: number | undefined;
  /** The largest eigenvalue of the Hessian. */
  readonly sharpness: number | undefined;
}

/** Images that the networks are shown by, each of `width` pixels a row. */
export interface Pictures {
  readonly width: number;
  /** Cases, pixels one after the other, from 0 to 1. */
  readonly cases: readonly Float32Array<ArrayBuffer>[];
  readonly networks: readonly {
    /** What each network makes of the cases. */
    readonly reconstructions: readonly Float32Array<ArrayBuffer>[];
    /** The weights into the first units of the first layer. */
    readonly filters: readonly Float32Array<ArrayBuffer>[];
  }[];
}

/** Milliseconds an update of some networks side by side; undefined where it would take too long. */
export interface MeasuredTime {
  readonly column: string;
  readonly milliseconds: number | undefined;
}
